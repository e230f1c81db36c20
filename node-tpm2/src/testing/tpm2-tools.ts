import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Runs one of the tools in `cwd`, then flushes what it left loaded: swtpm has no resource manager. @returns what it printed */
export async function tpm2Tool(
  socketPath: string,
  cwd: string,
  commandLine: string,
): Promise<string> {
  const [name = "", ...args] = commandLine.split(" ");
  const env = { ...process.env, TPM2TOOLS_TCTI: `swtpm:path=${socketPath}` };
  const { stdout } = await promisify(execFile)(name, args, { env, cwd });
  await promisify(execFile)("tpm2_flushcontext", ["-t"], { env });
  return stdout;
}
