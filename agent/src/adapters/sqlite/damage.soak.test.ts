import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { flipBits } from "../../testing/flip-bits.js";
import { seeded } from "../../testing/seeded.js";
import { StoreScript } from "../../testing/store-script.js";
import { openStore } from "./store.js";

const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 1_000_000);
const perPage = Number(process.env["FLIPS_PER_PAGE"] ?? 100);
const folder = mkdtempSync(
  join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "powershare-flip-"),
);
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  ["a store that is checked whole at start", false],
  ["a store too large for that", true],
])("no flipped bit of %s changes a value unnoticed", (name, large) => {
  const path = join(folder, `${large}.db`);
  const store = openStore(path, { participant: "h1" });
  const script = new StoreScript({ ...store, prune: () => 0 }, () => {});
  for (let step = 0; step < 70; step += 1) script.step();
  store.close();
  const { pages, flips, detected, harmless, silent } = flipBits(path, {
    perPage,
    random: seeded(seed),
    large,
  });
  process.stdout.write(
    `bit flips, ${name}: seed ${seed}, ${pages} pages, ${flips} flips, ${detected} detected, ${harmless} in unused bytes, ${silent.length} silent\n`,
  );
  expect(silent).toEqual([]);
});
