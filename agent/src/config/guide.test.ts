import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { configJsonSchema } from "./json-schema.js";
import { parseConfig } from "./load.js";
import { configSchema } from "./schema.js";

const guide = readFileSync(
  new URL("../../../docs/operating/run-a-household.md", import.meta.url),
  "utf8",
);
const [, configuring = ""] = /\n## 4\. Configure\n(.*?)\n## /s.exec(guide) ?? [];
const rows = new Map(
  [...configuring.matchAll(/^\| `([a-z][\w.[\]]+)` \| ([^|]+) \|/gm)].map(([, key, given]) => [
    key,
    given,
  ]),
);

type Json = z.core.JSONSchema.JSONSchema;

/** Every setting by its dotted path, with its schema and whether it must be given. */
function settings(of: Json, path = "", required = true): [string, Json, boolean][] {
  const below = (part: Json, name: string) =>
    Object.entries(part.properties ?? {}).flatMap(([key, value]) =>
      typeof value === "boolean"
        ? []
        : settings(
            value,
            name === "" ? key : `${name}.${key}`,
            part.required?.includes(key) ?? false,
          ),
    );
  if (of.properties) return below(of, path);
  const { items } = of;
  const list = typeof items === "object" && !Array.isArray(items);
  if (list && items.type !== "string") return settings(items, `${path}[]`);
  const choices = of.anyOf?.flatMap((each) => (typeof each === "object" ? below(each, path) : []));
  if (!choices?.length) return [[path, of, required]];
  // A short form beside the long one is a setting, too.
  const isShort = of.anyOf?.some((each) => typeof each === "object" && each.type === "string");
  return isShort ? [[path, of, required], ...choices] : choices;
}

describe("the guide to running a household", () => {
  const all = settings(z.toJSONSchema(configSchema, { io: "input" }));

  it("has a row for every setting, and for none that is not there", () => {
    expect([...rows.keys()]).toEqual(all.map(([path]) => path));
  });

  it("gives every default as it is", () => {
    const defaults = all.filter(([, { default: value }]) => value !== undefined);
    expect(defaults.length).toBeGreaterThan(8);
    for (const [path, { default: value }] of defaults) {
      expect(rows.get(path), path).toBe(`\`${JSON.stringify(value)}\``);
    }
  });

  it("names what must be given", () => {
    for (const [path, { default: value }, required] of all) {
      if (value !== undefined || /^(tpm|market)\.|\.adapter$/.test(path)) continue;
      expect(rows.get(path), path).toBe(required ? "required" : "optional");
    }
  });

  it("shows a configuration that is accepted", () => {
    const [, example = ""] = /```yaml\n(.*?)```/s.exec(guide) ?? [];
    const { ledger, dataDir } = parseConfig(example, "/etc/powershare/agent.yaml");
    expect(ledger.certificate).toBe(`${dataDir}/certificate.pem`);
  });
});

describe("docs/schemas/agent.json", () => {
  it("is up to date: npm run docs", () => {
    const path = new URL("../../../docs/schemas/agent.json", import.meta.url);
    expect(readFileSync(path, "utf8")).toBe(configJsonSchema());
  });
});
