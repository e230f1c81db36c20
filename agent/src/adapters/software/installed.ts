import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Software } from "@powershare/domain/evidence";

/** One door of each package of this project that the agent uses; its files are found from there. */
const doors = [
  "@powershare/domain/evidence",
  "@powershare/firmware-profiles",
  "@powershare/ledger-client",
  "@powershare/modbus",
  "node-tpm2",
];
const measured = /\.(js|mjs|cjs|json|yaml|html|css)$/;
const skipped = new Set(["node_modules", "src", "test", "testing"]);

/**
 * What is installed: the files of the agent and of this project's packages it uses, the list of other
 * packages as npm wrote it, and the configuration. Other packages' files are not read.
 * @param own Any file of the agent's.
 */
export async function installedSoftware(
  version: string,
  own: string,
  configuration: string,
): Promise<Software> {
  const roots = [own, ...doors.map((door) => fileURLToPath(import.meta.resolve(door)))].map(rootOf);
  const lines: string[] = [];
  for (const root of roots) {
    for (const path of await filesBelow(root.folder)) {
      const name = `${root.name}/${path.split(sep).join("/")}`;
      lines.push(`${await hashOf(join(root.folder, path))}  ${name}\n`);
    }
  }
  const packages = packageListAbove(rootOf(own).folder);
  if (packages !== undefined) {
    lines.push(`${await hashOf(packages)}  node_modules/.package-lock.json\n`);
  }
  lines.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1));
  return {
    version: `${version} ${process.version}`,
    bundle: createHash("sha256").update(lines.join("")).digest("hex"),
    configuration: await hashOf(configuration),
  };
}

async function hashOf(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

/** The folder of the package that a file belongs to, and the name by which its files are listed. */
function rootOf(file: string): { folder: string; name: string } {
  let folder = dirname(file);
  while (!existsSync(join(folder, "package.json"))) {
    const above = dirname(folder);
    if (above === folder) throw new Error(`${file} belongs to no package`);
    folder = above;
  }
  return { folder, name: folder.slice(folder.lastIndexOf(sep) + 1) };
}

async function filesBelow(folder: string, within = ""): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(folder, within), { withFileTypes: true })) {
    const path = join(within, entry.name);
    if (entry.isDirectory() && !skipped.has(entry.name)) {
      found.push(...(await filesBelow(folder, path)));
    }
    if (entry.isFile() && measured.test(entry.name)) found.push(path);
  }
  return found;
}

function packageListAbove(folder: string): string | undefined {
  const path = join(folder, "node_modules", ".package-lock.json");
  if (existsSync(path)) return path;
  const above = dirname(folder);
  return above === folder ? undefined : packageListAbove(above);
}
