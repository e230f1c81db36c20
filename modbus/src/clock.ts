import { performance } from "node:perf_hooks";

/** Time as the bus sees it; tests pass a virtual one. */
export interface Clock {
  /** Monotonic milliseconds with fractions. */
  now(): number;
  /** Runs once, at least `delayMs` from now and never before it returns; what it returns cancels. */
  after(delayMs: number, run: () => void): () => void;
  /** As `after`, but not a millisecond late: for the silences between frames. */
  afterExactly(delayMs: number, run: () => void): () => void;
}

/** Shorter rests are spun on the event loop: setTimeout knows whole milliseconds only. */
const spinMs = 0.6;

/** The machine's monotonic clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.ceil(delayMs));
    return () => clearTimeout(timer);
  },
  afterExactly(delayMs, run) {
    const due = performance.now() + delayMs;
    let timer: NodeJS.Timeout | undefined;
    let immediate: NodeJS.Immediate | undefined;
    const spin = () => {
      if (performance.now() >= due) run();
      else immediate = setImmediate(spin);
    };
    if (delayMs > spinMs) timer = setTimeout(spin, Math.floor(delayMs - spinMs));
    else immediate = setImmediate(spin);
    return () => {
      clearTimeout(timer);
      clearImmediate(immediate);
    };
  },
};
