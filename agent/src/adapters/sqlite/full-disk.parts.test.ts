import { execFileSync } from "node:child_process";
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeOf } from "@powershare/domain/errors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { watchDisk } from "../../app/watch-disk.js";
import { Health } from "../../app/watch-health.js";
import { Acknowledged, inspectStore } from "../../testing/inspect-store.js";
import { SimClock } from "../../testing/sim-clock.js";
import { silentLog } from "../../testing/sim-household.js";
import { StoreScript } from "../../testing/store-script.js";
import { dataDisk } from "../disk/data-disk.js";
import { openStore } from "./store.js";

const mebibyte = 1024 * 1024;

// Each call in turn fails in disk-faults.soak.test.ts, without a disk of its own. This one mounts an
// 8 MiB ext4 image, which only root may, and only where loop devices are.
const mayMount = process.getuid?.() === 0 && canMount();
const household = { participant: "h1", slotSeconds: 20 };
let folder: string;
let disk: string;
let acknowledged: Acknowledged;

function canMount(): boolean {
  const trial = mkdtempSync(join(tmpdir(), "powershare-mount-"));
  try {
    mountImage(trial);
    execFileSync("umount", [join(trial, "disk")]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(trial, { recursive: true });
  }
}

function mountImage(where: string): void {
  const image = join(where, "image");
  writeFileSync(image, "");
  truncateSync(image, 8 * mebibyte);
  execFileSync("mkfs.ext4", ["-q", "-m", "0", image]);
  mkdirSync(join(where, "disk"));
  execFileSync("mount", ["-o", "loop", image, join(where, "disk")], { stdio: "pipe" });
}

beforeEach(() => {
  if (!mayMount) return;
  folder = mkdtempSync(join(tmpdir(), "powershare-full-"));
  mountImage(folder);
  disk = join(folder, "disk");
  acknowledged = new Acknowledged();
});
afterEach(() => {
  if (!mayMount) return;
  execFileSync("umount", [disk]);
  rmSync(folder, { recursive: true });
});

function remount(options: string): void {
  execFileSync("mount", ["-o", `remount,${options}`, disk]);
}

/** Takes what is free, but for so much. */
function fill(leaveBytes: number): void {
  const file = openSync(join(disk, "others"), "w");
  let bytes = 0;
  try {
    for (;;) bytes += writeSync(file, Buffer.alloc(4096));
  } catch (error) {
    if (codeOf(error) !== undefined || !String(error).includes("ENOSPC")) throw error;
    ftruncateSync(file, Math.max(0, bytes - leaveBytes));
  } finally {
    closeSync(file);
  }
}

/** Steps until one fails. @returns its code; undefined if none did */
function workUntilTrouble(script: StoreScript, steps: number): string | undefined {
  try {
    for (let step = 0; step < steps; step += 1) script.step();
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

describe.skipIf(!mayMount)("a real disk of 8 MiB", () => {
  it("that is full costs nothing acknowledged, and is written to again when there is room", () => {
    const path = join(disk, "agent.db");
    const store = openStore(path, household);
    const unpruned = { ...store, prune: () => 0 };
    const script = new StoreScript(unpruned, (line) => acknowledged.take(line));
    expect(workUntilTrouble(script, 30)).toBeUndefined();
    fill(64 * 1024);
    expect(workUntilTrouble(script, 5_000)).toBe("store.full");
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect(workUntilTrouble(script, 1)).toBe("store.full");
    }
    rmSync(join(disk, "others"));
    expect(workUntilTrouble(script, 60)).toBeUndefined();
    store.close();
    expect(inspectStore(path, acknowledged)).toEqual([]);
  });

  it("that turns read-only acknowledges nothing, and goes on when it is mounted writable", () => {
    const path = join(disk, "agent.db");
    const store = openStore(path, household);
    const script = new StoreScript(store, (line) => acknowledged.take(line));
    expect(workUntilTrouble(script, 30)).toBeUndefined();
    store.close();
    remount("ro");
    expect(() => openStore(path, household)).toThrow(
      expect.objectContaining({ code: "store.read-only" }),
    );
    remount("rw");
    expect(inspectStore(path, acknowledged)).toEqual([]);
  });

  it("gives readings its reserve when others fill it, says so, and recovers by itself", async () => {
    const clock = new SimClock("2026-06-01T12:00:00.000Z");
    const health = new Health(clock, silentLog);
    const data = dataDisk(disk);
    const watch = watchDisk({
      disk: data,
      clock,
      health,
      reserveBytes: mebibyte,
      onTight: () => {},
    });
    const path = join(disk, "agent.db");
    const store = openStore(path, household);
    const script = new StoreScript(store, (line) => acknowledged.take(line));
    await clock.advance(20_000);
    expect(data.reservedBytes()).toBe(mebibyte);
    fill(0);
    await clock.advance(60_000);
    expect(health.part("store")).toMatchObject({ state: "failed", code: "store.full" });
    expect(data.reservedBytes()).toBe(0);
    expect(workUntilTrouble(script, 60)).toBeUndefined();
    rmSync(join(disk, "others"));
    await clock.advance(60_000);
    expect(health.part("store").state).toBe("ok");
    expect(data.reservedBytes()).toBe(mebibyte);
    await watch.stop();
    store.close();
    expect(inspectStore(path, acknowledged)).toEqual([]);
  });
});
