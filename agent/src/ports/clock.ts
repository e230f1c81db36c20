import type { ClockQuality } from "@powershare/domain/evidence";

/** Time, as the agent's parts see it. Passed in, so that a test replays a run. */
export interface Clock {
  /** UTC in milliseconds since 1970; may step. */
  nowMs(): number;
  /** Milliseconds since the machine started; never steps. */
  monotonicMs(): number;
  /** Changes when the machine starts again: monotonic times are comparable only within one. */
  readonly bootId: string;
  quality(): ClockQuality;
  /** Resolves after `delayMs` of monotonic time, or as soon as the signal aborts. Never rejects. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
}
