import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Acknowledged, type Finding, inspectStore } from "./inspect-store.js";

const writer = fileURLToPath(new URL("../../dist/testing/store-writer.js", import.meta.url));

/**
 * Lets the writer work on the store at `path` until it has said something and `delayMs` longer, kills
 * it with SIGKILL, and compares the store with all that was ever said.
 */
export async function killWriter(
  path: string,
  acknowledged: Acknowledged,
  delayMs: number,
): Promise<Finding[]> {
  const child = spawn(process.execPath, [writer, path, "0", "wal_autocheckpoint = 40"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const closed = once(child, "close");
  await Promise.race([once(child.stdout, "data"), closed]);
  await sleep(delayMs);
  child.kill("SIGKILL");
  await closed;
  // What follows the last line end was not said whole.
  for (const line of said.split("\n").slice(0, -1)) acknowledged.take(line);
  return inspectStore(path, acknowledged);
}
