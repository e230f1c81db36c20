import { crc16 } from "./crc.js";

export type Table = "input" | "holding";

/** What is read: `count` registers of one table from `address` (0-based protocol address). */
export interface RegisterRange {
  readonly unit: number;
  readonly table: Table;
  readonly address: number;
  readonly count: number;
}

/** Bytes of a read request: unit, function, address, count, CRC. */
export const requestLength = 8;
/** Bytes of an exception answer: unit, function with the high bit, code, CRC. */
export const exceptionLength = 5;
/** Most registers one request may ask for (Modbus Application Protocol V1.1b3, 6.3 and 6.4). */
export const protocolMaxRegisters = 125;

/** Bytes of the answer to a request for `count` registers: unit, function, byte count, data, CRC. */
export const answerLength = (count: number): number => 5 + 2 * count;

export const functionOf = (table: Table): number => (table === "holding" ? 3 : 4);

/** The bytes with their CRC behind them, low byte first. */
export function withCrc(bytes: ArrayLike<number>): Uint8Array {
  const frame = new Uint8Array(bytes.length + 2);
  frame.set(bytes);
  const crc = crc16(frame, 0, bytes.length);
  frame[bytes.length] = crc & 0xff;
  frame[bytes.length + 1] = crc >>> 8;
  return frame;
}

/** On a serial line (Modbus over Serial Line V1.02, 2.2), and over TCP, where devices listen to 0 and 255 too. */
export type UnitRange = "serial" | "tcp";
const unitLimits = { serial: [1, 247], tcp: [0, 255] } as const;

/** Throws RangeError on what no frame can carry. */
export function assertRange(
  { unit, address, count }: RegisterRange,
  units: UnitRange = "serial",
): void {
  const inside = (value: number, low: number, high: number) =>
    Number.isInteger(value) && value >= low && value <= high;
  const [lowest, highest] = unitLimits[units];
  if (!inside(unit, lowest, highest)) {
    throw new RangeError(`unit ${unit} is not in ${lowest}..${highest}`);
  }
  if (!inside(count, 1, protocolMaxRegisters)) throw new RangeError(`count ${count} not in 1..125`);
  if (!inside(address, 0, 0x10000 - count)) throw new RangeError(`address ${address} out of range`);
}

export function readRequest(range: RegisterRange): Uint8Array {
  const { unit, table, address, count } = range;
  return withCrc([unit, functionOf(table), address >> 8, address & 0xff, count >> 8, count & 0xff]);
}

/** The read request in the 8 bytes at `from`, if they are one with a sound CRC. */
export function parseRequest(bytes: Uint8Array, from = 0): RegisterRange | undefined {
  if (bytes.length - from < requestLength) return undefined;
  if (crc16(bytes, from, from + requestLength) !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + from, requestLength);
  const code = view.getUint8(1);
  if (code !== 3 && code !== 4) return undefined;
  return {
    unit: view.getUint8(0),
    table: code === 3 ? "holding" : "input",
    address: view.getUint16(2),
    count: view.getUint16(4),
  };
}

/** The answer carrying `data` (2 bytes per register, high byte first). */
export function answerFrame(unit: number, table: Table, data: Uint8Array): Uint8Array {
  return withCrc([unit, functionOf(table), data.length, ...data]);
}

export function exceptionFrame(unit: number, table: Table, exceptionCode: number): Uint8Array {
  return withCrc([unit, functionOf(table) | 0x80, exceptionCode]);
}

export type Answer =
  | { readonly kind: "registers"; readonly bytes: Uint8Array }
  | { readonly kind: "exception"; readonly exceptionCode: number };

/** A frame with a sound CRC within received bytes. */
export interface SoundFrame {
  readonly unit: number;
  /** Function code, with the high bit where the frame refuses. */
  readonly code: number;
  readonly from: number;
  readonly length: number;
}

/** Length of a frame with a sound CRC of whatever kind that begins at `from`; 0 if there is none. */
function soundFrameLength(bytes: Uint8Array, from: number): number {
  const code = bytes[from + 1] ?? 0;
  const known = code === 3 || code === 4;
  const lengths =
    code & 0x80 ? [exceptionLength] : known ? [5 + (bytes[from + 2] ?? 0), requestLength] : [];
  return lengths.find((n) => from + n <= bytes.length && crc16(bytes, from, from + n) === 0) ?? 0;
}

/** The first sound frame at or after `start`; anything before it is noise. */
export function nextFrame(bytes: Uint8Array, start = 0): SoundFrame | undefined {
  for (let from = start; bytes.length - from >= exceptionLength; from++) {
    const length = soundFrameLength(bytes, from);
    if (length > 0) return { unit: bytes[from] ?? 0, code: bytes[from + 1] ?? 0, from, length };
  }
  return undefined;
}

/** What the frame says to the request, if it is its answer: exactly the unit, function and byte count asked for. */
export function answerIn(
  bytes: Uint8Array,
  { unit, code, from, length }: SoundFrame,
  asked: RegisterRange,
): Answer | undefined {
  if (unit !== asked.unit) return undefined;
  const expected = functionOf(asked.table);
  if (code === (expected | 0x80)) {
    return { kind: "exception", exceptionCode: bytes[from + 2] ?? 0 };
  }
  const isOurs = code === expected && bytes[from + 2] === 2 * asked.count;
  if (!isOurs || length !== answerLength(asked.count)) return undefined;
  // A copy, also where the bytes are a Buffer, whose slice is a view.
  const data = new Uint8Array(bytes.subarray(from + 3, from + length - 2));
  return { kind: "registers", bytes: data };
}

/**
 * Finds the answer to `asked` in received bytes: right CRC, and exactly the unit, function and
 * byte count asked for. Sound frames of others are stepped over whole, so nothing inside them is
 * taken for an answer; anything else is noise and is stepped over byte by byte.
 */
export function findAnswer(bytes: Uint8Array, asked: RegisterRange): Answer | undefined {
  for (let frame = nextFrame(bytes); frame; frame = nextFrame(bytes, frame.from + frame.length)) {
    const answer = answerIn(bytes, frame, asked);
    if (answer) return answer;
  }
  return undefined;
}
