import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { Acknowledged } from "../../testing/inspect-store.js";
import { killWriter } from "../../testing/kill-writer.js";
import { seeded } from "../../testing/seeded.js";

const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 1_000_000);
const rounds = Number(process.env["KILLS"] ?? 1_000);
const folder = mkdtempSync(join(tmpdir(), "powershare-kill-"));
afterAll(() => rmSync(folder, { recursive: true }));

it(`kill -9, ${rounds} times, takes nothing acknowledged`, async () => {
  const random = seeded(seed);
  let acknowledged = new Acknowledged();
  let [readings, sealed, packages] = [0, 0, 0];
  for (let round = 0; round < rounds; round += 1) {
    // A new store now and then: its creation is killed too.
    const life = Math.floor(round / 50);
    if (round % 50 === 0) acknowledged = new Acknowledged();
    const path = join(folder, `agent-${life}.db`);
    expect(await killWriter(path, acknowledged, Math.floor(random() * 150))).toEqual([]);
    if (round % 50 < 49) continue;
    readings += acknowledged.readings;
    sealed += acknowledged.sealed;
    packages += acknowledged.packages.size;
  }
  process.stdout.write(
    `kill -9: seed ${seed}, ${rounds} rounds, acknowledged ${readings} readings, ${sealed} checkpoints, ${packages} packages, 0 lost\n`,
  );
});
