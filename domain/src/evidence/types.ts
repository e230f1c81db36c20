import { z } from "zod";
import {
  bytesHex,
  instantMs,
  instantSeconds,
  p1363Hex,
  participantId,
  sha256Hex,
  wh,
} from "../ledger/primitives.js";

/**
 * Formats of docs/evidence.md. Canonical bytes are RFC 8785 JSON of objects that hold only strings,
 * safe integers, booleans, arrays and objects; no number with a fraction ever enters them.
 *
 *   leaf      = SHA-256(0x00 ‖ JCS(reading or event))   RFC 9162 leaf
 *   node      = SHA-256(0x01 ‖ left ‖ right)            RFC 9162 node
 *   head(n)   = SHA-256(0x02 ‖ head(n-1) ‖ leaf(n))     head(0) = 32 zero bytes
 *   interval  = SHA-256(0x03 ‖ JCS(interval))
 *   statement = SHA-256(0x04 ‖ JCS(statement))          goes into NV_Certify as qualifyingData
 *   package   signed over 0x05 ‖ JCS(package without `signature`)
 */
export const clockQuality = z.enum(["synchronised", "holdover", "unknown"]);
export type ClockQuality = z.infer<typeof clockQuality>;

/** Free text that has a form in UTF-8: no lone surrogate. */
export const wellFormed = z
  .string()
  .refine((text) => !/\p{Surrogate}/u.test(text), "well-formed text");
const bootId = wellFormed.min(1).max(64);

/**
 * Maker's serial number as the meter gives it, prefixed by the profile's id: `eastron/sdm630:12345678`.
 * A meter whose registers began anew is another one from then on: `.2` for its second epoch, and so on.
 */
export const meterId = z
  .string()
  .regex(/^[a-z0-9-]+\/[a-z0-9-]+:[A-Za-z0-9-]{1,32}(\.([2-9]|[1-9]\d{1,3}))?$/)
  .max(120);
/** `connection`: where the household meets the grid. `generator`: its export is the production. */
export const meterRole = z.enum(["connection", "generator"]);
export type MeterRole = z.infer<typeof meterRole>;

/** One poll of one meter: the raw registers as they came, before any interpretation. */
export const reading = z.strictObject({
  v: z.literal(1),
  meter: meterId,
  /** One sequence per device over all its meters, gap-free from 1. */
  sequence: z.int().min(1),
  at: instantMs,
  monotonicMs: z.int().min(0),
  bootId,
  clock: clockQuality,
  /** SHA-256 of the profile file that gives the registers their meaning. */
  profile: sha256Hex,
  registers: z
    .array(
      z.strictObject({
        table: z.enum(["input", "holding"]),
        address: z.int().min(0).max(65535),
        bytes: bytesHex,
      }),
    )
    .min(1)
    .max(32),
  /** `rejected`: recorded, never billed; the register guard's code stands in `reason`. */
  quality: z.enum(["good", "rejected"]),
  reason: wellFormed.max(64).optional(),
});
export type Reading = z.infer<typeof reading>;

/**
 * Something that happened between readings and that whoever checks them must know: the clock was
 * set, a meter's registers began anew. Counted, chained and sealed with the readings.
 */
export const event = z.strictObject({
  v: z.literal(1),
  /** A reading has no such member, so neither passes for the other. */
  kind: z.literal("event"),
  /** In the one sequence of the device, among its readings. */
  sequence: z.int().min(1),
  at: instantMs,
  monotonicMs: z.int().min(0),
  bootId,
  clock: clockQuality,
  /** Such as `clock-step`, `meter-epoch-opened`; a verifier passes over names it does not know. */
  event: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  meter: meterId.optional(),
  /** At most 32. */
  details: z
    .record(z.string().regex(/^[a-z][A-Za-z0-9]{0,39}$/), z.union([z.int(), wellFormed.max(512)]))
    .refine((details) => Object.keys(details).length <= 32, "at most 32 details"),
});
export type Event = z.infer<typeof event>;

/** What a batch consists of. */
export type LogEntry = Reading | Event;

/**
 * Energy of one interval: what a house could not use in a year, and so little that the sums over a
 * microgrid stay safe integers.
 */
const intervalWh = wh.max(1_000_000_000);

/** Values of the cumulative registers at a boundary, rounded half to even to Wh. */
export const registerValues = z.strictObject({ importWh: wh, exportWh: wh });
export type RegisterValues = z.infer<typeof registerValues>;

/**
 * Energy of one meter in [start, end): one slot, or several where boundaries were missed
 * (`quality: "gap"`): then the total is exact and nothing is invented about its parts.
 */
export const interval = z.strictObject({
  v: z.literal(1),
  participant: participantId,
  meter: meterId,
  role: meterRole,
  /** Gap-free from 1, per meter. */
  sequence: z.int().min(1),
  /** Hash of the interval before it; zeros for the first. */
  previous: sha256Hex,
  start: instantSeconds,
  end: instantSeconds,
  importWh: intervalWh,
  exportWh: intervalWh,
  first: registerValues,
  last: registerValues,
  /** Sequences of the readings taken as the boundaries. */
  readings: z.strictObject({ first: z.int().min(1), last: z.int().min(1) }),
  /** How long after the boundary those readings were taken; before it, where the last one closes a meter's epoch. */
  boundaryErrorMs: z.strictObject({ start: z.int().min(0), end: z.int() }),
  quality: z.enum(["good", "gap", "unsynchronised"]),
  /** Placement epoch: rises when wiring could have been changed unseen. */
  epoch: z.int().min(1),
  /** Root of the batch that was sealed at the end. */
  merkleRoot: sha256Hex,
});
export type Interval = z.infer<typeof interval>;

/** What a checkpoint proves. */
export const statement = z.strictObject({
  v: z.literal(1),
  device: sha256Hex,
  sequence: z.int().min(1),
  previous: sha256Hex,
  at: instantMs,
  monotonicMs: z.int().min(0),
  bootId,
  clock: clockQuality,
  /** Readings and events of the sealed batch, inclusive. */
  readings: z.strictObject({ first: z.int().min(1), last: z.int().min(1) }),
  chainHead: sha256Hex,
  merkleRoot: sha256Hex,
  /** Hash of the newest interval of each meter that has one. */
  intervalHeads: z.record(meterId, sha256Hex),
});
export type Statement = z.infer<typeof statement>;

/** Statement, and the TPM's word for it: TPMS_ATTEST of NV_Certify over the orderly counter, signed by the attestation key. */
export const checkpoint = z.strictObject({ statement, attest: bytesHex, signature: p1363Hex });
export type Checkpoint = z.infer<typeof checkpoint>;

/** At most so many intervals in one package. */
export const intervalsPerPackage = 200;

/** What goes to the ledger: consecutive intervals of one meter, under the checkpoint that covers the last of them. */
export const evidencePackage = z.strictObject({
  v: z.literal(1),
  participant: participantId,
  meter: meterId,
  intervals: z.array(interval).min(1).max(intervalsPerPackage),
  checkpoint,
  /** By the reading key, which is also the Fabric identity. */
  signature: p1363Hex,
});
export type EvidencePackage = z.infer<typeof evidencePackage>;

/** Hash and signature checks are passed in, so this runs in Node, in chaincode and in a browser. */
export interface Crypto {
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  /** ECDSA P-256 with SHA-256 over `message`; key as SPKI DER, signature as r ‖ s. False for anything malformed. */
  readonly verifyP256: (
    publicKeySpki: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ) => boolean;
}
