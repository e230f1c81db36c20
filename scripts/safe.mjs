// Has OCMF records checked by the OCMF classes of SAFE's Transparenzsoftware, built from its source: needs git, a JDK
// of 17 or newer and Maven. Prints one line of JSON a record; exit 1 where one is not verified.
//   node scripts/safe.mjs RECORDS KEY.pem [--source REPOSITORY] [--built-only]
import { execFileSync } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cacheDir } from "../peer-config/fabric/src/binaries-cache.mjs";

const tag = "V1.4.1-final";
const commit = "3b061958e4f2b6a36470fc03f65fb3fc97c022fe";
const notBuilt = 3;
const own = fileURLToPath(new URL("safe/", import.meta.url));
const folder = join(cacheDir(), `safe-${commit.slice(0, 16)}`);
const classpathFile = join(folder, "classpath");

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    source: { type: "string", default: "https://github.com/SAFE-eV/transparenzsoftware.git" },
    "built-only": { type: "boolean", default: false },
  },
});
const [records, keyFile] = positionals;
if (records === undefined || keyFile === undefined) {
  console.error("expected RECORDS, one a line, and KEY.pem");
  process.exit(2);
}
if (!existsSync(classpathFile)) {
  if (values["built-only"]) process.exit(notBuilt);
  build(values.source);
}
const spki = createPublicKey(readFileSync(keyFile)).export({ type: "spki", format: "der" });
const said = execFileSync(
  "java",
  ["-cp", readFileSync(classpathFile, "utf8"), "CheckRecords", records, spki.toString("hex")],
  { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
);
// SAFE's classes talk on the same stream.
const verdicts = said.split("\n").filter((line) => line.startsWith("{"));
console.log(verdicts.join("\n"));
if (said.includes('"verified":false')) process.exitCode = 1;

/** @param {string} repository */
function build(repository) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const run = (/** @type {string} */ program, /** @type {string[]} */ ...args) =>
    execFileSync(program, args, { cwd: folder, encoding: "utf8" });
  run("git", "init", "--quiet", "source");
  // There is a branch of the same name.
  run("git", "-C", "source", "fetch", "--quiet", "--depth", "1", repository, `refs/tags/${tag}`);
  run("git", "-C", "source", "checkout", "--quiet", commit);
  const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath";
  const pom = join(own, "pom.xml");
  run("mvn", "--batch-mode", "--quiet", "--file", pom, plugin, `-Dmdep.outputFile=${folder}/jars`);
  const jars = readFileSync(join(folder, "jars"), "utf8").trim();
  const sources = join(folder, "source", "src", "main", "java");
  const classes = join(folder, "classes");
  const main = join(own, "CheckRecords.java");
  // Only what the OCMF parser needs: another part needs a library that is not published.
  run("javac", "-nowarn", "-d", classes, "-sourcepath", sources, "-cp", jars, main);
  const resources = join(folder, "source", "src", "main", "resources");
  // Last: an interrupted build never looks finished.
  writeFileSync(classpathFile, [classes, resources, jars].join(":"));
}
