import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { flipBits } from "../../testing/flip-bits.js";
import { seeded } from "../../testing/seeded.js";
import { StoreScript } from "../../testing/store-script.js";
import { Database } from "./database.js";
import { createReadingStore } from "./readings.js";
import { defineRowCrc, rowCrc } from "./row-checks.js";
import { openStore } from "./store.js";

// Every byte of every page in damage.soak.test.ts.
const household = { participant: "h1", slotSeconds: 20 };
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "powershare-damage-"));
  path = join(folder, "agent.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

function written(steps: number, { prune = true } = {}): void {
  const store = openStore(path, household);
  const script = new StoreScript(prune ? store : { ...store, prune: () => 0 }, () => {});
  for (let step = 0; step < steps; step += 1) script.step();
  store.close();
}

describe("a bit that flips", () => {
  it("is found in every page, or belongs to nothing stored", () => {
    written(70, { prune: false });
    const options = { perPage: 1, random: seeded(41), large: true };
    const { pages, flips, detected, harmless, silent } = flipBits(path, options);
    expect(silent).toEqual([]);
    expect(flips).toBe(pages);
    expect(detected + harmless).toBe(flips);
    // Most pages of a young store are nearly empty.
    expect(detected).toBeGreaterThan(5);
  });

  it("is found when the row is read, before anything is judged by it", () => {
    written(8);
    const bytes = readFileSync(path);
    const registers = Buffer.from((21).toString(16).padStart(480, "0"), "hex");
    const at = bytes.lastIndexOf(registers);
    expect(at).toBeGreaterThan(0);
    bytes.writeUInt8(registers.at(-1)! ^ 0x10, at + registers.length - 1);
    writeFileSync(path, bytes);
    expect(() => new Database(path)).toThrow(expect.objectContaining({ code: "store.corrupt" }));
    const database = new Database(path, { checkedWholeUpToBytes: 0 });
    expect(() => createReadingStore(database).lastGood("eastron/sdm630:1")).toThrow(
      expect.objectContaining({ code: "store.corrupt" }),
    );
    database.close();
  });
});

it("the check value of a row is another for any value that differs in type, length or a bit", () => {
  const value = fc.oneof(
    fc.constant(null),
    fc.integer(),
    fc.string(),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), (row) => {
      expect(rowCrc(...row)).toBe(rowCrc(...row));
      for (const [index, each] of row.entries()) {
        if (!(each instanceof Uint8Array) || each.length === 0) continue;
        const flipped = Buffer.from(each);
        flipped.writeUInt8(flipped.readUInt8(0) ^ 1, 0);
        expect(rowCrc(...row.with(index, flipped))).not.toBe(rowCrc(...row));
      }
    }),
  );
  expect(new Set([rowCrc(null), rowCrc(0), rowCrc("0"), rowCrc(""), rowCrc("n")]).size).toBe(5);
  expect(rowCrc("ab", "c")).not.toBe(rowCrc("a", "bc"));
});

describe("the scrub", () => {
  it("passes over all of a sound store, also one that retention has shortened, and begins again", () => {
    written(120);
    const store = openStore(path, household);
    for (const _ of [1, 2]) {
      let steps = 1;
      while (!store.scrub()) steps += 1;
      expect(steps).toBeGreaterThan(10);
    }
    store.close();
    expect(statSync(path).size).toBeLessThan(400_000);
  });

  it.each([
    [
      "a reading that is gone",
      "DELETE FROM reading WHERE sequence = (SELECT max(sequence) - 9 FROM reading)",
    ],
    [
      "a reading of another value, check value and all",
      "UPDATE reading SET import_wh = import_wh, at_ms = at_ms + 1 WHERE sequence = (SELECT max(sequence) - 9 FROM reading)",
    ],
    [
      "an interval that is another's",
      `UPDATE interval SET body = replace(body, '"importWh":20', '"importWh":21') WHERE sequence = 2`,
    ],
  ])("finds %s, which no check value can", (_, sql) => {
    written(60);
    const connection = new Sqlite(path);
    defineRowCrc(connection);
    expect(connection.prepare(sql).run().changes).toBe(1);
    connection.close();
    const store = openStore(path, household);
    expect(() => {
      while (!store.scrub());
    }).toThrow(expect.objectContaining({ code: "store.corrupt" }));
    store.close();
  });
});
