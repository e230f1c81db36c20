import { createHash } from "node:crypto";
import { Reader, Writer } from "./bytes.js";
import { ALG, CURVE_P256 } from "./constants.js";

/**
 * Public area of an ECC P-256 object named by SHA-256, the only kind this library makes
 * (TPMT_PUBLIC, TPM 2.0 Part 2, clause 12.2.4).
 */
export interface EccPublic {
  /** TPMA_OBJECT. */
  readonly attributes: number;
  readonly authPolicy: Uint8Array;
  /** `storage`: AES-128-CFB, no scheme. `ecdsa`: no symmetric algorithm, ECDSA with SHA-256. */
  readonly use: "storage" | "ecdsa";
  readonly x: Uint8Array;
  readonly y: Uint8Array;
}

/** TPMT_PUBLIC bytes of `area`. */
export function encodePublic(area: EccPublic): Uint8Array {
  const writer = new Writer()
    .u16(ALG.ecc)
    .u16(ALG.sha256)
    .u32(area.attributes)
    .sized(area.authPolicy);
  if (area.use === "storage") writer.u16(ALG.aes).u16(128).u16(ALG.cfb).u16(ALG.null);
  else writer.u16(ALG.null).u16(ALG.ecdsa).u16(ALG.sha256);
  return writer.u16(CURVE_P256).u16(ALG.null).sized(area.x).sized(area.y).done();
}

/** Reads TPMT_PUBLIC bytes; anything but the kind above is `tpm.malformed`. */
export function decodePublic(bytes: Uint8Array): EccPublic {
  const reader = new Reader(bytes, "TPMT_PUBLIC");
  reader.expect(reader.u16(), ALG.ecc, "type");
  reader.expect(reader.u16(), ALG.sha256, "name algorithm");
  const attributes = reader.u32();
  const authPolicy = reader.sized();
  const use = reader.u16() === ALG.aes ? "storage" : "ecdsa";
  if (use === "storage") {
    reader.expect(reader.u16(), 128, "key bits");
    reader.expect(reader.u16(), ALG.cfb, "mode");
    reader.expect(reader.u16(), ALG.null, "scheme");
  } else {
    reader.expect(reader.u16(), ALG.ecdsa, "scheme");
    reader.expect(reader.u16(), ALG.sha256, "scheme hash");
  }
  reader.expect(reader.u16(), CURVE_P256, "curve");
  reader.expect(reader.u16(), ALG.null, "key derivation");
  const [x, y] = [reader.sized(), reader.sized()];
  reader.end();
  return { attributes, authPolicy, use, x, y };
}

/** TPM name of a public area: name algorithm and SHA-256 (Part 1, clause 16 "names"). Holds for NV public areas too. */
export function nameOf(publicArea: Uint8Array): Uint8Array {
  const digest = createHash("sha256").update(publicArea).digest();
  return new Writer().u16(ALG.sha256).raw(digest).done();
}

// RFC 5480: SubjectPublicKeyInfo of id-ecPublicKey on prime256v1, up to the uncompressed point.
const spkiPrefix = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d03010703420004", "hex");
const COORDINATE_BYTES = 32;

/** SubjectPublicKeyInfo, DER, of a public area, for certificates and `node:crypto`. */
export function publicToSpki(publicArea: Uint8Array): Uint8Array {
  const { x, y } = decodePublic(publicArea);
  return Uint8Array.from([...spkiPrefix, ...leftPad(x), ...leftPad(y)]);
}

/** A big-endian integer of a TPM in exactly 32 bytes: some TPMs leave leading zeros out. */
export function leftPad(integer: Uint8Array): Uint8Array {
  const zeros = COORDINATE_BYTES - integer.length;
  if (zeros < 0) {
    throw new Reader(integer, "ECC parameter").malformed(`${integer.length} bytes for P-256`);
  }
  const padded = new Uint8Array(COORDINATE_BYTES);
  padded.set(integer, zeros);
  return padded;
}
