import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { FabricError } from "../errors.js";

const TIMEOUT_MS = 60_000;

/**
 * Runs one of Fabric's commands to its end.
 * @param env the whole environment beside PATH
 * @throws FabricError `fabric.command-failed` with what it wrote last
 */
export function runCommand(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env: { PATH: process.env["PATH"] ?? "", ...env }, timeout: TIMEOUT_MS };
    execFile(command, [...args], options, (cause, stdout, stderr) => {
      if (!cause) return resolve(stdout);
      const said = stderr.trim().split("\n").slice(-4).join("\n  ");
      reject(
        new FabricError(
          "fabric.command-failed",
          `${[command, ...args].join(" ")} failed:\n  ${said}`,
          { cause },
        ),
      );
    });
  });
}

export interface Retry {
  readonly deadlineMs: number;
  readonly pauseMs: number;
  /** Ends the retries early. */
  readonly signal: AbortSignal;
}

/**
 * Repeats what a network that is still finding itself refuses at first.
 * @throws the last error when the deadline has passed, the signal's reason when it is given
 */
export async function retryUntil<Value>(
  { deadlineMs, pauseMs, signal }: Retry,
  attempt: () => Promise<Value>,
): Promise<Value> {
  const giveUpAt = performance.now() + deadlineMs;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() + pauseMs > giveUpAt) throw error;
    }
    const jittered = pauseMs * (0.75 + Math.random() / 2); // three organisations ask at once
    await delay(jittered, undefined, { signal });
  }
}
