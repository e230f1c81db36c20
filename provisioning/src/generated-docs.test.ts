import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { generatedDocs } from "./generated-docs.js";

const docs = new URL("../../docs/", import.meta.url);
const generated = generatedDocs();

describe("docs written by npm run docs", () => {
  it.each([...generated])("%s is up to date", (path, content) => {
    expect(readFileSync(new URL(path, docs), "utf8")).toBe(content);
  });

  it("are all the schemas there are", () => {
    const schemas = readdirSync(new URL("schemas/", docs)).map((name) => `schemas/${name}`);
    const own = [...generated.keys()].filter((path) => path.startsWith("schemas/"));
    // The agent's configuration is written and tested where its schema is.
    const expected = [...own, "schemas/agent.json"];
    expect(schemas.toSorted()).toEqual(expected.toSorted());
  });

  it("hold a row for every code, in which nothing breaks the table", () => {
    const rows = (generated.get("errors.md") ?? "")
      .split("\n")
      .filter((line) => line.startsWith("| `"));
    expect(rows.length).toBeGreaterThan(50);
    for (const row of rows) {
      expect(row.split(/(?<!\\)\|/)).toHaveLength(6);
      expect(row).toMatch(
        /^\| `[a-z]+[a-z0-9-]*\.[a-z0-9-]+` \| .+\. \| .+\. \| (now|later|never) \|$/,
      );
    }
  });
});
