import type { Clock } from "../ports/clock.js";

/** One thing done again and again, never twice at a time. */
export interface Loop {
  /** Runs now instead of later; while running, runs once more right after. */
  wake(): void;
  /** Resolves when the last run has ended. */
  stop(): Promise<void>;
}

/** Runs `run` until stopped; it says in how many milliseconds it wants to run again. It must not throw. */
export function startLoop(clock: Clock, run: (stopping: AbortSignal) => Promise<number>): Loop {
  const stopping = new AbortController();
  let awake = new AbortController();
  const ended = (async () => {
    while (!stopping.signal.aborted) {
      awake = new AbortController();
      const delayMs = await run(stopping.signal);
      if (!stopping.signal.aborted) await clock.sleep(delayMs, awake.signal);
    }
  })();
  return {
    wake: () => awake.abort(),
    async stop() {
      stopping.abort();
      awake.abort();
      await ended;
    },
  };
}
