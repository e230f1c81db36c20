import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { CodedError, codeOf } from "@powershare/domain/errors";
import { systemClock } from "./adapters/clock/system-clock.js";
import { placesOf } from "./buses.js";
import { parseConfig } from "./config/load.js";
import type { Config } from "./config/schema.js";

/*
 * Prints, as one JSON document, what the agent makes of its configuration and of the machine's clock,
 * without starting: `powershare doctor` runs it, so that it judges as the agent will.
 */

const keeperWithinMs = 3_000;

/** The configuration with absolute paths, or why the agent would refuse it. */
function configurationAt(path: string): { config?: Config; problem?: object } {
  try {
    const config = parseConfig(textOf(path), path);
    placesOf(config.buses);
    return { config };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { problem: { code: codeOf(error) ?? "config.invalid", message } };
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new CodedError("config.unreadable", `cannot read the configuration ${path}`, { cause });
  }
}

/** What the clock is worth, as soon as its keeper was found. */
async function clockStatus(time: Pick<Config["time"], "keptBy" | "compareWith">) {
  const clock = systemClock({ earliest: "2026-01-01T00:00:00Z", ...time });
  const endMs = clock.monotonicMs() + keeperWithinMs;
  while (clock.status().keeper === null && clock.monotonicMs() < endMs) await sleep(50);
  clock.close();
  return clock.status();
}

const { values } = parseArgs({ options: { config: { type: "string" } } });
const found = values.config === undefined ? {} : configurationAt(values.config);
const time = found.config?.time ?? { keptBy: "auto" as const, compareWith: [] };
process.stdout.write(JSON.stringify({ ...found, clock: await clockStatus(time) }));
