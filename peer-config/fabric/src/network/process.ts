import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { FabricError } from "../errors.js";

export type ProcessKind = "ca" | "orderer" | "peer" | "chaincode";

export interface ProcessSpec {
  /** e.g. `peer of utility` */
  readonly name: string;
  readonly kind: ProcessKind;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment; nothing is inherited but PATH, so that a stray CORE_… of the shell changes nothing. */
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Whether it serves; asked again and again until it does. */
  readonly isReady: () => Promise<boolean>;
}

/** What is known of a process that ended without being asked to. */
export interface Crash {
  readonly name: string;
  readonly pid: number;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lastLogLines: readonly string[];
}

const POLL_MS = 50;
const LOG_LINES = 12;
const KEEP_LOG_BYTES = 8 * 1024 * 1024;

/** One native program: started, watched until it serves, ended by its own id. */
export class ManagedProcess {
  readonly spec: ProcessSpec;
  readonly #onCrash: (crash: Crash) => void;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(spec: ProcessSpec, onCrash: (crash: Crash) => void) {
    this.spec = spec;
    this.#onCrash = onCrash;
  }

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.#running ? this.#child?.pid : undefined;
  }

  get #running(): boolean {
    return this.#child?.pid !== undefined && !this.#ended;
  }

  get #ended(): boolean {
    return this.#child?.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Starts the program; does nothing while it runs. */
  start(): void {
    if (this.#running) return;
    const { command, args, cwd, env, logFile } = this.spec;
    mkdirSync(dirname(logFile), { recursive: true, mode: 0o700 });
    setAside(logFile);
    const log = openSync(logFile, "a", 0o600);
    // A session of its own: Ctrl-C in the terminal reaches us only, and we end the network in order.
    const child = spawn(command, args, {
      cwd,
      env: { PATH: process.env["PATH"] ?? "", ...env },
      stdio: ["ignore", log, log],
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    this.#stopping = false;
    this.#exited = new Promise((resolve) => {
      child.once("error", () => resolve());
      child.once("exit", (exitCode, signal) => {
        resolve();
        if (this.#stopping || child.pid === undefined) return;
        const { name } = this.spec;
        const lastLogLines = lastLines(logFile);
        this.#onCrash({ name, pid: child.pid, exitCode, signal, lastLogLines });
      });
    });
  }

  /**
   * Waits until the program serves.
   * @throws FabricError `fabric.process-exited` where it ends instead, `fabric.not-ready` at the deadline;
   *   both with its last log lines
   */
  async ready(deadlineMs: number): Promise<void> {
    const giveUpAt = performance.now() + deadlineMs;
    for (;;) {
      if (await this.spec.isReady()) return;
      if (!this.#running) throw this.#failure("fabric.process-exited", "ended while starting");
      if (performance.now() > giveUpAt) {
        throw this.#failure("fabric.not-ready", `does not serve after ${deadlineMs / 1000} s`);
      }
      await delay(POLL_MS);
    }
  }

  /**
   * Ends the program and waits until it is gone.
   * @param options.signal SIGKILL for a crash on purpose; with SIGTERM it gets `graceMs` to end by itself
   */
  async stop(options: { signal: "SIGTERM" | "SIGKILL"; graceMs: number }): Promise<void> {
    if (!this.#running) return;
    this.#stopping = true;
    this.#child?.kill(options.signal);
    const timeout = new AbortController();
    const graceOver = delay(options.graceMs, undefined, { signal: timeout.signal })
      .then(() => this.#child?.kill("SIGKILL"))
      .catch(() => undefined); // it ended in time
    await this.#exited;
    timeout.abort();
    await graceOver;
  }

  #failure(code: "fabric.process-exited" | "fabric.not-ready", what: string): FabricError {
    const lines = lastLines(this.spec.logFile).map((line) => `  ${line}`);
    const log = lines.length > 0 ? `its last lines:\n${lines.join("\n")}` : "it wrote nothing";
    return new FabricError(code, `${this.spec.name} ${what}; ${log}`);
  }
}

/** Logs of one start end up in one file; a long one is set aside once, so that two are the most there are. */
function setAside(logFile: string): void {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size > KEEP_LOG_BYTES) renameSync(logFile, `${logFile}.previous`);
}

function lastLines(logFile: string): string[] {
  const lines = readFileSync(logFile, "utf8").trimEnd().split("\n");
  return lines.filter((line) => line !== "").slice(-LOG_LINES);
}
