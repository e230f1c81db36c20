import { readFileSync } from "node:fs";
import type { Clock, Moment } from "../../ports/clock.js";
import { compareSources, thisMachine } from "./surroundings.js";
import { TimeKeeping } from "./time-keeping.js";
import { askKeeper } from "./time-service.js";

const lookEveryMs = 1_000;
/** chrony and systemd are asked by a short process, a file costs nothing; one rhythm for all. */
const askEveryMs = 15_000;
const compareEveryMs = 15 * 60_000;
/** Between the two readings of the monotonic clock that enclose one of UTC. */
const togetherWithinMs = 5;
const mostTries = 5;

export interface SystemClockOptions {
  /** UTC before which no clock that is set can be: when the household's certificate was issued. */
  readonly earliest: string;
  /** Time servers to compare with, beside whoever keeps the machine's time. */
  readonly servers: readonly string[];
}

/** The machine's clocks. Starts at once, whatever time it is; `close` ends its timer. */
export function systemClock(options: SystemClockOptions): Clock & { close(): void } {
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const earliestMs = Date.parse(options.earliest);
  const keeping = new TimeKeeping(earliestMs);
  const awake = new AwakeTime();
  const moment = (): Moment => momentOf(() => awake.monotonicMs());

  let askedAtMs = Number.NEGATIVE_INFINITY;
  let comparedAtMs = Number.NEGATIVE_INFINITY;
  let asking = false;
  async function ask(): Promise<void> {
    if (asking) return;
    asking = true;
    askedAtMs = awake.monotonicMs();
    keeping.reported(await askKeeper(thisMachine), moment());
    asking = false;
  }
  async function compare(): Promise<void> {
    comparedAtMs = awake.monotonicMs();
    keeping.compared(await compareSources(options.servers, earliestMs));
  }
  function look(): void {
    awake.look();
    const stepped = keeping.stepped(moment());
    const nowMs = awake.monotonicMs();
    if (stepped || nowMs - askedAtMs >= askEveryMs) void ask();
    if (stepped || nowMs - comparedAtMs >= compareEveryMs) void compare();
  }
  look();
  const timer = setInterval(look, lookEveryMs);
  timer.unref();

  return {
    nowMs: () => Date.now(),
    monotonicMs: () => awake.monotonicMs(),
    moment,
    bootId,
    quality: () => keeping.quality(moment()),
    status: () => keeping.status(moment()),
    sleep,
    resume: (last) => {
      if (last.bootId === bootId) keeping.resume(last, moment());
    },
    close: () => clearInterval(timer),
  };
}

/**
 * CLOCK_MONOTONIC, so comparable between runs of the agent, plus the time that the machine was
 * suspended, which it leaves out: else each suspension would look like a step of UTC.
 */
class AwakeTime {
  #suspendedMs = 0;

  constructor() {
    this.look();
  }

  monotonicMs(): number {
    return Math.floor(uptimeMs()) + this.#suspendedMs;
  }

  /** The kernel's uptime counts suspension; it is given in hundredths of a second. */
  look(): void {
    const withSleepMs = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1000;
    const suspendedMs = Math.round(withSleepMs - uptimeMs());
    if (suspendedMs - this.#suspendedMs > 100) this.#suspendedMs = suspendedMs;
  }
}

function uptimeMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Tries again where the process was put aside between the readings. */
export function momentOf(monotonicMs: () => number, utcMs: () => number = Date.now): Moment {
  for (let tries = 1; ; tries += 1) {
    const before = monotonicMs();
    const moment = { utcMs: utcMs(), monotonicMs: before };
    if (monotonicMs() - before <= togetherWithinMs || tries === mostTries) return moment;
  }
}

function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, delayMs);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end);
  });
}
