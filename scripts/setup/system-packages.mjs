import { spawnSync } from "node:child_process";
import { getuid } from "node:process";
import { run, SetupError, which } from "./run.mjs";

/** Programs by which a Debian package shows that it is there, and who needs it. */
const needed = [
  { package: "swtpm", programs: ["swtpm"] },
  { package: "swtpm-tools", programs: ["swtpm_setup"] },
  { package: "socat", programs: ["socat"] },
  // To compile SQLite, for the agent's store and for Fabric CA.
  { package: "build-essential", programs: ["g++"] },
  { package: "build-essential", programs: ["make"] },
  { package: "python3", programs: ["python3"] },
];
const neededForTests = [
  { package: "chromium", programs: ["chromium", "chromium-browser", "google-chrome"] },
  // A clock that a test may set for one process.
  { package: "faketime", programs: ["faketime"] },
  // Cuts the store's power at every system call.
  { package: "strace", programs: ["strace"] },
  { package: "tmux", programs: ["tmux"] },
  { package: "tpm2-tools", programs: ["tpm2", "tpm2_createprimary"] },
];

/**
 * @typedef {{ tests: boolean, peers: boolean }} Purpose what is set up for beside running: the tests; libraries in
 *   Python to compare with
 * @param {Purpose} purpose
 */
function missingPackages({ tests, peers }) {
  const all = tests ? [...needed, ...neededForTests] : needed;
  const missing = all.filter(({ programs }) => !which(programs)).map((it) => it.package);
  // Debian's python3 alone makes no environments.
  if (peers && spawnSync("python3", ["-c", "import ensurepip, venv"]).status !== 0) {
    missing.push("python3-venv");
  }
  return [...new Set(missing)];
}

/**
 * System packages from Debian or Raspberry Pi OS.
 * @param {Purpose} purpose
 * @returns {import("./set-up.mjs").Step}
 */
export function systemPackages(purpose) {
  const missing = missingPackages(purpose);
  return {
    title: "system packages",
    todo: missing.length > 0 ? `install ${missing.join(", ")} with apt-get` : undefined,
    async run() {
      const byHand = `Install them by hand and run this again: sudo apt-get install ${missing.join(" ")}`;
      if (!which(["apt-get"])) {
        throw new SetupError(
          `${missing.join(", ")} are missing, and this system has no apt-get`,
          "Install the packages of the same purpose by your system's own means, then run this again.",
        );
      }
      // -n: sudo must not ask for a password, since nobody may be there to type it.
      const sudo = getuid?.() === 0 ? [] : ["sudo", "-n"];
      const env = { DEBIAN_FRONTEND: "noninteractive" };
      /** @param {...string} args */
      const apt = async (...args) => {
        const [program = "apt-get", ...rest] = [...sudo, "apt-get", ...args];
        await run(`apt-get ${args[0]}`, [program, ...rest], { remedy: byHand, env });
      };
      await apt("update");
      await apt("install", "--yes", "--no-install-recommends", ...missing);
    },
  };
}
