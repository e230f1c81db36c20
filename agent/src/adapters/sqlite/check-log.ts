import { existsSync, readFileSync, statSync } from "node:fs";
import { CodedError } from "@powershare/domain/errors";

// Format of SQLite's write-ahead log: https://sqlite.org/fileformat2.html, section 4.
const headerBytes = 32;
const frameHeaderBytes = 24;
const magic = 0x377f0682;
/** A log is kept near 4 MiB; what is larger comes from one long transaction and is not looked at. */
const largestBytes = 64 * 1024 * 1024;

type Sums = readonly [number, number];

/**
 * Looks for damage in the log that SQLite would take for its end. SQLite stops at the first frame
 * whose checksum is wrong, as after a power cut, and so would forget what was committed behind it.
 * With `synchronous=FULL` a transaction's frames are written only when the one before is on the disk:
 * where frames of a later transaction are sound, a broken one before them was not torn but damaged.
 * @throws CodedError store.corrupt
 */
export function checkLog(path: string): void {
  const log = `${path}-wal`;
  if (!existsSync(log) || statSync(log).size > largestBytes) return;
  const bytes = readFileSync(log);
  if (bytes.length < headerBytes || bytes.subarray(0, headerBytes).every((byte) => byte === 0)) {
    return;
  }
  const frames = framesOf(bytes);
  if (frames === undefined) {
    throw new CodedError("store.corrupt", `${log}: its header is damaged`);
  }
  const broken = frames.findIndex((frame) => !frame.follows);
  if (broken === -1) return;
  const sound = (index: number): boolean => frames[index]?.followsStored === true;
  for (let index = broken; index < frames.length; index += 1) {
    if (frames[index]?.commits === true && sound(index + 1)) {
      throw new CodedError(
        "store.corrupt",
        `${log}: frame ${broken + 1} is damaged, and transactions behind it are not`,
      );
    }
  }
}

interface Frame {
  /** Ends a transaction. */
  readonly commits: boolean;
  /** Its checksum continues that of all frames before it. */
  readonly follows: boolean;
  /** Its checksum continues the one that stands in the frame before it, whatever that is worth. */
  readonly followsStored: boolean;
}

/** Frames of the log's present generation; undefined where the header is damaged. */
function framesOf(bytes: Buffer): Frame[] | undefined {
  const first = bytes.readUInt32BE(0);
  const bigEndian = first === magic + 1;
  const stored: Sums = [bytes.readUInt32BE(24), bytes.readUInt32BE(28)];
  const expected = sums(bytes, 0, headerBytes - 8, [0, 0], bigEndian);
  if ((first !== magic && !bigEndian) || !equal(stored, expected)) return undefined;
  const pageBytes = bytes.readUInt32BE(8);
  const frames: Frame[] = [];
  let whole = true;
  let before = stored;
  for (
    let at = headerBytes;
    at + frameHeaderBytes + pageBytes <= bytes.length;
    at += frameHeaderBytes + pageBytes
  ) {
    const own: Sums = [bytes.readUInt32BE(at + 16), bytes.readUInt32BE(at + 20)];
    const ofThisLog = bytes.compare(bytes, 16, 24, at + 8, at + 16) === 0;
    const head = sums(bytes, at, at + 8, before, bigEndian);
    const body = at + frameHeaderBytes;
    const sum = sums(bytes, body, body + pageBytes, head, bigEndian);
    const followsStored = ofThisLog && equal(own, sum);
    whole &&= followsStored;
    frames.push({ commits: bytes.readUInt32BE(at + 4) !== 0, follows: whole, followsStored });
    before = own;
  }
  return frames;
}

/** SQLite's checksum of a piece whose length is a multiple of 8, going on from `from`. */
function sums(bytes: Buffer, start: number, end: number, from: Sums, bigEndian: boolean): Sums {
  let [s0, s1] = from;
  for (let at = start; at < end; at += 8) {
    const x0 = bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    const x1 = bigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4);
    s0 = (s0 + x0 + s1) >>> 0;
    s1 = (s1 + x1 + s0) >>> 0;
  }
  return [s0, s1];
}

function equal(one: Sums, other: Sums): boolean {
  return one[0] === other[0] && one[1] === other[1];
}
