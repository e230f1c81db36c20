import { CodedError } from "@powershare/domain/errors";
import type { Clock } from "../ports/clock.js";
import type { Disk } from "../ports/disk.js";
import { type Loop, startLoop } from "./loop.js";
import type { Health } from "./watch-health.js";

const checkEveryMs = 10_000;
const warnFrom = 0.8;
const tightFrom = 0.9;
/** Below this the disk counts as full: what the store needs to write back its log, or less on a small disk. */
const leastFreeBytes = 32 * 1024 * 1024;
const leastFreeShare = 0.02;
/** A reserve grows slowly: nothing else is to wait for the card. */
const growBytes = 4 * 1024 * 1024;

export interface WatchDiskOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly health: Health;
  /** Space set aside for readings; 0 for none. */
  readonly reserveBytes: number;
  /** Told when the disk gets tight, and when it no longer is: then debug logs stop, and may go on. */
  readonly onTight: (tight: boolean) => void;
}

export type DiskState = "ok" | "nearly-full" | "tight" | "full";

/**
 * Judges the disk. Full is: nearly nothing is free, the store said so, or readings live on the
 * reserve that was given to them; over only when the reserve fits again beside them.
 */
export function judgeDisk(
  { totalBytes, freeBytes }: ReturnType<Disk["space"]>,
  reservedBytes: number | undefined,
  wantedBytes: number,
  storeIsFull: boolean,
): DiskState {
  const leastBytes = Math.min(leastFreeBytes, totalBytes * leastFreeShare);
  const onReserve = reservedBytes === 0 && wantedBytes > 0;
  if (storeIsFull || freeBytes < leastBytes) return "full";
  if (onReserve && freeBytes < wantedBytes + 2 * leastBytes) return "full";
  const used = 1 - freeBytes / totalBytes;
  return used >= tightFrom ? "tight" : used >= warnFrom ? "nearly-full" : "ok";
}

/**
 * Looks after the disk: warns from 80 %, stops debug logs from 90 %, and sets space aside while
 * there is plenty. When the disk is full that space goes to the readings, no bids are placed (the
 * store's health is `failed`), and everything recovers by itself when somebody makes room.
 */
export function watchDisk(options: WatchDiskOptions): Loop {
  const { clock, health, onTight } = options;
  let tight = false;
  return startLoop(clock, async () => {
    try {
      const state = look(options);
      const nowTight = state === "tight" || state === "full";
      if (nowTight !== tight) onTight(nowTight);
      tight = nowTight;
    } catch (error) {
      health.problem(
        "store",
        "space",
        "degraded",
        new CodedError("store.failed", "the disk of dataDir cannot be looked at", { cause: error }),
      );
    }
    return checkEveryMs;
  });
}

function look({ disk, health, reserveBytes }: WatchDiskOptions): DiskState {
  const space = disk.space();
  const reserved = disk.reservedBytes();
  const refused = health.isElsewhere("store", "space", "store.full");
  const state = judgeDisk(space, reserved, reserveBytes, refused);
  const percent = Math.floor((1 - space.freeBytes / space.totalBytes) * 100);
  if (state === "full") {
    if (reserved !== undefined && reserved > 0) disk.release();
    const text = `the disk of dataDir is full; readings ${reserveBytes > 0 ? "use the reserve" : "may soon be kept in memory only"}, no bids are placed`;
    health.problem("store", "space", "failed", new CodedError("store.full", text));
    return state;
  }
  if (state === "ok") {
    health.ok("store", "space");
    growReserve(disk, reserved ?? 0, reserveBytes, space);
  } else {
    const text = `${percent} % of the disk of dataDir are used`;
    health.problem("store", "space", "degraded", new CodedError("store.nearly-full", text));
    // Also where it was given away: there is room for it again.
    if (reserved === 0) growReserve(disk, 0, reserveBytes, space);
  }
  return state;
}

function growReserve(
  disk: Disk,
  reserved: number,
  wanted: number,
  { totalBytes, freeBytes }: ReturnType<Disk["space"]>,
): void {
  const bytes = Math.min(growBytes, wanted - reserved);
  // Never the cause of a warning itself.
  if (bytes <= 0 || freeBytes - bytes < totalBytes * (1 - warnFrom)) return;
  disk.reserve(bytes);
}
