// Uses nothing but Node, because it runs before anything is installed.
import { build } from "./build.mjs";
import { fabricBinaries } from "./fabric-binaries.mjs";
import { npmPackages } from "./npm-packages.mjs";
import { pythonPackages } from "./python.mjs";
import { elapsed, SetupError, say } from "./run.mjs";
import { systemPackages } from "./system-packages.mjs";

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {string | undefined} todo what it will do, or undefined where all is done
 * @property {() => Promise<void>} run
 */

const NODE_NEEDED = [20, 19];

/**
 * Installs what is missing and builds; says what it does, asks nothing. On failure says what to do and ends the process.
 * @param {{ tests: boolean, bench?: boolean }} options with `tests`, also what only the tests need; with `bench`,
 *   also the libraries that the bench compares with
 */
export async function setUp({ tests, bench = false }) {
  try {
    await carryOutAll(tests, bench || tests);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`${elapsed()}  Set-up failed: ${error.message}\n\n${error.remedy}`);
    process.exit(1);
  }
}

/**
 * @param {boolean} tests
 * @param {boolean} peers
 */
async function carryOutAll(tests, peers) {
  checkNode();

  const abort = new AbortController();
  const system = systemPackages({ tests, peers });
  const fabric = fabricBinaries(abort.signal);
  const npm = npmPackages(abort.signal);
  const sources = build(npm.todo !== undefined, abort.signal);
  const python = peers ? [pythonPackages(abort.signal)] : [];
  announce([system, fabric, npm, ...python, sources]);

  await carryOut(system);
  // These take minutes on a new machine; one mostly waits for the network while the other compiles.
  /** @type {Error | undefined} */
  let firstFailure;
  await Promise.all(
    [fabric, npm, ...python].map((step) =>
      carryOut(step).catch((/** @type {Error} */ error) => {
        firstFailure ??= error;
        abort.abort();
      }),
    ),
  );
  if (firstFailure) throw firstFailure;
  await carryOut(sources);
  say("set-up is complete");
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [neededMajor = 0, neededMinor = 0] = NODE_NEEDED;
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return;
  throw new SetupError(
    `this is Node ${process.versions.node}, needed is ${NODE_NEEDED.join(".")} or later`,
    "Install a later Node from https://nodejs.org/en/download and run this again.",
  );
}

/** @param {Step[]} steps */
function announce(steps) {
  for (const { title, todo } of steps) {
    if (todo) say(`${title}: will ${todo}`);
  }
}

/** @param {Step} step */
async function carryOut({ title, todo, run }) {
  if (!todo) return;
  say(`${title}: begins`);
  await run();
  say(`${title}: done`);
}
