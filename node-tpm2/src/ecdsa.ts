const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const HALF_BYTES = 32;

/** r and s of a signature r ‖ s. */
function halves(rs: Uint8Array): [Uint8Array, Uint8Array] {
  if (rs.length !== 2 * HALF_BYTES)
    throw new RangeError(`${rs.length} bytes are no r ‖ s of P-256`);
  return [rs.subarray(0, HALF_BYTES), rs.subarray(HALF_BYTES)];
}

/**
 * An ECDSA P-256 signature r ‖ s as DER (SEC 1, C.5) with `s` in the lower half of the group order, which is
 * what Hyperledger Fabric takes; n − s is valid where s is (a TPM gives either).
 * @param rs 64 bytes.
 * @throws RangeError if `rs` is not 64 bytes, or if r or s is not in [1, n).
 */
export function toDerLowS(rs: Uint8Array): Uint8Array {
  const [rBytes, sBytes] = halves(rs);
  const [r, s] = [toBigInt(rBytes), toBigInt(sBytes)];
  if (r === 0n || s === 0n || r >= ORDER || s >= ORDER) {
    throw new RangeError("r and s must lie between 1 and the order of P-256");
  }
  const lowS = s > ORDER / 2n ? ORDER - s : s;
  const body = [...derInteger(r), ...derInteger(lowS)];
  return Uint8Array.from([0x30, body.length, ...body]);
}

/**
 * A DER signature of P-256 as r ‖ s, 64 bytes (IEEE P1363).
 * @throws RangeError for anything but strict DER of two positive integers of at most 32 bytes.
 */
export function p1363(der: Uint8Array): Uint8Array {
  const [sequence, length] = [der[0], der[1]];
  if (sequence !== 0x30 || length !== der.length - 2) throw new RangeError("no DER signature");
  const [r, rest] = takeInteger(der.subarray(2));
  const [s, left] = takeInteger(rest);
  if (left.length > 0) throw new RangeError(`${left.length} bytes after the DER signature`);
  const rs = new Uint8Array(2 * HALF_BYTES);
  rs.set(r, HALF_BYTES - r.length);
  rs.set(s, 2 * HALF_BYTES - s.length);
  return rs;
}

function derInteger(value: bigint): number[] {
  const hex = value.toString(16);
  const bytes = [...Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex")];
  // A leading one bit would make it negative.
  if ((bytes[0] ?? 0) >= 0x80) bytes.unshift(0);
  return [0x02, bytes.length, ...bytes];
}

/** The magnitude of the DER integer that begins `der`, and what follows it. */
function takeInteger(der: Uint8Array): [Uint8Array, Uint8Array] {
  const [tag, length = 0, first = 0, second = 0x80] = der;
  const end = 2 + length;
  const minimal = first !== 0 || (second >= 0x80 && length > 1);
  if (tag !== 0x02 || length === 0 || end > der.length || first >= 0x80 || !minimal) {
    throw new RangeError("no DER integer above zero");
  }
  const magnitude = der.subarray(first === 0 ? 3 : 2, end);
  if (magnitude.length > HALF_BYTES) throw new RangeError("integer too long for P-256");
  return [magnitude, der.subarray(end)];
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}
