import { processesOf } from "./run-directory.js";

/**
 * Ctrl-C and termination as a signal to stop in order. A second one ends everything of the run at
 * once, by process id.
 */
export class Interrupt {
  readonly #controller = new AbortController();
  readonly #listener = () => this.#onSignal();
  #runDirectory: string | undefined;

  constructor() {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, this.#listener);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Settles at the first signal. */
  get happened(): Promise<"interrupted"> {
    return new Promise((resolve) => {
      if (this.signal.aborted) resolve("interrupted");
      this.signal.addEventListener("abort", () => resolve("interrupted"), { once: true });
    });
  }

  /** Which run a second signal ends at once. */
  guard(runDirectory: string): void {
    this.#runDirectory = runDirectory;
  }

  /** Leaves signals to Node again. */
  dispose(): void {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, this.#listener);
  }

  #onSignal(): void {
    if (!this.signal.aborted) {
      this.#controller.abort();
      return;
    }
    const pids = this.#runDirectory === undefined ? [] : processesOf(this.#runDirectory);
    for (const pid of pids) process.kill(pid, "SIGKILL");
    process.exit(130);
  }
}
