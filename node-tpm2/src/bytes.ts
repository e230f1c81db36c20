import { TpmError } from "./errors.js";

/** Big-endian marshalling of TPM structures (TPM 2.0 Part 1, clause 30.2 "canonicalization"; Part 2, clause 4). */
export class Writer {
  readonly #bytes: number[] = [];

  u8(value: number): this {
    return this.#integer(value, 1);
  }
  u16(value: number): this {
    return this.#integer(value, 2);
  }
  u32(value: number): this {
    return this.#integer(value, 4);
  }
  /** Bytes as they are. */
  raw(bytes: Uint8Array): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }
  /** A TPM2B: 16-bit size, then the bytes. */
  sized(bytes: Uint8Array): this {
    return this.u16(bytes.length).raw(bytes);
  }
  done(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #integer(value: number, size: 1 | 2 | 4): this {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * size)) {
      throw new RangeError(`${value} is no unsigned integer of ${8 * size} bits`);
    }
    for (let shift = 8 * (size - 1); shift >= 0; shift -= 8) {
      this.#bytes.push(Math.floor(value / 2 ** shift) % 256);
    }
    return this;
  }
}

/**
 * Reads what a TPM sent. Every size is checked against the bytes that are there, and `end()`
 * refuses bytes left over: a response that does not fit its command exactly is `tpm.malformed`.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #offset = 0;

  /** @param what Names the structure in error messages. */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#advance(2));
  }
  u32(): number {
    return this.#view.getUint32(this.#advance(4));
  }
  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8));
  }
  /** A copy of the next `size` bytes. */
  take(size: number): Uint8Array {
    const start = this.#advance(size);
    return Uint8Array.from(this.#bytes.subarray(start, start + size));
  }
  /** The content of a TPM2B. */
  sized(): Uint8Array {
    return this.take(this.u16());
  }
  /** The part of this structure that the next `size` bytes are, to be read by itself. */
  part(size: number): Reader {
    return new Reader(this.take(size), this.#what);
  }
  /** A value that can only be this one. */
  expect(actual: number, expected: number, field: string): void {
    if (actual !== expected) {
      throw this.malformed(`${field} is 0x${actual.toString(16)}, not 0x${expected.toString(16)}`);
    }
  }
  end(): void {
    const left = this.#bytes.length - this.#offset;
    if (left > 0) throw this.malformed(`${left} bytes too many`);
  }
  malformed(why: string): TpmError {
    return new TpmError("tpm.malformed", `${this.#what}: ${why} at byte ${this.#offset}`);
  }

  #advance(size: number): number {
    const start = this.#offset;
    const left = this.#bytes.length - start;
    if (size > left) throw this.malformed(`${size} bytes expected, ${left} left`);
    this.#offset = start + size;
    return start;
  }
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** @throws TpmError `tpm.blobs` for anything but an even number of lower-case hex digits. */
export function fromHex(hex: string, field: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/.test(hex)) {
    throw new TpmError("tpm.blobs", `${field} is not bytes in lower-case hex`);
  }
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
