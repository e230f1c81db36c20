import { Command, CommanderError, InvalidArgumentError } from "commander";
import { injectedFaults } from "./faults.js";
import type { InjectedFault } from "./injection.js";
import { type Split, splits } from "./split.js";

export interface ScoreOptions {
  readonly data: string;
  readonly seed: string;
  readonly split: Split;
  readonly homes?: readonly string[];
  readonly faults: readonly InjectedFault[];
  readonly quick?: true;
  readonly json?: string;
  readonly write?: true;
}

function faultsOf(text: string): InjectedFault[] {
  const names = text.split(",");
  const faults = injectedFaults.filter((fault) => names.includes(fault));
  if (faults.length !== new Set(names).size) {
    throw new InvalidArgumentError(`Expected some of ${injectedFaults.join(",")}.`);
  }
  return faults;
}

function splitOf(text: string): Split {
  const found = splits.find((split) => split === text);
  if (found === undefined) throw new InvalidArgumentError(`Expected one of ${splits.join(", ")}.`);
  return found;
}

/** Reads `npm run score:tamper -- …`; bad usage is told on standard error and gives an exit code. */
export function parseScoreOptions(argv: readonly string[]): ScoreOptions | { exitCode: number } {
  const program = new Command("score:tamper")
    .description("Scores the wiring rules on measured homes with seeded faults.")
    .requiredOption("--data <dir>", "folder with fontana, bondi, aew and ausgrid12")
    .option("--seed <text>", "what faults and windows are drawn from", "1")
    .option("--split <name>", `homes: ${splits.join(", ")}`, splitOf, "all" as Split)
    .option("--homes <ids>", "only these homes, e.g. F02,B1", (text) => text.split(","))
    .option("--faults <names>", "only these faults", faultsOf, [...injectedFaults])
    .option("--quick", "few windows, at the measured resolution")
    .option("--json <file>", "also write everything as JSON, case by case")
    .option("--write", "put a summary into docs/wiring.md")
    .exitOverride();
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { exitCode: error.exitCode === 0 ? 0 : 2 };
  }
  return program.opts<ScoreOptions & object>();
}
