import type { Fault } from "../faults.js";
import { answerFrame, type RegisterRange } from "../frame.js";

/** The four requests of an SDM630's snapshot, and one to a second meter: no two answers look alike. */
export const poll: readonly RegisterRange[] = [
  { unit: 1, table: "input", address: 0, count: 36 },
  { unit: 1, table: "input", address: 52, count: 28 },
  { unit: 2, table: "input", address: 0, count: 36 },
  { unit: 1, table: "input", address: 234, count: 16 },
  { unit: 1, table: "input", address: 342, count: 40 },
];

/** Number in [0, 1). */
export type Random = () => number;

/** Small generator (mulberry32): a seed replays a run. */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const between = (random: Random, low: number, high: number) =>
  low + Math.floor(random() * (high - low + 1));

const noise = (random: Random, most: number) =>
  Uint8Array.from({ length: between(random, 1, most) }, () => between(random, 0, 255));

/** One kind of fault, with its details drawn anew each time. */
export interface FaultCase {
  readonly name: string;
  readonly draw: (random: Random) => Fault;
  /** A master that takes the next bytes for its answer is misled by it; the others only cost it time. */
  readonly misleads: boolean;
}

const misleading = (name: string, draw: FaultCase["draw"]) => ({ name, draw, misleads: true });
const harmless = (name: string, draw: FaultCase["draw"]) => ({ name, draw, misleads: false });

/** What a bus does to answers: every kind that other readers were tried with, and more. */
export const faultCases: readonly FaultCase[] = [
  misleading("garbage before", (random) => ({ kind: "noise-before", bytes: noise(random, 8) })),
  misleading("garbage before that looks like a header", () => ({
    kind: "noise-before",
    bytes: Uint8Array.of(0x00, 0xff, 0x01, 0x04),
  })),
  misleading("its own header before", () => ({ kind: "header-before" })),
  misleading("garbage after", (random) => ({ kind: "noise-after", bytes: noise(random, 8) })),
  misleading("an answer that nobody asked for right after", () => ({
    kind: "noise-after",
    bytes: answerFrame(1, "input", new Uint8Array(2 * 30).fill(0x55)),
  })),
  misleading("echo of the request", () => ({ kind: "echo" })),
  harmless("wrong CRC", () => ({ kind: "wrong-crc" })),
  misleading("bit flip", (random) => ({ kind: "garbled", bit: between(random, 24, 280) })),
  harmless("bit flip in the header", (random) => ({
    kind: "garbled",
    bit: between(random, 0, 23),
  })),
  misleading("two bytes short", () => ({ kind: "truncated", bytes: -2 })),
  misleading("seven bytes short", () => ({ kind: "truncated", bytes: -7 })),
  misleading("merged with the frame before", () => ({ kind: "merged" })),
  misleading("sent twice", (random) => ({ kind: "twice", afterMs: between(random, 0, 60) })),
  misleading("of another unit", () => ({ kind: "other-unit", unit: 3 })),
  misleading("of the other function", () => ({ kind: "other-function" })),
  misleading("of another length", (random) => ({
    kind: "other-length",
    registers: between(random, 41, 60),
  })),
  misleading("late, requests queue", (random) => ({
    kind: "late",
    byMs: between(random, 300, 900),
  })),
  misleading("late, requests are dropped", (random) => ({
    kind: "late-and-deaf",
    byMs: between(random, 300, 900),
  })),
  misleading("that of the request before", () => ({ kind: "stale" })),
  misleading("exception", (random) => ({
    kind: "exception",
    exceptionCode: between(random, 1, 4),
  })),
  misleading("busy", (random) => ({ kind: "exception", exceptionCode: between(random, 5, 6) })),
  harmless("halting", (random) => ({ kind: "halting", pauseMs: between(random, 5, 60) })),
  harmless("silent", () => ({ kind: "silent" })),
];
