import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { run, SetupError } from "./run.mjs";

const root = new URL("../../", import.meta.url);
const remedy =
  "Check the network connection and the lines below, then run this again; it goes on where it stopped.";

// Versions and hashes come from package-lock.json, which stays as it is. Not `npm ci`: from version 11 it wants an entry
// for every optional package of every platform, also of those that are nowhere to be had. No package's install script
// runs but, later, the one that compiles SQLite.
const AS_LOCKED = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund"];

/**
 * npm packages as package-lock.json has them, and the one native module that is compiled.
 * @param {AbortSignal} signal
 * @returns {import("./set-up.mjs").Step}
 */
export function npmPackages(signal) {
  const installed = isInstalled();
  const compiled = installed && isCompiled();
  return {
    title: "npm packages",
    todo: compiled
      ? undefined
      : installed
        ? "compile better-sqlite3"
        : "install them, compile better-sqlite3",
    async run() {
      const options = { cwd: root, signal, remedy };
      if (!installed) {
        await run("npm install", ["npm", "install", ...AS_LOCKED], options);
        if (!isInstalled()) {
          throw new SetupError(
            "node_modules is not what package-lock.json says, although npm has just installed it",
            "Delete node_modules and run this again.",
          );
        }
      }
      const rebuild = /** @type {const} */ ([
        "npm",
        "rebuild",
        "better-sqlite3",
        "--ignore-scripts=false",
      ]);
      await run("compiling better-sqlite3", rebuild, options);
    },
  };
}

/** Whether node_modules is what package-lock.json says; packages for other machines are not installed. */
function isInstalled() {
  const wanted = packagesOf("package-lock.json");
  const found = packagesOf("node_modules/.package-lock.json");
  if (!wanted || !found) return false;
  return Object.entries(wanted).every(([path, { version, optional, resolved }]) => {
    if (path === "" || !path.includes("node_modules/")) return true;
    const there = found[path];
    return there ? there.version === version && there.resolved === resolved : optional === true;
  });
}

/**
 * @typedef {{ packages: Record<string, { version?: string, optional?: boolean, resolved?: string }> }} Lock
 * @param {string} file
 */
function packagesOf(file) {
  try {
    const lock = /** @type {Lock} */ (JSON.parse(readFileSync(new URL(file, root), "utf8")));
    return lock.packages;
  } catch {
    return undefined;
  }
}

/** Whether the compiled SQLite works with this Node. */
function isCompiled() {
  try {
    const Database = /** @type {new (file: string) => { close(): void }} */ (
      createRequire(root)("better-sqlite3")
    );
    new Database(":memory:").close();
    return true;
  } catch {
    return false;
  }
}
