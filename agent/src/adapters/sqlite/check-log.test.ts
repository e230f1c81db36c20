import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeOf } from "@powershare/domain/errors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seeded } from "../../testing/seeded.js";
import { StoreScript } from "../../testing/store-script.js";
import { checkLog } from "./check-log.js";
import { Database } from "./database.js";
import { createReadingStore } from "./readings.js";
import { openStore } from "./store.js";

const frameBytes = 4096 + 24;
const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "powershare-log-"));
const path = join(folder, "agent.db");
let image: Buffer;
let log: Buffer;
let frames: number;
/** Readings that were committed when the log had so many frames. */
const committed: { readonly frames: number; readonly readings: number }[] = [];

// Files as a kill leaves them: the log is not written back.
beforeAll(() => {
  const live = join(folder, "live.db");
  const store = openStore(live, { participant: "h1" });
  const script = new StoreScript(store, () => {});
  for (let step = 0; step < 40; step += 1) {
    script.step();
    committed.push({
      frames: framesIn(readFileSync(`${live}-wal`)),
      readings: store.lastSequence(),
    });
  }
  copyFileSync(live, path);
  image = readFileSync(live);
  log = readFileSync(`${live}-wal`);
  frames = framesIn(log);
  store.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

function framesIn(bytes: Buffer): number {
  return Math.floor((bytes.length - 32) / frameBytes);
}

function put(changed: Buffer): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
  writeFileSync(path, image);
  writeFileSync(`${path}-wal`, changed);
}

function codeOfCheck(): string | undefined {
  try {
    checkLog(path);
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

/** Opens what is there. @returns the newest reading */
function newest(): number {
  const database = new Database(path);
  try {
    return createReadingStore(database).lastSequence();
  } finally {
    database.close();
  }
}

describe("the log that a kill leaves", () => {
  it("is sound as it is, cut short anywhere, or torn in its last transaction", () => {
    const random = seeded(3);
    put(log);
    expect(codeOfCheck()).toBeUndefined();
    for (let n = 0; n < 30; n += 1) {
      put(log.subarray(0, Math.floor(random() * log.length)));
      expect(codeOfCheck()).toBeUndefined();
    }
    const before = committed.at(-2)?.frames ?? 0;
    for (let frame = before; frame < frames; frame += 1) {
      const torn = Buffer.from(log);
      torn.fill(0, 32 + frame * frameBytes, 32 + frame * frameBytes + 2048);
      put(torn);
      expect(codeOfCheck()).toBeUndefined();
    }
  });

  it("is refused for a flipped bit in any frame whose loss would take more than the last transaction", () => {
    const random = seeded(5);
    const beforeLast = committed.at(-2)?.frames ?? 0;
    expect(beforeLast).toBeGreaterThan(100);
    for (let frame = -1; frame < beforeLast; frame += 3) {
      const start = frame < 0 ? 0 : 32 + frame * frameBytes;
      const length = frame < 0 ? 32 : frameBytes;
      const at = start + Math.floor(random() * length);
      const flipped = Buffer.from(log);
      flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << Math.floor(random() * 8)), at);
      put(flipped);
      expect(codeOfCheck(), `frame ${frame}, byte ${at - start}`).toBe("store.corrupt");
    }
  });

  it("would otherwise be taken for shorter, and what was acknowledged would be gone", () => {
    const flipped = Buffer.from(log);
    const at = 32 + Math.floor(frames / 2) * frameBytes + 1000;
    flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
    put(flipped);
    expect(() => newest()).toThrow(expect.objectContaining({ code: "store.corrupt" }));
    put(log);
    expect(newest()).toBe(committed.at(-1)?.readings);
  });
});
