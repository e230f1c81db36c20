// Installs what PowerShare needs and builds it: `npm run setup`, with `-- --tests` also what only the tests need.
// Uses nothing but Node, because it runs before anything is installed. Asks nothing; can be run again at any time.
import { build } from "./setup/build.mjs";
import { fabricBinaries } from "./setup/fabric-binaries.mjs";
import { npmPackages } from "./setup/npm-packages.mjs";
import { elapsed, SetupError, say } from "./setup/run.mjs";
import { systemPackages } from "./setup/system-packages.mjs";

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {string | undefined} todo what it will do, or undefined where all is done
 * @property {() => Promise<void>} run
 */

const NODE_NEEDED = [20, 19];

async function main() {
  const options = process.argv.slice(2);
  const unknown = options.find((option) => option !== "--tests");
  if (unknown) throw new SetupError(`unknown option ${unknown}`, "The only option is --tests.");
  checkNode();

  const abort = new AbortController();
  const system = systemPackages(options.includes("--tests"));
  const fabric = fabricBinaries(abort.signal);
  const npm = npmPackages(abort.signal);
  const sources = build(npm.todo !== undefined, abort.signal);
  announce([system, fabric, npm, sources]);

  await carryOut(system);
  // Both take minutes on a new machine; one mostly waits for the network while the other compiles.
  /** @type {Error | undefined} */
  let firstFailure;
  await Promise.all(
    [fabric, npm].map((step) =>
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

try {
  await main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`${elapsed()}  Set-up failed: ${error.message}\n\n${error.remedy}`);
  process.exitCode = 1;
}
