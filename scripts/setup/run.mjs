import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** A step that failed: what happened and what to do about it. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {string} remedy
   */
  constructor(message, remedy) {
    super(message);
    this.remedy = remedy;
  }
}

/** Seconds since the command began, for people. */
export function elapsed() {
  return `${(performance.now() / 1000).toFixed(1).padStart(6)} s`;
}

/** @param {string} text */
export function say(text) {
  console.log(`${elapsed()}  ${text}`);
}

const KEEP_CHARACTERS = 4_000;
const HEARTBEAT_MS = 15_000;

/**
 * Runs a command quietly; says every 15 s that it still runs, and on failure what it wrote last.
 * @param {string} what for people, e.g. "npm ci"
 * @param {readonly [string, ...string[]]} command
 * @param {{ remedy: string, signal?: AbortSignal, cwd?: string | URL, env?: Record<string, string> }} options
 * @returns {Promise<string>} the last it wrote to standard output and standard error
 */
export function run(what, [program, ...args], { remedy, signal, cwd, env }) {
  return new Promise((resolve, reject) => {
    let output = "";
    const keep = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk).slice(-KEEP_CHARACTERS);
    };
    const fail = (/** @type {string} */ why) => {
      clearInterval(heartbeat);
      reject(new SetupError(`${what} ${why}`, `${remedy}\n\nIts last lines:\n${output.trimEnd()}`));
    };
    const heartbeat = setInterval(() => say(`${what} goes on`), HEARTBEAT_MS);
    const child = spawn(program, args, {
      cwd,
      signal,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", (error) => fail(`cannot be run: ${error.message}`));
    child.once("close", (code, ended) => {
      if (code !== 0) return fail(`failed with ${ended ?? `exit code ${code}`}`);
      clearInterval(heartbeat);
      resolve(output);
    });
  });
}

/**
 * Finds the first of several programs in PATH.
 * @param {string[]} names
 * @param {string[]} moreFolders folders to look in after PATH
 */
export function which(names, moreFolders = []) {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...moreFolders];
  const files = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return files.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
