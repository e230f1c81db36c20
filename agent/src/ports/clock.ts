import type { ClockQuality } from "@powershare/domain/evidence";

/** Both clocks, read at one moment. */
export interface Moment {
  /** UTC in milliseconds since 1970; may step. */
  readonly utcMs: number;
  /** Milliseconds since the machine started; never steps. */
  readonly monotonicMs: number;
}

/** A moment of the machine's past, as the log has it. */
export interface PastMoment {
  readonly at: string;
  readonly monotonicMs: number;
  readonly bootId: string;
  readonly clock: ClockQuality;
}

/** Why the time is worth what it is; for health and page. */
export interface ClockStatus {
  readonly quality: ClockQuality;
  /** Who keeps this machine's time, e.g. `timesyncd`; null before anybody was found. */
  readonly keeper: string | null;
  /** Since when the keeper last compared with a source, in ms; null if it did not. */
  readonly syncedAgoMs: number | null;
  /** Sources that are more than 9 s from this clock or from one another, e.g. `rtc by 3600 s`. */
  readonly contradictions: readonly string[];
}

/** Time, as the agent's parts see it. Passed in, so that a test replays a run. */
export interface Clock {
  /** UTC in milliseconds since 1970; may step. */
  nowMs(): number;
  /** Milliseconds since the machine started, its sleep included; never steps. */
  monotonicMs(): number;
  /** Both, however busy the machine is, within a few milliseconds of one another. */
  moment(): Moment;
  /** Changes when the machine starts again: monotonic times are comparable only within one. */
  readonly bootId: string;
  /** `unknown` from the very moment on at which UTC stepped, until its keeper confirms it. */
  quality(): ClockQuality;
  status(): ClockStatus;
  /** Goes on where the log ended, so that a restart does not make an unknown time a known one. */
  resume(last: PastMoment): void;
  /** Resolves after `delayMs` of monotonic time, or as soon as the signal aborts. Never rejects. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
}
