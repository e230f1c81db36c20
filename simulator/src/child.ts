import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { CodedError } from "@powershare/domain/errors";

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard output and error are appended here. */
  readonly logFile: string;
  /** Opens a message channel to a Node child. */
  readonly ipc?: boolean;
}

/**
 * A process of the simulated neighbourhood. It has a process group of its own, so that Ctrl-C
 * reaches only the one who started it and the order of stopping is kept.
 */
export class Child {
  readonly name: string;
  readonly logFile: string;
  /** Settles when the process has ended: its exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  readonly #process: ChildProcess;
  #end: number | string | undefined;

  /** @throws CodedError `simulator.process-failed` if there is no such program. */
  static async start(options: ChildOptions): Promise<Child> {
    const log = openSync(options.logFile, "a", 0o600);
    try {
      const child = spawn(options.command, options.args, {
        detached: true,
        env: { ...process.env, ...options.env },
        stdio: ["ignore", log, log, ...(options.ipc === true ? (["ipc"] as const) : [])],
      });
      await new Promise<void>((resolve, reject) => {
        child.once("spawn", resolve);
        child.once("error", (cause) =>
          reject(
            new CodedError(
              "simulator.process-failed",
              `${options.name}: ${options.command} does not start`,
              { cause },
            ),
          ),
        );
      });
      return new Child(options, child);
    } finally {
      closeSync(log);
    }
  }

  private constructor(options: ChildOptions, child: ChildProcess) {
    this.name = options.name;
    this.logFile = options.logFile;
    this.#process = child;
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.#end = code ?? signal ?? "unknown";
        resolve(this.#end);
      });
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get running(): boolean {
    return this.#end === undefined;
  }

  /** The message channel of a child started with `ipc`. */
  get channel(): ChildProcess {
    return this.#process;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#process.kill(signal);
  }

  /** Asks the process to end, and ends it by force after `graceMs`. */
  async stop(graceMs = 5000): Promise<void> {
    this.signal("SIGTERM");
    if (await this.#endsWithin(graceMs)) return;
    this.signal("SIGKILL");
    await this.ended;
  }

  async #endsWithin(ms: number): Promise<boolean> {
    const timer = new AbortController();
    const waited = delay(ms, undefined, { signal: timer.signal }).catch(() => undefined);
    await Promise.race([this.ended, waited]);
    timer.abort();
    return !this.running;
  }
}

/**
 * Waits until `check` gives something else than undefined, asking every `everyMs`.
 * @throws CodedError `simulator.process-failed` after `withinMs`, saying what was waited for.
 */
export async function waitFor<T>(
  what: string,
  check: () => T | undefined | Promise<T | undefined>,
  { withinMs, everyMs = 100 }: { withinMs: number; everyMs?: number },
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    if (performance.now() > deadline) {
      throw new CodedError(
        "simulator.process-failed",
        `${what}: not within ${Math.round(withinMs / 1000)} s`,
      );
    }
    await delay(everyMs);
  }
}
