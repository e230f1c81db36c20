import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  binaryNames,
  builtBinariesDir,
  goModuleDir,
  versions,
} from "../../peer-config/fabric/src/binaries-cache.mjs";
import { run, SetupError, which } from "./run.mjs";

const FABRIC = "github.com/hyperledger/fabric";
const GO_NEEDED = "1.25";
const GO_REMEDY = `Install Go ${GO_NEEDED} or later and run this again:
  Debian 13 and later: sudo apt-get install golang (it fetches Go ${GO_NEEDED} by itself)
  Debian 12, Raspberry Pi OS: take the archive for linux-${process.arch === "x64" ? "amd64" : process.arch} from https://go.dev/dl/ and
    sudo tar -C /usr/local -xzf go*.tar.gz
Or set FABRIC_BIN to a folder with the programs ${binaryNames.join(", ")} of Fabric ${versions.fabric}.`;

/**
 * Fabric and Fabric CA, built from their Go modules into a cache outside the checkout, or a folder with official
 * programs given by FABRIC_BIN.
 * @param {AbortSignal} signal
 * @returns {import("./set-up.mjs").Step}
 */
export function fabricBinaries(signal) {
  const title = `Fabric ${versions.fabric} and Fabric CA ${versions.fabricCa}`;
  const given = process.env["FABRIC_BIN"];
  if (given) {
    checkVersion(given);
    return { title, todo: undefined, run: async () => {} };
  }
  const target = builtBinariesDir();
  const there = binaryNames.every((name) => existsSync(join(target, name)));
  return {
    title,
    todo: there ? undefined : `build with Go into ${dirname(target)} (some minutes)`,
    async run() {
      const go = findGo();
      // Built beside its place and moved there whole: an interrupted build never looks finished.
      const fresh = `${target}.partial`;
      for (const folder of [target, fresh]) rmSync(folder, { recursive: true, force: true });
      mkdirSync(fresh, { recursive: true });
      const fabric = ["peer", "orderer", "configtxgen"].map((name) => `${FABRIC}/cmd/${name}`);
      // Only SQLite in the CA needs C. The other programs then reuse what was compiled for the CA.
      await goBuild(go, ["./cmd/fabric-ca-server"], fresh, { CGO_ENABLED: "1" }, signal);
      await goBuild(go, fabric, fresh, { CGO_ENABLED: "0" }, signal);
      renameSync(fresh, target);
      checkVersion(target);
    },
  };
}

/**
 * @param {string} go
 * @param {string[]} programs
 * @param {string} folder
 * @param {Record<string, string>} env
 * @param {AbortSignal} signal
 */
async function goBuild(go, programs, folder, env, signal) {
  const flags = [
    "-s -w",
    `-X ${FABRIC}/common/metadata.Version=v${versions.fabric}`,
    `-X ${FABRIC}-ca/lib/metadata.Version=${versions.fabricCa}`,
  ];
  // The tags keep Go's own packages free of C, so that they are compiled once for all programs.
  const options = ["-trimpath", "-buildvcs=false", "-tags=netgo,osusergo"];
  const output = [`-ldflags=${flags.join(" ")}`, `-o=${folder}/`];
  // npm, which runs at the same time, mostly waits for the network: let it go first.
  await run("building Fabric", ["nice", go, "build", ...options, ...output, ...programs], {
    cwd: goModuleDir,
    signal,
    env,
    remedy:
      "Check the network connection and the lines below, then run this again; Go keeps what is done.",
  });
}

function findGo() {
  const go = which(["go"], ["/usr/local/go/bin"]);
  if (!go) throw new SetupError("Go is not installed", GO_REMEDY);
  try {
    // In the module's folder Go reads which version it asks for, and fetches that where it may.
    execFileSync(go, ["version"], { cwd: goModuleDir, stdio: "pipe" });
    return go;
  } catch (error) {
    const why = error instanceof Error ? error.message.trim() : String(error);
    throw new SetupError(`${go} cannot build Fabric: ${why}`, GO_REMEDY);
  }
}

/** @param {string} folder */
function checkVersion(folder) {
  const absent = binaryNames.filter((name) => !existsSync(join(folder, name)));
  if (absent.length > 0) {
    throw new SetupError(
      `${folder} has no ${absent.join(", ")}`,
      "Put the missing programs there, or unset FABRIC_BIN to have all built.",
    );
  }
  const said = execFileSync(join(folder, "peer"), ["version"], { encoding: "utf8" });
  const version = /Version: v?(\S+)/.exec(said)?.[1];
  if (version === versions.fabric) return;
  throw new SetupError(
    `${join(folder, "peer")} is version ${version}, needed is ${versions.fabric}`,
    "Point FABRIC_BIN to that version, or unset it to have it built.",
  );
}
