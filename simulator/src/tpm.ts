import { lstatSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Child, waitFor } from "./child.js";

/**
 * Starts a software TPM whose state lives in `directory` and which listens on `directory/tpm.sock`.
 * It stays up when its client goes, as a chip does.
 */
export async function startTpm(name: string, directory: string, logFile: string): Promise<Child> {
  const state = join(directory, "tpm-state");
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const socket = tpmSocket(directory);
  rmSync(socket, { force: true });
  const child = await Child.start({
    name,
    command: "swtpm",
    args: [
      "socket",
      "--tpm2",
      "--tpmstate",
      `dir=${state}`,
      "--server",
      `type=unixio,path=${socket}`,
      "--ctrl",
      `type=unixio,path=${socket}.ctrl`,
      "--flags",
      "not-need-init,startup-clear",
    ],
    logFile,
  });
  const listens = () => lstatSync(socket, { throwIfNoEntry: false });
  await waitFor(`${name}, see ${logFile}`, listens, { withinMs: 5000, everyMs: 10 });
  return child;
}

export function tpmSocket(directory: string): string {
  return join(directory, "tpm.sock");
}
