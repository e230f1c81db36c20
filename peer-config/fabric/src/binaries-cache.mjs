// Plain JavaScript because the set-up script needs it before anything is built.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Folder with go.mod and go.sum, which pin Fabric and Fabric CA. */
export const goModuleDir = new URL("../", import.meta.url);

/** Programs of one neighbourhood. */
export const binaryNames = /** @type {const} */ ([
  "peer",
  "orderer",
  "configtxgen",
  "fabric-ca-server",
]);

/** Versions that go.mod stands for; Fabric's tags are no valid module versions, so they are spelt out. */
export const versions = { fabric: "3.1.1", fabricCa: "1.5.18" };

/** Cache of everything PowerShare builds or downloads outside its checkout: `POWERSHARE_CACHE` or `~/.cache/powershare`. */
export function cacheDir() {
  return process.env["POWERSHARE_CACHE"] || join(homedir(), ".cache", "powershare");
}

const builtFrom = ["go.mod", "go.sum", "cmd/fabric-ca-server/main.go"];

/** Folder of the programs built from exactly these sources, whether they are there yet or not. */
export function builtBinariesDir() {
  const hash = createHash("sha256");
  for (const file of builtFrom) hash.update(readFileSync(new URL(file, goModuleDir)));
  return join(cacheDir(), `fabric-${hash.digest("hex").slice(0, 16)}`, "bin");
}
