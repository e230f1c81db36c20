import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { Acknowledged } from "../../testing/inspect-store.js";
import { killWriter } from "../../testing/kill-writer.js";
import { seeded } from "../../testing/seeded.js";

// A thousand times in kill.soak.test.ts.
const folder = mkdtempSync(join(tmpdir(), "powershare-kill-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("kill -9, 50 times, takes nothing acknowledged: no reading, seal or package, and halves none", async () => {
  const random = seeded(11);
  const acknowledged = new Acknowledged();
  for (let round = 0; round < 50; round += 1) {
    const path = join(folder, "agent.db");
    expect(await killWriter(path, acknowledged, Math.floor(random() * 120))).toEqual([]);
  }
  expect(acknowledged.readings).toBeGreaterThan(500);
  expect(acknowledged.sealed).toBeGreaterThan(20);
  expect(acknowledged.packages.size).toBeGreaterThan(20);
});
