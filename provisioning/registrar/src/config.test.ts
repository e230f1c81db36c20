import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { configSchema, loadConfig } from "./config.js";

const folder = mkdtempSync(join(tmpdir(), "config-"));
afterAll(() => rmSync(folder, { recursive: true }));
const guide = readFileSync(
  new URL("../../../docs/operating/enrolment.md", import.meta.url),
  "utf8",
);
const example = /```yaml\n([\s\S]*?)```/.exec(guide)?.[1] ?? "";

function load(text: string) {
  const path = join(folder, "registrar.yaml");
  writeFileSync(path, text);
  return loadConfig(path);
}

it("the guide's example is a configuration, with paths beside the file", () => {
  const config = load(example);
  expect(config.tls.key).toBe(join(folder, "registrar-key.pem"));
  expect(config.dataDir).toBe("/var/lib/powershare-registrar");
  expect(config.ledger?.key).toBe(join(folder, "operator-client-key.pem"));
});

it("the guide names every limit with its default", () => {
  const row = guide.split("\n").find((line) => line.startsWith("| `limits`")) ?? "";
  for (const [name, value] of Object.entries(configSchema.shape.limits.parse({}))) {
    expect(row).toContain(`\`${name}\` ${value}`);
  }
});

it.each([
  ["no YAML", "a: [", "not YAML"],
  ["an unknown key", { colour: "red" }, "colour"],
  ["plain HTTP", { url: "http://registrar.example.org" }, "url"],
  ["no operator", { operators: [] }, "operators"],
  ["an operator's name that is a path", { operators: ["../ana"] }, "operators.0"],
  ["a policy that is none", { makers: { folder: "m", policy: "none" } }, "makers.policy"],
  ["more waiting than there may be", { limits: { waiting: 100_000 } }, "limits.waiting"],
])("%s is refused with its place", (_what, change, says) => {
  const text =
    typeof change === "string"
      ? change
      : stringify({ ...z.record(z.string(), z.unknown()).parse(parse(example)), ...change });
  expect(() => load(text)).toThrow(expect.objectContaining({ code: "config.invalid" }));
  expect(() => load(text)).toThrow(says);
});

it("a file that is not there is refused", () => {
  expect(() => loadConfig(join(folder, "none.yaml"))).toThrow(
    expect.objectContaining({ code: "config.unreadable" }),
  );
});
