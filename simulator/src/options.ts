import { Command, CommanderError, InvalidArgumentError } from "commander";

export interface DemoOptions {
  readonly households: number;
  /** Stop by itself after so many settled trades; undefined runs until Ctrl-C. */
  readonly untilSettled: number | undefined;
  /** File that the summary is written to. */
  readonly summary: string | undefined;
  readonly open: boolean;
  readonly seed: string;
  readonly outage: boolean;
  /** One household exchanges its meters' cables. */
  readonly cheat: boolean;
}

/** What the command line asks for: a demo, or nothing more than the text that was already printed. */
export type ParsedOptions =
  | { readonly kind: "run"; readonly options: DemoOptions }
  | { readonly kind: "exit"; readonly exitCode: number };

/** Reads `npm run demo -- …`; bad usage is told on standard error and gives exit code 2. */
export function parseDemoOptions(argv: readonly string[]): ParsedOptions {
  const program = new Command("demo")
    .description("A neighbourhood on real parts: meters, TPMs, agents and a Fabric network.")
    .option("--households <n>", "how many households, 1 to 12", integer(1, 12), 3)
    .option("--until-settled <n>", "stop after so many settled trades", integer(1, 1_000_000))
    .option("--summary <file>", "write a summary in JSON at the end")
    .option("--no-open", "do not open the households' pages in a browser")
    .option("--seed <s>", "seed of the houses and of everything else drawn by lot", "1")
    .option("--outage", "stop all peers for a while and kill an agent, then check the books", false)
    .option("--cheat", "one household exchanges its meters' cables: see who finds it", false)
    .option("--market <rule>", "auction", marketRule, "auction")
    .exitOverride();
  try {
    program.parse([...argv], { from: "user" });
    const { cheat, households } = program.opts<DemoOptions>();
    if (cheat && households < 3) {
      program.error("error: --cheat needs 3 households or more: neighbours with the same sun.");
    }
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { kind: "exit", exitCode: error.exitCode === 0 ? 0 : 2 };
  }
  const { households, untilSettled, summary, open, seed, outage, cheat } =
    program.opts<DemoOptions>();
  return {
    kind: "run",
    options: { households, untilSettled, summary, open, seed, outage, cheat },
  };
}

function integer(low: number, high: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high) {
      throw new InvalidArgumentError(`Expected a whole number from ${low} to ${high}.`);
    }
    return value;
  };
}

function marketRule(text: string): string {
  if (text === "auction") return text;
  if (text === "criteria") {
    throw new InvalidArgumentError(
      "A market by standing criteria is not part of this version yet.",
    );
  }
  throw new InvalidArgumentError("Expected auction.");
}
