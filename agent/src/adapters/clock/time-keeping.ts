import type { ClockQuality } from "@powershare/domain/evidence";
import type { ClockStatus, Moment, PastMoment } from "../../ports/clock.js";
import type { TimeReport } from "./time-service.js";

/** A larger difference makes UTC doubtful: 1 % of 15 min (PTB-A 50.8). */
export const doubtfulMs = 9_000;
/** An NTP client asks at least every 34 min (2048 s); two answers may be lost. */
const synchronisedForMs = 2 * 3_600_000;
/** Without NTP a crystal is worth this long: 24 h at 100 ppm are 8.6 s. */
const holdoverForMs = 24 * 3_600_000;
/** After a step of a clock that its host keeps, which nobody can be asked about. */
const hostDoubtMs = 60_000;
/** So far a comparison may lie ahead: by rounding, and by what UTC was slewed or set since. */
const aheadMs = doubtfulMs;

/** How far another source of time is from this clock, ms; + is ahead. */
export interface Comparison {
  readonly source: string;
  readonly offsetMs: number;
  /** Whether it counts when UTC is judged; a battery clock only raises the alarm. */
  readonly votes: boolean;
}

/**
 * Judges what this machine's UTC is worth. No clock of its own: told each moment, so that a test
 * replays any history.
 */
export class TimeKeeping {
  readonly #earliestMs: number;
  /** UTC minus monotonic time when UTC was last confirmed, or last stepped. */
  #offsetMs: number | undefined;
  /** Monotonic time of the last step that makes UTC doubtful. */
  #steppedAtMs: number | undefined;
  #report: TimeReport | undefined;
  /**
   * A comparison that may be from before a step: UTC that was set back comes to that instant again, and
   * it would look new. It counts for nothing until the keeper has another one, which NTP has half a minute
   * after a step of its own. `any`: whichever the keeper names first.
   */
  #stale: number | "any" | undefined;
  /** Monotonic time at which the keeper last compared with a source. */
  #syncedAtMs: number | undefined;
  #comparisons: readonly Comparison[] = [];

  /** @param earliestMs UTC before which no clock that is set can be, e.g. when the certificate was issued */
  constructor(earliestMs: number) {
    this.#earliestMs = earliestMs;
  }

  /**
   * Goes on after a restart of the agent. Where the log ends in a time that was not known, or UTC has
   * stepped since, the comparison that the keeper names first may be older than that.
   */
  resume(
    last: Pick<PastMoment, "at" | "monotonicMs" | "clock">,
    { utcMs, monotonicMs }: Moment,
  ): void {
    const movedMs = utcMs - monotonicMs - (Date.parse(last.at) - last.monotonicMs);
    if (last.clock !== "unknown" && Math.abs(movedMs) <= doubtfulMs) return;
    this.#stale = "any";
    this.#syncedAtMs = undefined;
  }

  /** What the keeper said at that moment; undefined where it did not answer: then the last answer ages. */
  reported(report: TimeReport | undefined, moment: Moment): void {
    this.#look(moment);
    if (report === undefined) return;
    const { keeper, syncedAtMs } = report;
    const anew = keeper !== "host" && syncedAtMs !== this.#report?.syncedAtMs;
    this.#report = report;
    if (this.#stale === "any") this.#stale = keeper === "kernel" ? undefined : syncedAtMs;
    const old = syncedAtMs !== undefined && syncedAtMs === this.#stale;
    const agoMs = old || syncedAtMs === undefined ? undefined : moment.utcMs - syncedAtMs;
    // A comparison that lies ahead was made before the clock was set back.
    if (agoMs === undefined || agoMs < -aheadMs) this.#syncedAtMs = undefined;
    else if (report.errorMs > doubtfulMs) this.#syncedAtMs = undefined;
    else this.#syncedAtMs = moment.monotonicMs - Math.max(0, agoMs);
    if (anew && this.#syncedAtMs !== undefined) this.#offsetMs = moment.utcMs - moment.monotonicMs;
  }

  compared(comparisons: readonly Comparison[]): void {
    this.#comparisons = comparisons;
  }

  /** True where UTC has stepped since the last look by so much that its keeper has to confirm it. */
  stepped(moment: Moment): boolean {
    const before = this.#steppedAtMs;
    this.#look(moment);
    return this.#steppedAtMs !== before;
  }

  quality(moment: Moment): ClockQuality {
    this.#look(moment);
    const { utcMs, monotonicMs } = moment;
    if (utcMs < this.#earliestMs || this.#outvoted()) return "unknown";
    if (this.#report?.keeper === "host") {
      const sinceStepMs = monotonicMs - (this.#steppedAtMs ?? Number.NEGATIVE_INFINITY);
      return sinceStepMs >= hostDoubtMs ? "synchronised" : "unknown";
    }
    if (this.#syncedAtMs === undefined) return "unknown";
    const agoMs = monotonicMs - this.#syncedAtMs;
    if (agoMs <= synchronisedForMs) return "synchronised";
    return agoMs <= holdoverForMs ? "holdover" : "unknown";
  }

  status(moment: Moment): ClockStatus {
    const quality = this.quality(moment);
    const synced = this.#syncedAtMs;
    return {
      quality,
      keeper: this.#report?.keeper ?? null,
      syncedAgoMs: synced === undefined ? null : moment.monotonicMs - synced,
      contradictions: this.#contradictions(),
    };
  }

  /** Whether more than half of the sources that have a vote contradict this clock. */
  #outvoted(): boolean {
    const voting = this.#comparisons.filter(({ votes }) => votes);
    const against = voting.filter(({ offsetMs }) => Math.abs(offsetMs) > doubtfulMs);
    return 2 * against.length > voting.length;
  }

  #contradictions(): string[] {
    const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
    const far = this.#comparisons.filter(({ offsetMs }) => Math.abs(offsetMs) > doubtfulMs);
    if (far.length > 0)
      return far.map(({ source, offsetMs }) => `${source} by ${seconds(offsetMs)}`);
    const [first, ...others] = [...this.#comparisons].sort((a, b) => a.offsetMs - b.offsetMs);
    const last = others.at(-1);
    if (first === undefined || last === undefined) return [];
    const apartMs = last.offsetMs - first.offsetMs;
    if (apartMs <= doubtfulMs) return [];
    return [`${first.source} and ${last.source}, ${seconds(apartMs)} apart`];
  }

  /** One step of more than 9 s, or several that come to as much since UTC was confirmed. */
  #look({ utcMs, monotonicMs }: Moment): void {
    const offsetMs = utcMs - monotonicMs;
    this.#offsetMs ??= offsetMs;
    if (Math.abs(offsetMs - this.#offsetMs) <= doubtfulMs) return;
    this.#offsetMs = offsetMs;
    this.#steppedAtMs = monotonicMs;
    this.#stale = "any";
    // What the keeper said before is about another time; it has to say it again.
    this.#syncedAtMs = undefined;
  }
}
