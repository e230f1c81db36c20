import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { clear, parseOrders } from "@powershare/domain/market";
import { expect, it } from "vitest";
import { z } from "zod";

const root = fileURLToPath(new URL("../../", import.meta.url));
const names = z.record(z.string(), z.string()).default({});
const packageJson = z.object({
  workspaces: z.array(z.string()).default([]),
  dependencies: names,
  devDependencies: names,
});
const packageAt = (folder: string) =>
  packageJson.parse(JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")));

const markdown = ["", "docs", "docs/adr", "docs/operating", "firmware-profiles"].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name)),
);

it.each(markdown)("%s links to files that are there", (page) => {
  const text = readFileSync(join(root, page), "utf8");
  const links = [...text.matchAll(/(?:\]\(|src=")([^)#"]+)/g)].map(([, link = ""]) => link);
  const inside = links.filter((link) => !/^https?:/.test(link));
  expect(inside.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
});

it("docs/architecture.md names folders and files that are there", () => {
  const text = readFileSync(join(root, "docs/architecture.md"), "utf8");
  const paths = [...text.matchAll(/`([a-z][\w-]*(?:\/[\w.-]+)+)`/g)].map(([, path = ""]) => path);
  expect(paths.length).toBeGreaterThan(15);
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

it("docs/dependencies.md gives a reason for every direct dependency, and for no other", () => {
  const text = readFileSync(join(root, "docs/dependencies.md"), "utf8");
  const rows = [...text.matchAll(/^\| ([^|]+) \|/gm)].slice(1).map(([, cell = ""]) => cell);
  const given = rows
    .filter((cell) => !/\((Go|Python)\)/.test(cell))
    .flatMap((cell) => cell.split(", "));
  const used = ["", ...packageAt("").workspaces].flatMap((folder) => {
    const { dependencies, devDependencies } = packageAt(folder);
    return [...Object.keys(dependencies), ...Object.keys(devDependencies)];
  });
  const others = used.filter((name) => !/^(@powershare\/.*|node-tpm2)$/.test(name));
  expect(given.toSorted()).toEqual([...new Set(others)].toSorted());
});

it("docs/examples/orders.json is a slot in which neighbours trade", () => {
  const orders = parseOrders(
    JSON.parse(readFileSync(join(root, "docs/examples/orders.json"), "utf8")),
  );
  const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
  expect(clear(orders, sha256).trades).toHaveLength(2);
});
