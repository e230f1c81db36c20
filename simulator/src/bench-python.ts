import { existsSync, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The newest Python that the set-up has made with the libraries of PyPI; undefined where there is
 * none.
 */
export function pythonWithPeers(): string | undefined {
  const cache = process.env["POWERSHARE_CACHE"] ?? join(homedir(), ".cache", "powershare");
  if (!existsSync(cache)) return undefined;
  return readdirSync(cache)
    .filter((name) => name.startsWith("python-") && existsSync(join(cache, name, "finished")))
    .map((name) => join(cache, name, "bin", "python"))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
    .at(0);
}
