import { CodedError } from "@powershare/domain/errors";
import type { Clock, Moment } from "../ports/clock.js";
import type { StoredEntry } from "../ports/store.js";
import { type Loop, startLoop } from "./loop.js";
import type { ReadingLog } from "./reading-log.js";
import type { Health } from "./watch-health.js";

const lookEveryMs = 1_000;
/**
 * UTC against the monotonic clock: NTP that slews moves both, so only setting the clock shows. A leap
 * second is a step of one second and no event.
 */
export const stepMs = 1_500;
/** 1 % of 15 min (PTB-A 50.8): such a step of a clock that was known is shown as trouble. */
const alarmMs = 9_000;
const alarmForMs = 3_600_000;

export interface WatchClockOptions {
  readonly clock: Clock;
  readonly readings: Pick<ReadingLog, "record">;
  readonly health: Health;
  /** Newest entry of the log at the start: a step between it and now is recorded too, and none twice. */
  readonly last: StoredEntry | undefined;
}

export interface ClockWatch extends Loop {
  lastStep(): { readonly at: string; readonly byMs: number } | null;
}

/**
 * Compares UTC with the monotonic clock every second: each step makes one event in the log, which is
 * sealed with the readings around it. Says in health what the time is worth.
 */
export function watchClock(options: WatchClockOptions): ClockWatch {
  const { clock, health } = options;
  const steps = new StepRecorder(options);
  const loop = startLoop(clock, async () => {
    steps.look();
    const trouble = troubleOf(clock, steps);
    if (trouble === undefined) health.ok("clock", "time");
    else health.problem("clock", "time", "degraded", trouble);
    return lookEveryMs;
  });
  return { ...loop, lastStep: () => steps.last };
}

class StepRecorder {
  readonly #options: WatchClockOptions;
  #offsetMs: number;
  #known: boolean;
  #last: { at: string; byMs: number } | null = null;
  #alarmUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: WatchClockOptions) {
    const { clock, last } = options;
    const before = last === undefined ? undefined : "event" in last ? last.event : last.reading;
    if (before !== undefined) clock.resume(before);
    this.#options = options;
    this.#offsetMs =
      before?.bootId === clock.bootId
        ? Date.parse(before.at) - before.monotonicMs
        : offsetOf(clock.moment());
    this.#known = before?.clock !== "unknown";
  }

  get last(): { at: string; byMs: number } | null {
    return this.#last;
  }

  alarmed(monotonicMs: number): boolean {
    return monotonicMs < this.#alarmUntilMs;
  }

  look(): void {
    const { clock, readings } = this.#options;
    const moment = clock.moment();
    const byMs = offsetOf(moment) - this.#offsetMs;
    const quality = clock.quality();
    if (Math.abs(byMs) > stepMs) {
      const at = new Date(moment.utcMs).toISOString();
      const { monotonicMs } = moment;
      const { bootId } = clock;
      const details = { byMs };
      const event = "clock-step";
      // Without room in the log it is looked for again, in one step with those that come meanwhile.
      if (!readings.record({ at, monotonicMs, bootId, clock: quality, event, details })) return;
      this.#last = { at, byMs };
      // A clock that nobody vouched for is meant to be set.
      if (this.#known && Math.abs(byMs) > alarmMs) this.#alarmUntilMs = monotonicMs + alarmForMs;
    }
    this.#offsetMs += byMs;
    this.#known = quality !== "unknown";
  }
}

function offsetOf({ utcMs, monotonicMs }: Moment): number {
  return utcMs - monotonicMs;
}

/** The most serious thing that is wrong with the time. */
function troubleOf(clock: Clock, steps: StepRecorder): CodedError | undefined {
  const { quality, keeper, contradictions } = clock.status();
  const others = contradictions.join(", ");
  if (quality === "unknown") {
    const by = keeper === null ? "nobody has been asked yet" : `asked was ${keeper}`;
    const text = others === "" ? by : `contradicted by ${others}`;
    return new CodedError("clock.unknown", `the time is not known: ${text}`);
  }
  if (others !== "") {
    return new CodedError("clock.sources-disagree", `this clock is contradicted by ${others}`);
  }
  if (steps.alarmed(clock.monotonicMs())) {
    const seconds = Math.round((steps.last?.byMs ?? 0) / 1000);
    return new CodedError("clock.stepped", `the clock was set by ${seconds} s`);
  }
  if (quality === "holdover") {
    return new CodedError("clock.holdover", "no time server was reached for two hours or more");
  }
  return undefined;
}
