import { z } from "zod";
import { decode } from "./decode.js";
import { ProfileError } from "./errors.js";
import type { Table } from "./schema.js";
import type { Block, Profile } from "./types.js";

const captureErrorCode = z.enum([
  "frame.crc",
  "frame.exception",
  "frame.length",
  "frame.mismatch",
  "frame.unasked",
]);
export type CaptureErrorCode = z.infer<typeof captureErrorCode>;

/** What `profile decode --json` prints. */
export const captureResultSchema = z.strictObject({
  profile: z.string(),
  /** By quantity, in the unit its name ends in. */
  values: z.record(z.string(), z.union([z.number(), z.string()])),
  /** Frames that gave no values, and why. */
  errors: z.array(
    z.strictObject({ line: z.int().min(1), code: captureErrorCode, message: z.string() }),
  ),
});
export type DecodedCapture = Readonly<z.infer<typeof captureResultSchema>>;
export type CaptureError = DecodedCapture["errors"][number];

interface Line {
  readonly line: number;
  readonly isRequest: boolean;
  readonly bytes: Uint8Array;
}

/** What is between address or header and CRC: unit, function, data; `transaction` for TCP. */
interface Frame {
  readonly unit: number;
  readonly code: number;
  readonly data: Uint8Array;
  readonly transaction: number;
}

interface Request extends Frame {
  readonly table: Table;
  readonly address: number;
  readonly count: number;
}

class BadFrame extends Error {
  readonly code: CaptureErrorCode;
  constructor(code: CaptureErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** CRC-16/MODBUS; 0 over a sound frame with its CRC (Modbus over Serial Line V1.02, 6.2.2). */
function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}

const hex = (bytes: Uint8Array) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(" ");

function readLines(text: string): { lines: Line[]; isTcp: boolean } {
  const raw = text.split(/\r?\n/);
  const lines: Line[] = [];
  for (const [index, whole] of raw.entries()) {
    const content = whole.replace(/#.*/, "").trim();
    if (content === "") continue;
    const match = /^([<>])\s*((?:[0-9a-fA-F]{2}\s*)+)$/.exec(content);
    if (!match?.[2]) {
      const expected = 'expected "> " or "< " and hex bytes';
      const found = JSON.stringify(content.slice(0, 24));
      throw new ProfileError("profile.capture", `line ${index + 1}: ${expected}, found ${found}`);
    }
    const bytes = Uint8Array.from(Buffer.from(match[2].replace(/\s/g, ""), "hex"));
    lines.push({ line: index + 1, isRequest: match[1] === ">", bytes });
  }
  if (lines.length === 0) throw new ProfileError("profile.capture", "expected at least one frame");
  return { lines, isTcp: raw[0]?.trim().toLowerCase() === "# tcp" };
}

function rtuFrame(bytes: Uint8Array): Frame {
  if (bytes.length < 4) throw new BadFrame("frame.length", `${bytes.length} bytes are no frame`);
  if (crc16(bytes) !== 0) {
    const crc = crc16(bytes.subarray(0, -2));
    const wanted = hex(Uint8Array.of(crc & 0xff, crc >>> 8));
    throw new BadFrame("frame.crc", `CRC ${hex(bytes.subarray(-2))} should be ${wanted}`);
  }
  const [unit = 0, code = 0] = bytes;
  return { unit, code, data: bytes.subarray(2, -2), transaction: 0 };
}

function tcpFrame(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 8) throw new BadFrame("frame.length", `${bytes.length} bytes are no frame`);
  if (view.getUint16(2) !== 0) {
    throw new BadFrame("frame.mismatch", `protocol ${view.getUint16(2)} is not Modbus (0)`);
  }
  const length = view.getUint16(4);
  if (length !== bytes.length - 6) {
    const found = `${bytes.length - 6} bytes follow the header's length, which says ${length}`;
    throw new BadFrame("frame.length", found);
  }
  const unit = view.getUint8(6);
  return { unit, code: view.getUint8(7), data: bytes.subarray(8), transaction: view.getUint16(0) };
}

function asRequest(frame: Frame): Request {
  const { code, data } = frame;
  if (code !== 3 && code !== 4) {
    throw new BadFrame("frame.mismatch", `function ${code} does not read registers (3 or 4)`);
  }
  if (data.length !== 4) {
    throw new BadFrame("frame.length", `a read request has 4 bytes of data, not ${data.length}`);
  }
  const view = new DataView(data.buffer, data.byteOffset, 4);
  const [address, count] = [view.getUint16(0), view.getUint16(2)];
  return { ...frame, table: code === 3 ? "holding" : "input", address, count };
}

/** The registers in an answer. Throws BadFrame where it does not answer the request. */
function blockOf({ unit, code, data }: Frame, asked: Request): Block {
  if (unit !== asked.unit || (code & 0x7f) !== asked.code) {
    const text = `unit ${unit} function ${code} does not answer unit ${asked.unit} function ${asked.code}`;
    throw new BadFrame("frame.mismatch", text);
  }
  if (code & 0x80) {
    throw new BadFrame("frame.exception", `the meter answered with exception ${data[0] ?? "?"}`);
  }
  const wanted = 2 * asked.count;
  if (data[0] !== wanted || data.length !== wanted + 1) {
    const found = `byte count ${data[0] ?? "missing"} with ${Math.max(0, data.length - 1)} bytes`;
    throw new BadFrame(
      "frame.length",
      `${asked.count} registers are ${wanted} bytes, found ${found}`,
    );
  }
  return { table: asked.table, address: asked.address, bytes: data.subarray(1) };
}

/** Requests without an answer so far; a damaged request keeps its place, for its answer is no one else's. */
class Open {
  readonly #requests: (Request | undefined)[] = [];
  readonly #isTcp: boolean;
  constructor(isTcp: boolean) {
    this.#isTcp = isTcp;
  }
  add(request: Request | undefined): void {
    this.#requests.push(request);
  }
  /** The nearest above; over TCP the one with the answer's transaction number. */
  indexFor(answer: Frame | undefined): number {
    return this.#isTcp && answer
      ? this.#requests.findLastIndex((asked) => asked?.transaction === answer.transaction)
      : this.#requests.length - 1;
  }
  at(index: number): Request | undefined {
    return this.#requests[index];
  }
  close(index: number): void {
    if (index >= 0) this.#requests.splice(index, 1);
  }
}

function answerTo(open: Open, bytes: Uint8Array, parse: (bytes: Uint8Array) => Frame): Block {
  let frame: Frame | undefined;
  try {
    frame = parse(bytes);
  } finally {
    // A damaged frame may have been the answer: nothing later is taken for it.
    if (!frame) open.close(open.indexFor(undefined));
  }
  const index = open.indexFor(frame);
  const asked = open.at(index);
  if (!asked) {
    open.close(index);
    throw new BadFrame("frame.unasked", "no sound request above this answer waits for one");
  }
  try {
    const block = blockOf(frame, asked);
    open.close(index);
    return block;
  } catch (error) {
    // A sound frame for someone else leaves the request open.
    if (error instanceof BadFrame && error.code === "frame.exception") open.close(index);
    throw error;
  }
}

/** What a capture's sound frames hold, and what is wrong with the others. */
export interface ReadCapture {
  readonly blocks: readonly Block[];
  readonly errors: readonly CaptureError[];
}

/** The blocks of a recorded exchange, see decodeCapture. Throws ProfileError `profile.capture`. */
export function readCapture(text: string): ReadCapture {
  const { lines, isTcp } = readLines(text);
  const parse = isTcp ? tcpFrame : rtuFrame;
  const open = new Open(isTcp);
  const blocks: Block[] = [];
  const errors: CaptureError[] = [];
  for (const { line, isRequest, bytes } of lines) {
    let request: Request | undefined;
    try {
      if (isRequest) request = asRequest(parse(bytes));
      else blocks.push(answerTo(open, bytes, parse));
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      errors.push({ line, code: error.code, message: error.message });
    }
    if (isRequest) open.add(request);
  }
  return { blocks, errors };
}

/**
 * Decodes a recorded exchange: text, one frame a line (`> ` request, `< ` answer, hex with CRC, or
 * with MBAP header after a first line `# tcp`; `#` begins a comment). Frames that are damaged, of
 * the wrong length, exceptions or unasked for go to `errors` with their line, never to `values`.
 * Throws ProfileError `profile.capture` with the line where the text is no capture, or has no frame.
 */
export function decodeCapture(profile: Profile, text: string): DecodedCapture {
  const { blocks, errors } = readCapture(text);
  return { profile: profile.id, values: decode(profile, blocks), errors: [...errors] };
}
