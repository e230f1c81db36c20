import { Command, CommanderError, InvalidArgumentError } from "commander";
import { type BenchPart, benchParts } from "./bench-report.js";

export interface BenchOptions {
  readonly only: readonly BenchPart[];
  /** How long readings are kept to count what reaches the flash. */
  readonly flashSeconds: number;
}

function partsOf(text: string): BenchPart[] {
  const names = text.split(",");
  const parts = benchParts.filter((part) => names.includes(part));
  if (parts.length !== new Set(names).size) {
    throw new InvalidArgumentError(`Expected some of ${benchParts.join(",")}.`);
  }
  return parts;
}

function minutesOf(text: string): number {
  const minutes = Number(text);
  if (!(minutes >= 1 && minutes <= 1440)) {
    throw new InvalidArgumentError("Expected a number of minutes from 1 to 1440.");
  }
  return minutes;
}

/** Reads `npm run bench -- …`; bad usage is told on standard error and gives an exit code. */
export function parseBenchOptions(argv: readonly string[]): BenchOptions | { exitCode: number } {
  const program = new Command("bench")
    .description("Measures readers, flash, scan and the path to a settled trade; some 12 minutes.")
    .option("--only <parts>", `only some of ${benchParts.join(",")}`, partsOf, [...benchParts])
    .option("--flash-minutes <n>", "how long readings are kept for the flash", minutesOf, 5)
    .exitOverride();
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { exitCode: error.exitCode === 0 ? 0 : 2 };
  }
  const { only, flashMinutes } = program.opts<{ only: BenchPart[]; flashMinutes: number }>();
  return { only, flashSeconds: Math.round(60 * flashMinutes) };
}
