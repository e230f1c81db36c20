import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDir } from "../../peer-config/fabric/src/binaries-cache.mjs";
import { run } from "./run.mjs";

const requirements = fileURLToPath(new URL("python-requirements.txt", import.meta.url));

/** Folder of the environment with exactly the packages of python-requirements.txt, whether it is there yet or not. */
function environmentDir() {
  const hash = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  return join(cacheDir(), `python-${hash.slice(0, 16)}`);
}

/** Its Python, with pymodbus, minimalmodbus and pyserial. */
export const pythonProgram = () => join(environmentDir(), "bin", "python");

/** Written last: an interrupted installation never looks finished. */
const finished = () => join(environmentDir(), "finished");

/** @returns {boolean} whether it is installed */
export const pythonIsThere = () => existsSync(finished()) && existsSync(pythonProgram());

/**
 * Python packages that only tests and bench use, in an environment of their own.
 * @param {AbortSignal} signal
 * @returns {import("./set-up.mjs").Step}
 */
export function pythonPackages(signal) {
  return {
    title: "Python packages to compare with",
    todo: pythonIsThere() ? undefined : `install pymodbus and others into ${environmentDir()}`,
    async run() {
      const folder = environmentDir();
      const options = {
        signal,
        remedy: "Check the network connection and the lines below, then run this again.",
      };
      rmSync(folder, { recursive: true, force: true });
      await run("python3 -m venv", ["python3", "-m", "venv", folder], options);
      const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
      const exactly = ["--no-deps", "--only-binary=:all:", "--require-hashes", "-r", requirements];
      await run("pip install", [pythonProgram(), ...pip, ...exactly], options);
      writeFileSync(finished(), "");
    },
  };
}
