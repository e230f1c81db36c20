import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ledgerReference } from "./reference.js";

test("docs/ledger.md is what the tables say", () => {
  const written = readFileSync(new URL("../../../docs/ledger.md", import.meta.url), "utf8");
  expect(written).toBe(ledgerReference());
});
