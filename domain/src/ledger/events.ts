import { z } from "zod";
import { intervalsPerPackage, meterId, meterRole } from "../evidence/types.js";
import { correction } from "./corrections.js";
import {
  heldOutcome,
  heldPayment,
  heldSale,
  placement,
  placementJudgement,
  placementKey,
  placementStates,
  wiringReport,
} from "./placements.js";
import {
  currency,
  decimal,
  instantMs,
  instantSeconds,
  nonce,
  participantId,
  signedDecimal,
} from "./primitives.js";
import {
  excludedOrder,
  formerDevice,
  meterEpochRequest,
  orderRequest,
  settledEnergy,
  settledTrade,
  statusReason,
} from "./records.js";

/**
 * What one transaction adds to one wallet; absent means nothing. The sum of all changes from the first
 * block on is the wallet, so a reader of events never has to ask for balances, and a credit needs no
 * reading of the wallet it goes to.
 */
export const walletChange = z
  .object({
    participant: participantId,
    coinsNano: signedDecimal.optional(),
    escrowNano: signedDecimal.optional(),
    heldNano: signedDecimal.optional(),
    energyWh: signedDecimal.optional(),
    cashMicro: z.record(currency, signedDecimal).optional(),
    owedNano: z.record(participantId, signedDecimal).optional(),
  })
  .meta({ title: "wallet change" });
export type WalletChange = z.infer<typeof walletChange>;

/** Every event says when: the timestamp of its transaction. */
const base = { at: instantMs };
const withChanges = { ...base, changes: z.array(walletChange) };

/** A match of the clearing, to be delivered in the slot. */
export const contractedTrade = z.object({
  seller: participantId,
  buyer: participantId,
  energyWh: z.int().min(0),
  priceMicroPerKwh: z.int().min(0),
  amountNano: decimal,
});

/** Payload of each event by its name: at most one event per transaction, with all that a page needs. */
export const events = {
  ParticipantRegistered: z.object({
    ...base,
    id: participantId,
    kind: z.enum(["resident", "utility", "bank"]),
    status: z.enum(["active", "suspended"]),
  }),
  ParticipantStatusSet: z.object({
    ...base,
    id: participantId,
    status: z.enum(["active", "suspended"]),
    reason: statusReason,
  }),
  DeviceReplacementAsked: z.object({
    ...base,
    participant: participantId,
    device: formerDevice.shape.device,
    askedBy: z.enum(["household", "operator"]),
  }),
  DeviceReplaced: z.object({
    ...base,
    participant: participantId,
    device: formerDevice.shape.device,
    former: formerDevice.shape.device,
    askedBy: z.enum(["household", "operator"]),
  }),
  CoinsIssued: z.object({ ...withChanges, nonce, account: participantId, amountNano: decimal }),
  CashFunded: z.object({
    ...withChanges,
    nonce,
    resident: participantId,
    currency,
    amountMicro: decimal,
  }),
  CashToCoins: z.object({
    ...withChanges,
    nonce,
    seller: participantId,
    buyer: participantId,
    currency,
    cashMicro: decimal,
    rateMicro: decimal,
    amountNano: decimal,
  }),
  EvidenceAccepted: z.object({
    ...base,
    participant: participantId,
    meter: meterId,
    role: meterRole,
    /** First and last interval of the package that were new, and how many of them came after settlement. */
    firstSequence: z.int().min(1),
    lastSequence: z.int().min(1),
    late: z.int().min(0),
    /** Starts of the slots in which the new ones are to be settled: none of those that came late. */
    slots: z.array(instantSeconds).max(intervalsPerPackage),
    end: instantSeconds,
    importWh: z.int().min(0),
    exportWh: z.int().min(0),
    counter: decimal,
    /** Placement epochs that it opened, or in which the ledger's rules came to a result. */
    placements: z
      .array(placement.omit({ participant: true, meter: true }).extend({ state: placementStates }))
      .max(intervalsPerPackage + 1)
      .optional(),
  }),
  PlacementJudged: z.object({
    ...base,
    ...placementKey.shape,
    judgement: placementJudgement,
    state: placementStates,
  }),
  WiringReported: z.object({
    ...base,
    ...placementKey.shape,
    report: wiringReport,
    state: placementStates,
  }),
  MeterEpochAsked: z.object({ ...base, participant: participantId, ...meterEpochRequest.shape }),
  MeterEpochConfirmed: z.object({
    ...base,
    participant: participantId,
    ...meterEpochRequest.shape,
  }),
  OrderPlaced: z.object({
    ...base,
    slot: instantSeconds,
    participant: participantId,
    order: orderRequest,
  }),
  SlotSealed: z.object({ ...base, slot: instantSeconds }),
  SlotCleared: z.object({
    ...withChanges,
    slot: instantSeconds,
    trades: z.array(contractedTrade),
    excluded: z.array(excludedOrder),
    digest: z.string(),
  }),
  SlotSettled: z.object({
    ...withChanges,
    slot: instantSeconds,
    trades: z.array(settledTrade),
    energy: z.array(settledEnergy),
    missing: z.array(participantId),
    /** What sellers did not get yet, and for which placements. */
    held: z.array(heldSale).optional(),
  }),
  HeldResolved: z.object({
    ...withChanges,
    participant: participantId,
    sales: z.array(
      z.object({ slot: instantSeconds, outcome: heldOutcome, payments: z.array(heldPayment) }),
    ),
  }),
  CorrectionAsked: z.object({ ...base, id: nonce, correction }),
  CorrectionConfirmed: z.object({ ...withChanges, id: nonce, correction }),
} as const;

export type EventName = keyof typeof events;
export type EventPayload<N extends EventName> = z.infer<(typeof events)[N]>;

const named = <N extends EventName>(name: N) =>
  z.object({ name: z.literal(name), payload: events[name] });
const ledgerEvent = z.discriminatedUnion("name", [
  named("ParticipantRegistered"),
  named("ParticipantStatusSet"),
  named("DeviceReplacementAsked"),
  named("DeviceReplaced"),
  named("CoinsIssued"),
  named("CashFunded"),
  named("CashToCoins"),
  named("EvidenceAccepted"),
  named("MeterEpochAsked"),
  named("MeterEpochConfirmed"),
  named("OrderPlaced"),
  named("SlotSealed"),
  named("SlotCleared"),
  named("SlotSettled"),
  named("PlacementJudged"),
  named("WiringReported"),
  named("HeldResolved"),
  named("CorrectionAsked"),
  named("CorrectionConfirmed"),
]);
export type LedgerEvent = z.infer<typeof ledgerEvent>;

/**
 * Parses a chaincode event by its schema; undefined for a name that only a newer ledger knows.
 * @throws ZodError for a payload that does not fit its name.
 */
export function parseEvent(name: string, payload: unknown): LedgerEvent | undefined {
  return Object.hasOwn(events, name) ? ledgerEvent.parse({ name, payload }) : undefined;
}
