import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { binaryNames, builtBinariesDir, versions } from "./binaries-cache.mjs";
import { FabricError } from "./errors.js";

/** Paths of Fabric's programs. */
export type FabricBinaries = Readonly<Record<(typeof binaryNames)[number], string>>;

/**
 * Fabric's programs: those of the folder `FABRIC_BIN`, else those that `npm run setup` built.
 * @throws FabricError `fabric.binaries-missing` naming the file that is not there
 */
export function fabricBinaries(): FabricBinaries {
  const given = process.env["FABRIC_BIN"];
  const folder = given || builtBinariesDir();
  const path = (name: string) => {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch (cause) {
      throw new FabricError(
        "fabric.binaries-missing",
        `${file} is missing or not executable${given ? " (folder given by FABRIC_BIN)" : ""}`,
        { cause },
      );
    }
  };
  const [peer, orderer, configtxgen, ca] = binaryNames;
  return {
    [peer]: path(peer),
    [orderer]: path(orderer),
    [configtxgen]: path(configtxgen),
    [ca]: path(ca),
  };
}

/**
 * @returns Fabric's version as the peer program prints it, e.g. `3.1.1`
 * @throws FabricError `fabric.binaries-version` where it is not the version this project is made for
 */
export async function checkFabricVersion(binaries: FabricBinaries): Promise<string> {
  const { stdout } = await promisify(execFile)(binaries.peer, ["version"], { timeout: 10_000 });
  const version = /Version: v?(\S+)/.exec(stdout)?.[1] ?? "unknown";
  if (version === versions.fabric) return version;
  throw new FabricError(
    "fabric.binaries-version",
    `${binaries.peer} is version ${version}, needed is ${versions.fabric}`,
  );
}
