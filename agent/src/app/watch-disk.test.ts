import { CodedError } from "@powershare/domain/errors";
import { describe, expect, it } from "vitest";
import type { Disk } from "../ports/disk.js";
import { SimClock } from "../testing/sim-clock.js";
import { silentLog } from "../testing/sim-household.js";
import { judgeDisk, watchDisk } from "./watch-disk.js";
import { Health } from "./watch-health.js";

const gibibyte = 1024 ** 3;
const mebibyte = 1024 ** 2;
const wanted = 512 * mebibyte;

describe("how full a disk is", () => {
  it.each([
    ["half empty", 0.5, undefined, false, "ok"],
    ["just below four fifths", 0.21, wanted, false, "ok"],
    ["four fifths", 0.2, wanted, false, "nearly-full"],
    ["nine tenths", 0.1, wanted, false, "tight"],
    ["nothing free", 0.0005, wanted, false, "full"],
    ["free space, and a store that says full, as under a quota", 0.5, wanted, true, "full"],
    ["living on the reserve, which would not fit again", 0.017, 0, false, "full"],
    ["a reserve given away that fits again", 0.1, 0, false, "tight"],
    ["no reserve wanted, little free", 0.05, undefined, false, "tight"],
  ] as const)("%s", (_, free, reserved, storeIsFull, state) => {
    const space = { totalBytes: 29 * gibibyte, freeBytes: Math.floor(29 * gibibyte * free) };
    expect(judgeDisk(space, reserved, wanted, storeIsFull)).toBe(state);
  });

  it("is full on a small disk, too, only when nothing is left", () => {
    const space = { totalBytes: 8 * mebibyte, freeBytes: 1 * mebibyte };
    expect(judgeDisk(space, undefined, 0, false)).toBe("nearly-full");
    expect(judgeDisk({ ...space, freeBytes: 0.1 * mebibyte }, undefined, 0, false)).toBe("full");
  });
});

/** A card that others fill, too. */
class SimDisk implements Disk {
  readonly totalBytes = 32 * gibibyte;
  others = 0;
  reserved: number | undefined;

  space() {
    const freeBytes = Math.max(0, this.totalBytes - this.others - (this.reserved ?? 0));
    return { totalBytes: this.totalBytes, freeBytes };
  }
  reservedBytes() {
    return this.reserved;
  }
  reserve(bytes: number) {
    this.reserved = (this.reserved ?? 0) + bytes;
  }
  release() {
    this.reserved = 0;
  }
}

function setUp() {
  const clock = new SimClock("2026-06-01T12:00:00.000Z");
  const health = new Health(clock, silentLog);
  const disk = new SimDisk();
  const tight: boolean[] = [];
  const loop = watchDisk({
    disk,
    clock,
    health,
    reserveBytes: wanted,
    onTight: (now) => tight.push(now),
  });
  return { clock, health, disk, tight, loop };
}

describe("the disk's watch", () => {
  it("sets the reserve aside little by little, then leaves it", async () => {
    const { clock, disk, health } = setUp();
    await clock.advance(60_000);
    expect(disk.reserved).toBeLessThanOrEqual(8 * 4 * mebibyte);
    await clock.advance(3_600_000);
    expect(disk.reserved).toBe(wanted);
    expect(health.part("store").state).toBe("ok");
  });

  it("warns at 80 %, stops debug logs at 90 %, gives the reserve when full, and recovers alone", async () => {
    const { clock, disk, health, tight } = setUp();
    await clock.advance(3_600_000);
    disk.others = 0.81 * disk.totalBytes;
    await clock.advance(60_000);
    expect(health.part("store")).toMatchObject({ state: "degraded", code: "store.nearly-full" });
    expect(tight).toEqual([]);
    disk.others = 0.92 * disk.totalBytes;
    await clock.advance(60_000);
    expect(tight).toEqual([true]);
    disk.others = disk.totalBytes - wanted;
    await clock.advance(60_000);
    // `failed`: no bids are placed, and the page says so.
    expect(health.part("store")).toMatchObject({ state: "failed", code: "store.full" });
    expect(disk.reserved).toBe(0);
    await clock.advance(3_600_000);
    expect(health.part("store").code).toBe("store.full");
    disk.others = 0.5 * disk.totalBytes;
    await clock.advance(60_000);
    expect(health.part("store").state).toBe("ok");
    expect(tight).toEqual([true, false]);
    await clock.advance(3_600_000);
    expect(disk.reserved).toBe(wanted);
  });

  it("gives the reserve, too, when the store finds no room although the disk shows some", async () => {
    const { clock, disk, health } = setUp();
    await clock.advance(3_600_000);
    health.problem("store", "readings", "failed", new CodedError("store.full", "quota"));
    await clock.advance(60_000);
    expect(disk.reserved).toBe(0);
    health.ok("store", "readings");
    await clock.advance(60_000);
    expect(health.part("store").state).toBe("ok");
  });

  it("says so where the disk cannot be looked at", async () => {
    const { clock, disk, health } = setUp();
    disk.space = () => {
      throw new Error("EIO");
    };
    await clock.advance(60_000);
    expect(health.part("store")).toMatchObject({ state: "degraded", code: "store.failed" });
  });
});
