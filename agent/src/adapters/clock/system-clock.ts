import { readFileSync } from "node:fs";
import type { Clock, Moment } from "../../ports/clock.js";
import { MonotonicTime, momentOf } from "./monotonic-time.js";
import { compareSources, thisMachine } from "./surroundings.js";
import { TimeKeeping } from "./time-keeping.js";
import { askKeeper, keptByHost } from "./time-service.js";

const lookEveryMs = 1_000;
/** chrony and systemd are asked by a short process, a file costs nothing; one rhythm for all. */
const askEveryMs = 15_000;
const compareEveryMs = 15 * 60_000;

export interface SystemClockOptions {
  /** UTC before which no clock that is set can be: when the household's certificate was issued. */
  readonly earliest: string;
  /** Time servers to compare with, beside whoever keeps the machine's time. */
  readonly compareWith: readonly string[];
  /** `host`: nobody on this machine keeps its time, and it is right all the same. */
  readonly keptBy: "auto" | "host";
}

/** The machine's clocks. Starts at once, whatever time it is; `close` ends its timer. */
export function systemClock(options: SystemClockOptions): Clock & { close(): void } {
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const earliestMs = Date.parse(options.earliest);
  const keeping = new TimeKeeping(earliestMs);
  const monotonic = new MonotonicTime();
  const moment = (): Moment => momentOf(() => monotonic.nowMs());

  let askedAtMs = Number.NEGATIVE_INFINITY;
  let comparedAtMs = Number.NEGATIVE_INFINITY;
  let asking = false;
  async function ask(): Promise<void> {
    if (asking) return;
    asking = true;
    askedAtMs = monotonic.nowMs();
    try {
      const byHost = options.keptBy === "host";
      keeping.reported(byHost ? keptByHost(thisMachine) : await askKeeper(thisMachine), moment());
    } finally {
      asking = false;
    }
  }
  async function compare(): Promise<void> {
    comparedAtMs = monotonic.nowMs();
    keeping.compared(await compareSources(options.compareWith, earliestMs));
  }
  function look(): void {
    monotonic.look();
    const stepped = keeping.stepped(moment());
    const nowMs = monotonic.nowMs();
    if (stepped || nowMs - askedAtMs >= askEveryMs) void ask();
    if (stepped || nowMs - comparedAtMs >= compareEveryMs) void compare();
  }
  look();
  const timer = setInterval(look, lookEveryMs);
  timer.unref();

  return {
    nowMs: () => Date.now(),
    monotonicMs: () => monotonic.nowMs(),
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
