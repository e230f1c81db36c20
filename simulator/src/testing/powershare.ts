import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../../provisioning/bin/powershare.js", import.meta.url));

/** Runs the command to its end, with `--json`. */
export function powershare(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args, "--json"], {
    encoding: "utf8",
    timeout: 60_000,
  });
  const answer: unknown = stdout === "" ? undefined : JSON.parse(stdout);
  return { status, stderr, answer };
}
