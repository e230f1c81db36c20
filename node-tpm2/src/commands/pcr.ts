import { createHash } from "node:crypto";
import { type Reader, Writer } from "../bytes.js";
import { ALG } from "../constants.js";
import { type Authorization, type Command, command, noResult, password } from "./command.js";
import { type Attestation, attestation, type Signer } from "./signatures.js";

/** PCRs of the SHA-256 bank, by index 0 to 23, rising. */
export type PcrSelection = readonly number[];

const PCR_BYTES = 32;
const SELECT_BYTES = 3;

/** TPML_PCR_SELECTION with one bank (TPM 2.0 Part 2, clause 10.9.7). */
export function encodeSelection(pcrs: PcrSelection): Uint8Array {
  const bits = new Uint8Array(SELECT_BYTES);
  for (const pcr of pcrs) {
    if (!Number.isInteger(pcr) || pcr < 0 || pcr > 23) throw new RangeError(`no PCR ${pcr}`);
    bits[pcr >> 3] = (bits[pcr >> 3] ?? 0) | (1 << (pcr & 7));
  }
  return new Writer().u32(1).u16(ALG.sha256).u8(SELECT_BYTES).raw(bits).done();
}

/**
 * TPM2_PCR_Read (Part 3, clause 22.4) of at most eight PCRs.
 * @returns 32 bytes each, in the order of rising index, and how often any PCR was changed since the reset.
 */
export function pcrRead(
  pcrs: PcrSelection,
): Command<{ updateCounter: number; values: readonly Uint8Array[] }> {
  const selection = encodeSelection(pcrs);
  return command({
    name: "TPM2_PCR_Read",
    code: 0x17e,
    parameters: selection,
    parse: (reader) => {
      const updateCounter = reader.u32();
      expectBytes(reader, selection, "selection");
      reader.expect(reader.u32(), pcrs.length, "number of PCRs");
      const values = pcrs.map(() => {
        reader.expect(reader.u16(), PCR_BYTES, "size of a PCR");
        return reader.take(PCR_BYTES);
      });
      return { updateCounter, values };
    },
  });
}

/**
 * TPM2_PCR_Extend of the SHA-256 bank (Part 3, clause 22.2): the PCR becomes SHA-256(PCR ‖ digest).
 * @param digest 32 bytes.
 */
export function pcrExtend(
  pcr: number,
  digest: Uint8Array,
  auth: Authorization = password(),
): Command<undefined> {
  return command({
    name: "TPM2_PCR_Extend",
    code: 0x182,
    handles: [pcr],
    authorizations: [auth],
    parameters: new Writer().u32(1).u16(ALG.sha256).raw(digest).done(),
    parse: noResult,
  });
}

/**
 * TPM2_Quote (Part 3, clause 18.4): `signer` states the PCRs' values, the TPM's clock and its resets, and repeats
 * `qualifyingData`.
 */
export function quote(
  signer: Signer,
  pcrs: PcrSelection,
  qualifyingData: Uint8Array,
): Command<Attestation> {
  return command({
    name: "TPM2_Quote",
    code: 0x158,
    handles: [signer.handle],
    authorizations: [signer.auth ?? password()],
    parameters: new Writer().sized(qualifyingData).u16(ALG.null).raw(encodeSelection(pcrs)).done(),
    parse: attestation,
  });
}

/** Digest over PCR values as quotes and policies carry it: SHA-256 of them one after the other. */
export function pcrDigest(values: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(createHash("sha256").update(Buffer.concat(values)).digest());
}

function expectBytes(reader: Reader, expected: Uint8Array, field: string): void {
  const found = reader.take(expected.length);
  if (Buffer.compare(found, expected) !== 0) throw reader.malformed(`another ${field}`);
}
