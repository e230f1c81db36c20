import { exceptionFrame, type RegisterRange, readRequest } from "./frame.js";

/** What a meter or the line does wrong with one answer. */
export type Fault =
  /** Comes later; requests that come meanwhile are answered behind it. */
  | { readonly kind: "late"; readonly byMs: number }
  /** Comes later; requests that come meanwhile are never answered. */
  | { readonly kind: "late-and-deaf"; readonly byMs: number }
  | { readonly kind: "silent" }
  /** One bit is flipped, counted from the first bit of the answer (modulo its length). */
  | { readonly kind: "garbled"; readonly bit: number }
  /** All bytes are right but the CRC. */
  | { readonly kind: "wrong-crc" }
  /** Only the first bytes come; a negative number is how many are missing at the end. */
  | { readonly kind: "truncated"; readonly bytes: number }
  /** Another meter answers in its place. */
  | { readonly kind: "other-unit"; readonly unit: number }
  /** The registers of the other table come, in a sound frame. */
  | { readonly kind: "other-function" }
  /** Fewer or more registers than asked for come, in a sound frame. */
  | { readonly kind: "other-length"; readonly registers: number }
  /** The answer of the request before this one. */
  | { readonly kind: "stale" }
  /** The answer that the very same request had before: its bytes cannot be told from a new one's. */
  | { readonly kind: "replayed" }
  /** The answer of the request before this one once more, and without a silence the right one. */
  | { readonly kind: "merged" }
  /** The right answer, and `afterMs` later once more. */
  | { readonly kind: "twice"; readonly afterMs: number }
  | { readonly kind: "exception"; readonly exceptionCode: number }
  /** The request comes back, then the answer (half-duplex adapters do that). */
  | { readonly kind: "echo" }
  | { readonly kind: "noise-before"; readonly bytes: Uint8Array }
  /** Noise that begins as the answer itself does: unit, function, byte count. */
  | { readonly kind: "header-before" }
  | { readonly kind: "noise-after"; readonly bytes: Uint8Array }
  /** The line rests in the middle of the answer. */
  | { readonly kind: "halting"; readonly pauseMs: number };

/** Asked for each request in order; `index` counts from 0. */
export type FaultScript = (
  request: RegisterRange & { readonly index: number },
) => Fault | undefined;

export interface Frames {
  readonly asked: RegisterRange;
  /** What the meters say to a request. */
  readonly answerTo: (asked: RegisterRange) => Uint8Array;
  readonly sound: Uint8Array;
  /** The answer of the request before. */
  readonly previous: Uint8Array | undefined;
  /** The last answer to the same request. */
  readonly former: Uint8Array | undefined;
}

/** Bytes that go over the line, so long after the time at which a sound answer would, or after the part before. */
export interface Part {
  readonly bytes: Uint8Array;
  readonly afterMs: number;
}

const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

function flipBit(frame: Uint8Array, bit: number): Uint8Array {
  const spoilt = frame.slice();
  const index = (bit >> 3) % frame.length;
  spoilt[index] = (spoilt[index] ?? 0) ^ (1 << (bit & 7));
  return spoilt;
}

/** What goes over the line instead of the sound answer alone; nothing for silence. */
export function spoil(fault: Fault, frames: Frames): readonly Part[] {
  const { sound } = frames;
  if (fault.kind === "late" || fault.kind === "late-and-deaf") {
    return [{ bytes: sound, afterMs: fault.byMs }];
  }
  if (fault.kind === "twice") return parts(sound, sound, fault.afterMs);
  if (fault.kind === "halting") {
    const half = sound.length >> 1;
    return parts(sound.slice(0, half), sound.slice(half), fault.pauseMs);
  }
  const bytes = spoiltBytes(fault, frames);
  return bytes ? [{ bytes, afterMs: 0 }] : [];
}

const parts = (first: Uint8Array, second: Uint8Array, afterMs: number): Part[] => [
  { bytes: first, afterMs: 0 },
  { bytes: second, afterMs },
];

type AtOnce = Exclude<Fault, { readonly kind: "late" | "late-and-deaf" | "twice" | "halting" }>;

function spoiltBytes(fault: AtOnce, frames: Frames): Uint8Array | undefined {
  const { asked, answerTo, sound, previous, former } = frames;
  switch (fault.kind) {
    case "silent":
      return undefined;
    case "garbled":
      return flipBit(sound, fault.bit);
    case "wrong-crc":
      return flipBit(sound, 8 * sound.length - 3);
    case "truncated":
      return sound.slice(0, Math.min(fault.bytes, sound.length - 1));
    case "other-unit":
      return answerTo({ ...asked, unit: fault.unit });
    case "other-function":
      return answerTo({ ...asked, table: asked.table === "input" ? "holding" : "input" });
    case "other-length":
      return answerTo({ ...asked, count: fault.registers });
    case "stale":
      return previous;
    case "replayed":
      return former ?? sound;
    case "merged":
      return join(previous ?? new Uint8Array(), sound);
    case "exception":
      return exceptionFrame(asked.unit, asked.table, fault.exceptionCode);
    case "echo":
      return join(readRequest(asked), sound);
    case "noise-before":
      return join(fault.bytes, sound);
    case "header-before":
      return join(sound.slice(0, 3), sound);
    case "noise-after":
      return join(sound, fault.bytes);
  }
}
