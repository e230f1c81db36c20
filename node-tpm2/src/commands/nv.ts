import { equalBytes, Reader, Writer } from "../bytes.js";
import { ALG, HIERARCHY } from "../constants.js";
import { nameOf } from "../public-area.js";
import { type Authorization, type Command, command, noResult, password } from "./command.js";
import { type Attestation, attestation, type Signer } from "./signatures.js";

/** TPMS_NV_PUBLIC of an index named by SHA-256 (TPM 2.0 Part 2, clause 13.5). */
export interface NvPublic {
  readonly index: number;
  /** TPMA_NV. */
  readonly attributes: number;
  readonly authPolicy: Uint8Array;
  readonly dataBytes: number;
}

/** Size of a counter index (Part 2, clause 13.2). */
export const COUNTER_BYTES = 8;

/**
 * TPM2_NV_DefineSpace in the owner hierarchy, with an empty auth value (Part 3, clause 31.3).
 * @param ownerAuth Authorisation of the owner hierarchy.
 */
export function nvDefineSpace(
  area: NvPublic,
  ownerAuth: Authorization = password(),
): Command<undefined> {
  return command({
    name: "TPM2_NV_DefineSpace",
    code: 0x12a,
    handles: [HIERARCHY.owner],
    authorizations: [ownerAuth],
    parameters: new Writer().u16(0).sized(encodeNvPublic(area)).done(),
    parse: noResult,
  });
}

/** TPM2_NV_UndefineSpace of an index of the owner (Part 3, clause 31.4). */
export function nvUndefineSpace(
  index: number,
  ownerAuth: Authorization = password(),
): Command<undefined> {
  return command({
    name: "TPM2_NV_UndefineSpace",
    code: 0x122,
    handles: [HIERARCHY.owner, index],
    authorizations: [ownerAuth],
    parse: noResult,
  });
}

/** TPM2_NV_ReadPublic (Part 3, clause 31.6). The name changes with the first write of the index. */
export function nvReadPublic(index: number): Command<{ nvPublic: NvPublic; name: Uint8Array }> {
  return command({
    name: "TPM2_NV_ReadPublic",
    code: 0x169,
    handles: [index],
    parse: (reader) => {
      const area = reader.sized();
      const name = reader.sized();
      if (!equalBytes(name, nameOf(area))) throw reader.malformed("name of another index");
      return { nvPublic: decodeNvPublic(area), name };
    },
  });
}

/** TPM2_NV_Increment of a counter, authorised by the index itself (Part 3, clause 31.8). */
export function nvIncrement(index: number, auth: Authorization = password()): Command<undefined> {
  return command({
    name: "TPM2_NV_Increment",
    code: 0x134,
    handles: [index, index],
    authorizations: [auth],
    parse: noResult,
  });
}

/** TPM2_NV_Read of a counter, authorised by the index itself (Part 3, clause 31.13). */
export function nvReadCounter(index: number, auth: Authorization = password()): Command<bigint> {
  return command({
    name: "TPM2_NV_Read",
    code: 0x14e,
    handles: [index, index],
    authorizations: [auth],
    parameters: new Writer().u16(COUNTER_BYTES).u16(0).done(),
    parse: (reader) => {
      reader.expect(reader.u16(), COUNTER_BYTES, "size of the counter");
      return reader.u64();
    },
  });
}

/**
 * TPM2_NV_Read of a part of an index, authorised by the index itself.
 * @param size At most what the TPM gives at once, as a rule 512 bytes or more.
 */
export function nvRead(
  index: number,
  offset: number,
  size: number,
  auth: Authorization = password(),
): Command<Uint8Array> {
  return command({
    name: "TPM2_NV_Read",
    code: 0x14e,
    handles: [index, index],
    authorizations: [auth],
    parameters: new Writer().u16(size).u16(offset).done(),
    parse: (reader) => {
      reader.expect(reader.u16(), size, "size of what was read");
      return reader.take(size);
    },
  });
}

/** TPM2_NV_Write of a part of an index, authorised by the index itself (Part 3, clause 31.7). */
export function nvWrite(
  index: number,
  offset: number,
  bytes: Uint8Array,
  auth: Authorization = password(),
): Command<undefined> {
  return command({
    name: "TPM2_NV_Write",
    code: 0x137,
    handles: [index, index],
    authorizations: [auth],
    parameters: new Writer().sized(bytes).u16(offset).done(),
    parse: noResult,
  });
}

/**
 * TPM2_NV_Certify of a counter, authorised by the index itself (Part 3, clause 31.16): `signer` states the
 * value of the counter, the TPM's clock and its resets, and repeats `qualifyingData`.
 */
export function nvCertifyCounter(
  index: number,
  signer: Signer,
  qualifyingData: Uint8Array,
): Command<Attestation> {
  return command({
    name: "TPM2_NV_Certify",
    code: 0x184,
    handles: [signer.handle, index, index],
    authorizations: [signer.auth ?? password(), password()],
    parameters: new Writer().sized(qualifyingData).u16(ALG.null).u16(COUNTER_BYTES).u16(0).done(),
    parse: attestation,
  });
}

function encodeNvPublic(area: NvPublic): Uint8Array {
  return new Writer()
    .u32(area.index)
    .u16(ALG.sha256)
    .u32(area.attributes)
    .sized(area.authPolicy)
    .u16(area.dataBytes)
    .done();
}

function decodeNvPublic(bytes: Uint8Array): NvPublic {
  const reader = new Reader(bytes, "TPMS_NV_PUBLIC");
  const index = reader.u32();
  reader.expect(reader.u16(), ALG.sha256, "name algorithm");
  const area = {
    index,
    attributes: reader.u32(),
    authPolicy: reader.sized(),
    dataBytes: reader.u16(),
  };
  reader.end();
  return area;
}
