import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./run.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const stampFile = join(root, "node_modules", ".cache", "powershare", "build");
const skipped = new Set(["node_modules", "dist", ".git", ".cache", "docs", "reports"]);

/**
 * TypeScript and the household page, compiled.
 * @param {boolean} packagesChange whether npm packages are about to be installed
 * @param {AbortSignal} signal
 * @returns {import("./set-up.mjs").Step}
 */
export function build(packagesChange, signal) {
  const isBuilt = !packagesChange && workspacesAreBuilt() && readStamp() === sourcesStamp();
  return {
    title: "PowerShare itself",
    todo: isBuilt ? undefined : "compile TypeScript and the household page",
    async run() {
      const stamp = sourcesStamp();
      await run("npm run build", ["npm", "run", "build"], {
        cwd: root,
        signal,
        remedy: "The sources do not compile; mend what the lines below say.",
      });
      mkdirSync(dirname(stampFile), { recursive: true });
      writeFileSync(stampFile, stamp);
    },
  };
}

function workspacesAreBuilt() {
  const json = readFileSync(join(root, "package.json"), "utf8");
  const { workspaces } = /** @type {{ workspaces: string[] }} */ (JSON.parse(json));
  return workspaces.every((name) => existsSync(join(root, name, "dist")));
}

function readStamp() {
  return existsSync(stampFile) ? readFileSync(stampFile, "utf8") : undefined;
}

/** Names, sizes and times of all sources, so that an unchanged checkout is recognised in milliseconds. */
function sourcesStamp() {
  const hash = createHash("sha256").update(process.version);
  const walk = (/** @type {string} */ folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (skipped.has(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (/\.(m?[jt]sx?|json|html|css|svg)$/.test(entry.name)) {
        const { size, mtimeMs } = statSync(path);
        hash.update(`${path}\0${size}\0${mtimeMs}\n`);
      }
    }
  };
  walk(root);
  return hash.digest("hex");
}
