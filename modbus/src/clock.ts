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

/** Timers know whole milliseconds only, and may be so much early or late. */
const timerSlackMs = 0.6;

type Rest = (dueMs: number, run: () => void) => () => void;

/** Waits by a timer as long as that is precise enough, and the rest of the time by `rest`. */
function exactly(delayMs: number, run: () => void, rest: Rest): () => void {
  const dueMs = performance.now() + delayMs;
  const timerMs = Math.floor(delayMs - timerSlackMs);
  if (timerMs < 1) return rest(dueMs, run);
  let cancel = () => clearTimeout(timer);
  const timer = setTimeout(() => {
    cancel = rest(dueMs, run);
  }, timerMs);
  return () => cancel();
}

function after(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, Math.ceil(delayMs));
  return () => clearTimeout(timer);
}

const cell = new Int32Array(new SharedArrayBuffer(4));

/** Sleeps with the whole thread: a millisecond or so, in which the bus is silent, without work for the processor. */
const sleeping: Rest = (dueMs, run) => {
  const immediate = setImmediate(() => {
    for (;;) {
      const leftMs = dueMs - performance.now();
      if (leftMs <= 0) break;
      Atomics.wait(cell, 0, 0, leftMs);
    }
    run();
  });
  return () => clearImmediate(immediate);
};

/** Asks the clock again and again, and lets everything else happen between. */
const spinning: Rest = (dueMs, run) => {
  let immediate: NodeJS.Immediate;
  const spin = () => {
    if (performance.now() >= dueMs) run();
    else immediate = setImmediate(spin);
  };
  immediate = setImmediate(spin);
  return () => clearImmediate(immediate);
};

/** The machine's monotonic clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after,
  afterExactly: (delayMs, run) => exactly(delayMs, run, sleeping),
};

/** The same, for who serves several lines and must not sleep on one of them. */
export const spinningClock: Clock = {
  now: () => performance.now(),
  after,
  afterExactly: (delayMs, run) => exactly(delayMs, run, spinning),
};
