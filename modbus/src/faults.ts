import { type RegisterRange, withCrc } from "./frame.js";

/** What a meter or the line does wrong with one answer. */
export type Fault =
  | { readonly kind: "late"; readonly byMs: number }
  | { readonly kind: "silent" }
  /** One bit is flipped, counted from the first bit of the answer (modulo its length). */
  | { readonly kind: "garbled"; readonly bit: number }
  /** Only the first bytes come. */
  | { readonly kind: "truncated"; readonly bytes: number }
  /** Another unit's number in a frame with a sound CRC. */
  | { readonly kind: "other-unit"; readonly unit: number }
  /** The other read function in a frame with a sound CRC. */
  | { readonly kind: "other-function" }
  /** The answer of the request before this one. */
  | { readonly kind: "stale" }
  | { readonly kind: "exception"; readonly exceptionCode: number }
  /** The request comes back, then the answer (half-duplex adapters do that). */
  | { readonly kind: "echo" }
  | { readonly kind: "noise-before"; readonly bytes: Uint8Array }
  | { readonly kind: "noise-after"; readonly bytes: Uint8Array };

/** Asked for each request in order; `index` counts from 0. */
export type FaultScript = (
  request: RegisterRange & { readonly index: number },
) => Fault | undefined;

interface Frames {
  readonly sound: Uint8Array;
  readonly asked: Uint8Array;
  readonly previous: Uint8Array | undefined;
}

const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

function flipBit(frame: Uint8Array, bit: number): Uint8Array {
  const spoilt = frame.slice();
  const index = (bit >> 3) % frame.length;
  spoilt[index] = (spoilt[index] ?? 0) ^ (1 << (bit & 7));
  return spoilt;
}

function rewritten(frame: Uint8Array, index: number, value: number): Uint8Array {
  const body = frame.slice(0, -2);
  body[index] = value;
  return withCrc(body);
}

/** What goes over the line instead of the sound answer; nothing for silence. */
export function spoil(fault: Fault, { sound, asked, previous }: Frames): Uint8Array | undefined {
  switch (fault.kind) {
    case "late":
      return sound;
    case "silent":
      return undefined;
    case "garbled":
      return flipBit(sound, fault.bit);
    case "truncated":
      return sound.slice(0, Math.min(fault.bytes, sound.length - 1));
    case "other-unit":
      return rewritten(sound, 0, fault.unit);
    case "other-function":
      return rewritten(sound, 1, sound[1] === 3 ? 4 : 3);
    case "stale":
      return previous;
    case "exception":
      return withCrc([asked[0] ?? 0, (asked[1] ?? 0) | 0x80, fault.exceptionCode]);
    case "echo":
      return join(asked, sound);
    case "noise-before":
      return join(fault.bytes, sound);
    case "noise-after":
      return join(sound, fault.bytes);
  }
}
