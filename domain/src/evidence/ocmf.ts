import { concatBytes, toHex, utf8 } from "./bytes.js";
import { intervalHash, type Sha256 } from "./hashes.js";
import type { Interval } from "./types.js";

/** Registers as OCMF names them: import of the mains 1.8.0, export C0 (OCMF 1.4, "OBIS codes"). */
const registers = [
  { of: "importWh", obis: "01-00:01.08.00*FF" },
  { of: "exportWh", obis: "01-00:C0.08.00*FF" },
] as const;

/** What a record says of the meter and of the device that signs it. */
export interface OcmfSource {
  /** Device id, 64 hex digits. */
  readonly device: string;
  /** Of the software that signs. */
  readonly version: string;
  readonly maker: string;
  readonly model: string;
  readonly firmware: string;
}

/** One record, yet to be signed. */
export interface OcmfPayload {
  readonly register: (typeof registers)[number]["of"];
  /** The exact text that is signed, in UTF-8, and that must be kept as it is. */
  readonly text: string;
}

/**
 * The records of an interval in the Open Charge Metering Format, one register each: verifiers refuse
 * two start values in one record, version 1.4, and 2.8.0 for export. Vendor fields tie a record to
 * the evidence: `XN` meter id with its meter epoch, `XI` hash of the interval, `XM` root of its batch,
 * `XE` placement epoch. Pagination counts per meter id: T1 and T2 are the registers of its first interval.
 */
export function ocmfPayloads(
  interval: Interval,
  source: OcmfSource,
  sha256: Sha256,
): readonly OcmfPayload[] {
  const [, serial = ""] = /:([^.]*)/.exec(interval.meter) ?? [];
  return registers.map(({ of, obis }, index) => ({
    register: of,
    text: JSON.stringify({
      FV: "1.3",
      GI: "PowerShare Edge",
      GS: source.device,
      GV: source.version,
      PG: `T${registers.length * (interval.sequence - 1) + index + 1}`,
      MV: source.maker,
      MM: source.model,
      MS: serial,
      MF: source.firmware,
      IS: false,
      IF: [],
      IT: "NONE",
      ID: "",
      RD: [
        reading(interval, "start", interval.first[of], obis),
        reading(interval, "end", interval.last[of], obis),
      ],
      XN: interval.meter,
      XI: toHex(intervalHash(interval, sha256)),
      XM: interval.merkleRoot,
      XE: interval.epoch,
    }),
  }));
}

/**
 * ECDSA-Sig-Value (RFC 3279 §2.2.3), DER, of a signature on P-256.
 * @param signature r ‖ s, 64 bytes.
 */
export function derSignature(signature: Uint8Array): Uint8Array {
  const values = concatBytes(derInteger(signature.slice(0, 32)), derInteger(signature.slice(32)));
  return concatBytes(Uint8Array.of(0x30, values.length), values);
}

/** Without leading zeros, but for one that keeps it positive. */
function derInteger(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.slice(first < 0 ? bytes.length - 1 : first);
  const sign = (digits[0] ?? 0) >= 0x80 ? [0] : [];
  return Uint8Array.of(0x02, sign.length + digits.length, ...sign, ...digits);
}

/** The bytes that the reading key signs. */
export const ocmfBytes = ({ text }: OcmfPayload): Uint8Array => utf8(text);

/**
 * A whole record.
 * @param signature ECDSA P-256 with SHA-256 over `ocmfBytes`, DER.
 */
export function ocmfRecord({ text }: OcmfPayload, signature: Uint8Array): string {
  const signed = JSON.stringify({
    SA: "ECDSA-secp256r1-SHA256",
    SE: "hex",
    SM: "application/x-der",
    SD: toHex(signature),
  });
  return `OCMF|${text}|${signed}`;
}

function reading(interval: Interval, end: "start" | "end", registerWh: number, obis: string) {
  const takenMs = Date.parse(interval[end]) + interval.boundaryErrorMs[end];
  const isSynchronised = interval.quality !== "unsynchronised";
  return {
    TM: `${new Date(takenMs).toISOString().replace(".", ",").replace("Z", "+0000")} ${isSynchronised ? "S" : "U"}`,
    TX: end === "start" ? "B" : "E",
    RV: registerWh,
    RI: obis,
    RU: "Wh",
    RT: "AC",
    EF: isSynchronised ? "" : "t",
    ST: "G",
  };
}
