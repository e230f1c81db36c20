import { z } from "zod";
import { meterId, meterRole, registerValues } from "../evidence/types.js";
import { slotOrders, slotResult } from "../market/types.js";
import { tally } from "../wiring/evidence-rules.js";
import { wiringSettings } from "../wiring/wiring-settings.js";
import { heldSale } from "./placements.js";
import {
  bytesHex,
  currency,
  decimal,
  instantMs,
  instantSeconds,
  nonce,
  p1363Hex,
  participantId,
  sha256Hex,
  signedDecimal,
  wh,
} from "./primitives.js";

/** Roles as the certificate attribute `role` carries them. A missing attribute is a refusal. */
export const role = z.enum(["operator", "resident", "utility", "bank", "community"]);
export type Role = z.infer<typeof role>;
/** Whose certificates may carry a role. Banks, like owners without a house, act through the operator's server. */
export const mspOfRole: Readonly<Record<Role, string>> = {
  operator: "OperatorMSP",
  resident: "CommunityMSP",
  utility: "UtilityMSP",
  bank: "OperatorMSP",
  /** Who speaks for the residents together; acts for the microgrid, like the operator. */
  community: "CommunityMSP",
};

export const settings = z.strictObject({
  microgrid: z.string().regex(/^[a-z0-9-]{1,40}$/),
  slotSeconds: z.int().min(5).max(3600),
  /** A slot is sealed no earlier than this before its start, and never after it. */
  gateSeconds: z.int().min(0).max(3600),
  /** After its end plus this, a slot is settled although evidence is missing. */
  settleAfterSeconds: z
    .int()
    .min(1)
    .max(35 * 86_400),
  rule: z.enum(["uniform"]),
  rulesVersion: z.literal(1),
  /** With it, sales of a household whose wiring is not proven wait in escrow. */
  wiring: wiringSettings.optional(),
});
export type Settings = z.infer<typeof settings>;

/** Why a participant's status was set; a closed list, so that nothing personal gets on the ledger. */
export const statusReason = z.enum([
  "unspecified",
  "device-lost",
  "device-replaced",
  "key-compromised",
  "left",
  "dispute",
  "resumed",
]);
export type StatusReason = z.infer<typeof statusReason>;

export const registeredMeter = z.strictObject({
  id: meterId,
  role: meterRole,
  profile: sha256Hex,
  /** The most that can flow: a connection point's fuse rating times voltage and phases, a generator's peak power. */
  limitW: z.int().min(100).max(10_000_000).optional(),
});
/** Storage and vehicles of a household as it declares them: they change what its meters can honestly show. */
export const declaredEquipment = z.strictObject({
  storage: z.enum(["none", "ac", "dc"]),
  ev: z.boolean(),
});

const device = {
  /** SHA-256 of the endorsement key's public area. */
  device: sha256Hex,
  /** TPMT_PUBLIC of both keys, and the TPM2_Certify by which the attestation key vouches for the reading key. */
  attestationKey: bytesHex,
  readingKey: bytesHex,
  certification: z.strictObject({ attest: bytesHex, signature: p1363Hex }),
  /** TPM name of the orderly NV counter, after its first increment. */
  counterName: bytesHex,
};

/** What `participants:RegisterParticipant` takes, as JSON. */
const registrationBase = { id: participantId };
export const registration = z.discriminatedUnion("kind", [
  z.strictObject({
    ...registrationBase,
    kind: z.literal("resident"),
    node: z.string().min(1).max(40),
    ...device,
    meters: z.array(registeredMeter).min(1).max(8),
    equipment: declaredEquipment.optional(),
    /** Class of its offers. */
    source: z.enum(["green", "storage", "other"]).default("other"),
    utility: participantId,
  }),
  z.strictObject({
    ...registrationBase,
    kind: z.literal("utility"),
    node: z.string().min(1).max(40),
    feedInMicroPerKwh: z.int().min(0).max(1_000_000_000),
    retailMicroPerKwh: z.int().min(1).max(1_000_000_000),
  }),
  z.strictObject({ ...registrationBase, kind: z.literal("bank") }),
]);
export type Registration = z.infer<typeof registration>;

/** The TPM that is to take the place of a participant's; also the same one after it was cleared. */
export const newDevice = z.strictObject(device);
export type NewDevice = z.infer<typeof newDevice>;

/** A replacement of a resident's TPM, asked for or done. */
export const deviceReplacement = z.strictObject({
  participant: participantId,
  device: newDevice,
  /** The household by its old key, or the operator where that is lost. */
  askedBy: z.enum(["household", "operator"]),
  state: z.enum(["asked", "confirmed"]),
  at: instantMs,
});
export type DeviceReplacement = z.infer<typeof deviceReplacement>;

/** A device that was replaced: what it signed until then stays valid. */
export const formerDevice = z.strictObject({
  device: sha256Hex,
  attestationSpki: z.string(),
  readingSpki: z.string(),
  counterName: bytesHex,
  until: instantMs,
});
export type FormerDevice = z.infer<typeof formerDevice>;
/** At most so many per participant: one in eight months for ten years. */
export const mostFormerDevices = 16;

/**
 * A meter that counts anew: reset, replaced, or set up anew. From its confirmation on `follows` is closed
 * at the closing registers, and `meter` stands in its place.
 */
export const meterEpochRequest = z.strictObject({
  meter: meterId,
  follows: meterId,
  role: meterRole,
  profile: sha256Hex,
  reason: z.enum(["registers", "serial", "setup"]),
  closing: registerValues,
  opening: registerValues,
});
export type MeterEpochRequest = z.infer<typeof meterEpochRequest>;
/** At most so many per participant: one in ten weeks for ten years. */
export const mostEpochs = 64;

/** As the ledger keeps it. */
export const ledgerEpoch = meterEpochRequest.extend({
  participant: participantId,
  state: z.enum(["asked", "confirmed"]),
  at: instantMs,
});
export type LedgerEpoch = z.infer<typeof ledgerEpoch>;

/** The stored participant: its registration and what the ledger adds. */
export const participant = z.intersection(
  registration,
  z.object({
    status: z.enum(["active", "suspended"]),
    statusReason: statusReason.optional(),
    /** SPKI of both keys in base64, taken from the checked public areas. */
    attestationSpki: z.string().optional(),
    readingSpki: z.string().optional(),
    /** Confirmed new epochs of its meters, oldest first. */
    epochs: z.array(meterEpochRequest).max(mostEpochs).optional(),
    /** Replaced devices, oldest first. */
    formerDevices: z.array(formerDevice).max(mostFormerDevices).optional(),
  }),
);
export type Participant = z.infer<typeof participant>;

export const wallet = z.strictObject({
  participant: participantId,
  coinsNano: signedDecimal,
  /** Set aside at clearing for what was bought; paid or given back at settlement. */
  escrowNano: decimal,
  /** Of sales whose placement is not proven: theirs who paid or the seller's, as that turns out. */
  heldNano: decimal.default("0"),
  cashMicro: z.record(currency, decimal),
  energyWh: signedDecimal,
  /** Owed to others because the balance did not suffice; paid first from what comes in. */
  owedNano: z.record(participantId, decimal),
});
export type Wallet = z.infer<typeof wallet>;

/** What the ledger last accepted from a meter. */
export const meterHead = z.strictObject({
  meter: meterId,
  participant: participantId,
  sequence: z.int().min(1),
  hash: sha256Hex,
  end: instantSeconds,
  importWh: z.int().min(0),
  exportWh: z.int().min(0),
  epoch: z.int().min(1),
  /** Highest value seen of the device's NV counter, and its reset count. */
  counter: decimal,
  resetCount: z.int().min(0),
  /** SHA-256 of the reading key that signed it: another device counts for itself. */
  signedBy: sha256Hex.optional(),
  /** The newest placement epoch, and what its intervals come to; null where wiring is not judged any more. */
  placement: z.strictObject({ epoch: z.int().min(1), tally: tally.nullable() }).optional(),
});
export type MeterHead = z.infer<typeof meterHead>;

/** Evidence as settlement needs it; under the slot in which the interval ends. */
export const acceptedEvidence = z.strictObject({
  participant: participantId,
  meter: meterId,
  role: meterRole,
  sequence: z.int().min(1),
  start: instantSeconds,
  end: instantSeconds,
  importWh: z.int().min(0),
  exportWh: z.int().min(0),
  quality: z.enum(["good", "gap", "unsynchronised"]),
  epoch: z.int().min(1),
  /** The ledger's placement epoch; absent where wiring was not judged when it came. */
  placement: z.int().min(1).optional(),
  /** Hash of the interval, which covers all intervals before it. */
  hash: sha256Hex,
  transaction: z.string(),
  /** Came after its slot was settled: settled with the utility alone, in the slot in which it came. */
  late: z.boolean(),
});
export type AcceptedEvidence = z.infer<typeof acceptedEvidence>;

/** One seller, one buyer, one slot: `SettledTrade` of domain/market. */
export const settledTrade = z.object({
  seller: participantId,
  buyer: participantId,
  contractedWh: wh,
  deliveredWh: wh,
  priceMicroPerKwh: z.int().min(0),
  amountNano: decimal,
  kind: z.enum(["contract", "surplus"]),
});

/** What a participant's energy of the slot became: `SettledEnergy` of domain/market. */
export const settledEnergy = z.object({
  participant: participantId,
  importWh: wh,
  exportWh: wh,
  soldWh: wh,
  boughtWh: wh,
  fedInWh: wh,
  retailWh: wh,
});

export const due = z.object({
  from: participantId,
  to: participantId,
  amountNano: decimal,
  reason: z.enum(["trade", "surplus", "feed-in", "retail"]),
});

export const slotSettlement = z.object({
  at: instantMs,
  trades: z.array(settledTrade),
  dues: z.array(due),
  energy: z.array(settledEnergy),
  /** Active residents whose evidence was missing at the deadline. */
  missing: z.array(participantId),
  /** What sellers did not get yet. */
  held: z.array(heldSale).optional(),
});
export type SlotSettlement = z.infer<typeof slotSettlement>;

export const slotState = z.enum(["open", "sealed", "cleared", "settled"]);
export const excludedOrder = z.strictObject({ order: z.string(), reason: z.string() });
export const slotRecord = z.strictObject({
  start: instantSeconds,
  seconds: z.int(),
  state: slotState,
  orders: slotOrders.optional(),
  result: slotResult.optional(),
  /** Orders left out at clearing, with the reason. */
  excluded: z.array(excludedOrder).optional(),
  settlement: slotSettlement.optional(),
});
export type SlotRecord = z.infer<typeof slotRecord>;

/** Argument of `market:PlaceOrder`; the participant, node and source come from the caller's record. */
export const orderRequest = z.strictObject({
  side: z.enum(["sell", "buy"]),
  steps: z
    .array(
      z.strictObject({
        energyWh: z.int().min(1).max(1_000_000_000),
        limitMicroPerKwh: z.int().min(0).max(1_000_000_000),
      }),
    )
    .min(1)
    .max(8),
});
export type OrderRequest = z.infer<typeof orderRequest>;

export { nonce };
