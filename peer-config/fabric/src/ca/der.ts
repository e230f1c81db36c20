/**
 * The few lines of DER (ITU-T X.690) that a certificate request and an ECDSA signature need.
 */

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** One DER element: tag, definite length, contents. */
export function der(tag: number, ...contents: Uint8Array[]): Uint8Array {
  const body = Buffer.concat(contents);
  if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body]);
  const lengthHex = body.length.toString(16);
  const length = Buffer.from(lengthHex.length % 2 ? `0${lengthHex}` : lengthHex, "hex");
  return Buffer.concat([Buffer.of(tag, 0x80 | length.length), length, body]);
}

/** A non-negative INTEGER in the fewest bytes. */
function derInteger(value: bigint): Uint8Array {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, "hex");
  const negative = ((bytes[0] ?? 0) & 0x80) !== 0;
  return der(0x02, ...(negative ? [Buffer.of(0), bytes] : [bytes]));
}

/**
 * Makes a P-256 signature acceptable to Fabric, which refuses an S above half the group order.
 * @param signature ECDSA signature, DER SEQUENCE of r and s
 * @returns the same signature with s or order - s, whichever is lower, in minimal DER
 * @throws RangeError where the bytes are no P-256 signature
 */
export function toLowS(signature: Uint8Array): Uint8Array {
  const { r, s } = readSignature(signature);
  return der(0x30, derInteger(r), derInteger(s > P256_ORDER / 2n ? P256_ORDER - s : s));
}

function readSignature(signature: Uint8Array): { r: bigint; s: bigint } {
  const bytes = Buffer.from(signature);
  const rLength = bytes[3] ?? 0;
  const sLength = bytes[5 + rLength] ?? 0;
  const wellFormed =
    bytes[0] === 0x30 &&
    bytes[1] === bytes.length - 2 &&
    bytes[2] === 0x02 &&
    bytes[4 + rLength] === 0x02 &&
    bytes.length === 6 + rLength + sLength &&
    rLength > 0 &&
    sLength > 0;
  if (!wellFormed) throw new RangeError("not an ECDSA P-256 signature in DER");
  const integer = (from: number, length: number) =>
    BigInt(`0x${bytes.toString("hex", from, from + length)}`);
  const [r, s] = [integer(4, rLength), integer(6 + rLength, sLength)];
  if (r === 0n || s === 0n || r >= P256_ORDER || s >= P256_ORDER) {
    throw new RangeError("not an ECDSA P-256 signature: r or s is out of range");
  }
  return { r, s };
}
