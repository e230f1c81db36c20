import { z } from "zod";
import type { ErrorCode } from "../errors/index.js";
import { evidencePackage, meterId, registerValues } from "../evidence/types.js";
import { correction, ledgerCorrection } from "./corrections.js";
import type { EventName } from "./events.js";
import {
  heldSale,
  judgedPlacement,
  placementJudgement,
  placementKey,
  wiringReport,
} from "./placements.js";
import {
  currency,
  decimal,
  instantSeconds,
  nonce,
  participantId,
  signedDecimal,
} from "./primitives.js";
import {
  acceptedEvidence,
  deviceReplacement,
  ledgerEpoch,
  meterEpochRequest,
  meterHead,
  newDevice,
  orderRequest,
  participant,
  type Role,
  registration,
  settings,
  slotRecord,
  statusReason,
  wallet,
} from "./records.js";

/** One transaction of the chaincode. Arguments are strings on the wire, in the order of `args`. */
interface Transaction {
  /** `submit` changes the ledger; `evaluate` asks one peer. */
  readonly kind: "submit" | "evaluate";
  readonly summary: string;
  readonly args: z.ZodObject;
  readonly roles: readonly Role[];
  readonly event?: EventName;
  readonly returns: z.ZodType;
  /** Refusals of its own, beside the common ones. */
  readonly errors: readonly ErrorCode[];
  /** Keys it writes (submit) or reads (evaluate). */
  readonly keys: string;
  readonly endorsement?: string;
}

/** An argument that is a JSON document: text on the wire, checked by its schema. */
function json<S extends z.ZodType>(schema: S) {
  const text = z.codec(z.string().max(4_000_000), z.unknown(), {
    decode: (value, context): unknown => {
      try {
        return JSON.parse(value);
      } catch {
        context.issues.push({ code: "custom", input: value, message: "not JSON" });
        return z.NEVER;
      }
    },
    encode: (value) => JSON.stringify(value),
  });
  return text.pipe(schema);
}

const everyRole = ["operator", "resident", "utility", "bank", "community"] as const;
/** A placement epoch's number, on the wire a decimal string like all integers. */
const epochNumber = z
  .codec(z.string().regex(/^[1-9]\d{0,5}$/), placementKey.shape.epoch, {
    decode: Number,
    encode: String,
  })
  .meta({ title: "decimal" });
/** Whether the call changed anything: `already` when the same had been done before. */
const effect = z.object({ effect: z.enum(["done", "already"]) });
export type Effect = z.infer<typeof effect>["effect"];

/** Sums that must be zero, and the late energy that is not settled yet. */
export const audit = z.object({
  /** Wallets, escrow and held coins minus what was issued. */
  coinsNano: signedDecimal,
  /** Held coins of wallets minus what the held sales say. */
  heldNano: signedDecimal,
  /** Wallets minus what was funded, per currency. */
  cashMicro: z.record(currency, signedDecimal),
  /** Wallets minus (minted minus retired). */
  energyWh: signedDecimal,
  issuedNano: decimal,
  mintedWh: decimal,
  retiredWh: decimal,
  unsettled: z.object({ intervals: z.int(), importWh: decimal, exportWh: decimal }),
});
export type Audit = z.infer<typeof audit>;

/** Refusals that any transaction can give. */
export const commonErrors = [
  "access.attribute",
  "access.device",
  "access.key",
  "access.microgrid",
  "access.organisation",
  "access.role",
  "access.suspended",
  "access.unregistered",
  "ledger.arguments",
  "ledger.clock",
  "ledger.conservation",
  "ledger.settings-missing",
  "ledger.stopping",
] as const satisfies readonly ErrorCode[];

/** All transactions of the chaincode, `contract:Name`. The reference in docs/ledger.md is written from this. */
export const transactions = {
  "participants:SetSettings": {
    kind: "submit",
    summary:
      "Sets the rules of the microgrid. Microgrid and slot length are fixed by the first call. The first call also creates the total of issued coins with its own endorsement policy.",
    args: z.object({ settings: json(settings) }),
    roles: ["operator"],
    returns: effect,
    errors: ["ledger.settings-fixed"],
    keys: "settings, issued",
  },
  "participants:ReadSettings": {
    kind: "evaluate",
    summary: "The rules of the microgrid.",
    args: z.object({}),
    roles: everyRole,
    returns: settings,
    errors: [],
    keys: "settings",
  },
  "participants:RegisterParticipant": {
    kind: "submit",
    summary:
      "Registers a resident, utility or bank. For a resident the attestation key's certification of the reading key is checked and both public keys are stored; meters and device belong to one participant only.",
    args: z.object({ registration: json(registration) }),
    roles: ["operator"],
    event: "ParticipantRegistered",
    returns: effect,
    errors: [
      "evidence.attestation",
      "evidence.certification",
      "evidence.counter-name",
      "evidence.key",
      "participants.exists",
      "participants.taken",
      "participants.unknown",
    ],
    keys: "participant~id, meter-owner~meter, device~device",
  },
  "participants:SetStatus": {
    kind: "submit",
    summary:
      "Suspends a participant or makes it active again, with the reason. A suspended one may read, and nothing else; its orders are left out at clearing. This is what revokes a key on the ledger; the same status again changes nothing, the reason neither.",
    args: z.object({
      participant: participantId,
      status: z.enum(["active", "suspended"]),
      reason: statusReason,
    }),
    roles: ["operator"],
    event: "ParticipantStatusSet",
    returns: effect,
    errors: ["participants.unknown"],
    keys: "participant~id",
  },
  "participants:AskDeviceReplacement": {
    kind: "submit",
    summary:
      "Asks for another TPM in the place of a resident's: by the household itself, which signs with its old key, or, where that is lost, by the operator. The keys are checked as at the registration. What was asked for before and not confirmed is replaced.",
    args: z.object({ participant: participantId, device: json(newDevice) }),
    roles: ["resident", "operator"],
    event: "DeviceReplacementAsked",
    returns: effect,
    errors: [
      "evidence.attestation",
      "evidence.certification",
      "evidence.counter-name",
      "evidence.key",
      "participants.taken",
      "participants.unknown",
    ],
    keys: "device-replacement~participant",
  },
  "participants:ConfirmDeviceReplacement": {
    kind: "submit",
    summary:
      "Confirms what was asked for, word by word: the operator what the household asked for, and the household's utility what the operator asked for. From then on only the new device's key is the participant's; evidence that the old one signed of the time before is still accepted.",
    args: z.object({ participant: participantId, device: json(newDevice) }),
    roles: ["operator", "utility"],
    event: "DeviceReplaced",
    returns: effect,
    errors: ["participants.replacement", "participants.taken", "participants.unknown"],
    keys: "participant~id, device~device, device-replacement~participant",
  },
  "participants:ReadDeviceReplacement": {
    kind: "evaluate",
    summary: "The replacement of a resident's TPM that was last asked for; null where none was.",
    args: z.object({ participant: participantId }),
    roles: everyRole,
    returns: deviceReplacement.nullable(),
    errors: [],
    keys: "device-replacement~participant",
  },
  "participants:ReadParticipant": {
    kind: "evaluate",
    summary: "One participant.",
    args: z.object({ participant: participantId }),
    roles: everyRole,
    returns: participant,
    errors: ["participants.unknown"],
    keys: "participant~id",
  },
  "participants:ListParticipants": {
    kind: "evaluate",
    summary: "All participants, by id.",
    args: z.object({}),
    roles: everyRole,
    returns: z.array(participant),
    errors: [],
    keys: "participant~*",
  },
  "wallets:IssueCoins": {
    kind: "submit",
    summary:
      "Issues coins to a bank or utility. There is no other source of coins. The same nonce is carried out once.",
    args: z.object({ nonce, account: participantId, amountNano: decimal }),
    roles: ["operator"],
    event: "CoinsIssued",
    returns: effect,
    errors: [
      "participants.unknown",
      "wallets.account-kind",
      "wallets.amount",
      "wallets.nonce-reused",
    ],
    keys: "entry~IssueCoins~nonce, issued, wallet~account~transaction",
    endorsement: "operator and utility (policy of the key `issued`), beside 2 of 3",
  },
  "wallets:CashFundingResident": {
    kind: "submit",
    summary:
      "Books cash that a resident paid in. The same nonce is carried out once; the entries are the total of cash.",
    args: z.object({ nonce, resident: participantId, currency, amountMicro: decimal }),
    roles: ["operator"],
    event: "CashFunded",
    returns: effect,
    errors: [
      "participants.unknown",
      "wallets.account-kind",
      "wallets.amount",
      "wallets.nonce-reused",
    ],
    keys: "entry~CashFundingResident~nonce, wallet~resident~transaction",
  },
  "wallets:CashToCoins": {
    kind: "submit",
    summary:
      "The seller gives coins and gets cash from the buyer; one of the two is a bank. Coins are cash times rate (micro-coin per unit of currency), and must come out exact in nano-coin. The same nonce is carried out once.",
    args: z.object({
      nonce,
      seller: participantId,
      buyer: participantId,
      currency,
      cashMicro: decimal,
      rateMicro: decimal,
    }),
    roles: ["operator"],
    event: "CashToCoins",
    returns: effect,
    errors: [
      "participants.unknown",
      "wallets.account-kind",
      "wallets.amount",
      "wallets.insufficient",
      "wallets.nonce-reused",
    ],
    keys: "entry~CashToCoins~nonce, wallet~seller~*, wallet~buyer~*",
  },
  "wallets:ReadWallet": {
    kind: "evaluate",
    summary: "A wallet with all entries folded in.",
    args: z.object({ participant: participantId }),
    roles: everyRole,
    returns: wallet,
    errors: ["participants.unknown"],
    keys: "wallet~id~*",
  },
  "wallets:ListWallets": {
    kind: "evaluate",
    summary: "All wallets, by participant.",
    args: z.object({}),
    roles: everyRole,
    returns: z.array(wallet),
    errors: [],
    keys: "participant~*, wallet~*",
  },
  "wallets:ReleaseHeld": {
    kind: "submit",
    summary:
      "Resolves up to 48 held sales of a participant, oldest first: proven ones go to the seller, what his payers could not pay is due then; those of a manipulated placement, and those still unproven 35 days after their slot, go back to who paid. Without effect where none can be resolved.",
    args: z.object({ participant: participantId }),
    roles: everyRole,
    event: "HeldResolved",
    returns: effect,
    errors: ["participants.unknown"],
    keys: "held~participant~slot, wallet~participant~*, wallet~payer~*",
  },
  "wallets:ReadHeld": {
    kind: "evaluate",
    summary: "Sales of a participant that wait for the proof of a placement, oldest first.",
    args: z.object({ participant: participantId }),
    roles: everyRole,
    returns: z.array(heldSale),
    errors: [],
    keys: "held~participant~*",
  },
  "wallets:AskCorrection": {
    kind: "submit",
    summary:
      "Asks the community to confirm a correction: payments for a slot that was settled up to 35 days ago, or a word on a placement that no judge may give alone. Nothing that was booked is changed. Under one id one correction is asked for.",
    args: z.object({ id: nonce, correction: json(correction) }),
    roles: ["operator"],
    event: "CorrectionAsked",
    returns: effect,
    errors: [
      "metering.placement-unknown",
      "participants.unknown",
      "wallets.amount",
      "wallets.correction-closed",
      "wallets.nonce-reused",
    ],
    keys: "correction~id",
  },
  "wallets:ConfirmCorrection": {
    kind: "submit",
    summary: "Confirms a correction word by word, and books it. What a payer cannot pay he owes.",
    args: z.object({ id: nonce, correction: json(correction) }),
    roles: ["community"],
    event: "CorrectionConfirmed",
    returns: effect,
    errors: ["wallets.correction-closed", "wallets.correction-unknown"],
    keys: "correction~id, wallet~payer~*, wallet~payee~transaction, decision~participant~meter~epoch",
  },
  "wallets:ListCorrections": {
    kind: "evaluate",
    summary: "Corrections that were asked for or confirmed, by id.",
    args: z.object({}),
    roles: everyRole,
    returns: z.array(ledgerCorrection),
    errors: [],
    keys: "correction~*",
  },
  "wallets:Audit": {
    kind: "evaluate",
    summary:
      "Sums that must be zero, the totals behind them, and late energy that is not settled yet.",
    args: z.object({}),
    roles: everyRole,
    returns: audit,
    errors: [],
    keys: "wallet~*, issued, entry~CashFundingResident~*, energy, pending~*, held~*",
  },
  "metering:SubmitEvidence": {
    kind: "submit",
    summary:
      "Accepts up to 200 consecutive intervals of one meter: hash chain, sequence, registers, signature of the reading key, attestation and counter must hold. Intervals of a slot that is already settled, or older than 35 days, are late: their energy is settled with the utility alone, in the slot in which they come. The same package again has no effect.",
    args: z.object({
      package: json(
        evidencePackage.meta({ title: "evidence package of domain/src/evidence/types.ts" }),
      ),
    }),
    roles: ["resident"],
    event: "EvidenceAccepted",
    returns: effect,
    errors: [
      "evidence.alignment",
      "evidence.attestation",
      "evidence.attestation-signature",
      "evidence.chain",
      "evidence.counter",
      "evidence.counter-name",
      "evidence.device",
      "evidence.energy",
      "evidence.epoch",
      "evidence.future",
      "evidence.interval-head",
      "evidence.limit",
      "evidence.merkle-root",
      "evidence.meter",
      "evidence.meter-closed",
      "evidence.meter-unconfirmed",
      "evidence.participant",
      "evidence.quality",
      "evidence.readings",
      "evidence.register-gap",
      "evidence.register-went-back",
      "evidence.reset-count",
      "evidence.role",
      "evidence.sequence",
      "evidence.signature",
      "evidence.statement",
      "evidence.time-gap",
      "evidence.time-order",
      "evidence.uncovered",
    ],
    keys: "meter~meter, evidence~slot~role~participant~meter or late~slot~role~participant~meter, pending~slot~participant~meter~sequence, placement~participant~meter~epoch",
  },
  "metering:AskMeterEpoch": {
    kind: "submit",
    summary:
      "Says that a meter counts anew: it was reset, replaced or set up anew. `follows` is a meter in use, and ends with the closing registers; `meter` begins with the opening ones, and is accepted when the operator has confirmed it. What was asked for and is not confirmed may be asked for anew.",
    args: z.object({ epoch: json(meterEpochRequest) }),
    roles: ["resident"],
    event: "MeterEpochAsked",
    returns: effect,
    errors: ["evidence.meter", "metering.epoch-closing", "participants.taken"],
    keys: "meter-epoch~participant~meter",
  },
  "metering:ConfirmMeterEpoch": {
    kind: "submit",
    summary:
      "Confirms an epoch that was asked for, with the registers that the operator saw. From then on the new meter stands in the place of the one it follows, which takes evidence up to its closing registers only.",
    args: z.object({
      participant: participantId,
      meter: meterId,
      closing: json(registerValues),
      opening: json(registerValues),
    }),
    roles: ["operator"],
    event: "MeterEpochConfirmed",
    returns: effect,
    errors: [
      "metering.epoch-closing",
      "metering.epoch-unknown",
      "participants.taken",
      "participants.unknown",
    ],
    keys: "participant~id, meter-owner~meter, meter-epoch~participant~meter",
  },
  "metering:ListMeterEpochs": {
    kind: "evaluate",
    summary: "New epochs of meters that were asked for or confirmed, by participant.",
    args: z.object({}),
    roles: everyRole,
    returns: z.array(ledgerEpoch),
    errors: [],
    keys: "meter-epoch~*",
  },
  "metering:JudgePlacement": {
    kind: "submit",
    summary:
      "The aggregator's word on a placement epoch, from neighbours and feeder. The newest one counts: one that ends before what is there is refused.",
    args: z.object({
      participant: participantId,
      meter: meterId,
      epoch: epochNumber,
      judgement: json(placementJudgement),
    }),
    roles: ["operator"],
    event: "PlacementJudged",
    returns: effect,
    errors: ["metering.placement-stale", "metering.placement-unknown", "metering.placement-window"],
    keys: "judgement~participant~meter~epoch",
  },
  "metering:ReportWiring": {
    kind: "submit",
    summary:
      "The agent's word on a placement epoch of its own household. It takes credit away and gives its own back, and adds none: a sign test counts once the aggregator calls the placement right. A failed one stays.",
    args: z.object({ meter: meterId, epoch: epochNumber, report: json(wiringReport) }),
    roles: ["resident"],
    event: "WiringReported",
    returns: effect,
    errors: [
      "metering.placement-stale",
      "metering.placement-unknown",
      "metering.placement-window",
      "metering.sign-test-failed",
    ],
    keys: "wiring-report~participant~meter~epoch",
  },
  "metering:ReadPlacements": {
    kind: "evaluate",
    summary:
      "All placement epochs of a participant's meters, with what each judge said and the state it comes to.",
    args: z.object({ participant: participantId }),
    roles: everyRole,
    returns: z.array(judgedPlacement),
    errors: [],
    keys: "placement~participant~*, judgement~participant~*, wiring-report~participant~*, decision~participant~*",
  },
  "metering:ReadMeter": {
    kind: "evaluate",
    summary: "What the ledger last accepted from a meter; null before its first evidence.",
    args: z.object({ meter: meterId }),
    roles: everyRole,
    returns: meterHead.nullable(),
    errors: [],
    keys: "meter~meter",
  },
  "metering:ReadEvidence": {
    kind: "evaluate",
    summary: "Evidence of all meters whose interval ends with this slot, late ones included.",
    args: z.object({ slotStart: instantSeconds }),
    roles: everyRole,
    returns: z.array(acceptedEvidence),
    errors: ["market.slot-range"],
    keys: "evidence~slot~*, late~slot~*",
  },
  "market:PlaceOrder": {
    kind: "submit",
    summary:
      "Places or replaces the caller's order for one of the next 96 slots; the last one before the seal counts.",
    args: z.object({ slotStart: instantSeconds, order: json(orderRequest) }),
    roles: ["resident"],
    event: "OrderPlaced",
    returns: effect,
    errors: ["market.sealed", "market.slot-range"],
    keys: "order~slot~participant",
  },
  "market:Seal": {
    kind: "submit",
    summary:
      "Closes the slot for orders, from the gate until its start. An order in flight at that moment is refused by its read of this key.",
    args: z.object({ slotStart: instantSeconds }),
    roles: everyRole,
    event: "SlotSealed",
    returns: effect,
    errors: ["market.seal-time", "market.slot-range"],
    keys: "seal~slot",
  },
  "market:Clear": {
    kind: "submit",
    summary:
      "Clears a sealed slot once. Orders whose buyer could not pay for all of it, or who is suspended, are left out with the reason; what was matched goes into escrow.",
    args: z.object({ slotStart: instantSeconds }),
    roles: everyRole,
    event: "SlotCleared",
    returns: effect,
    errors: ["market.not-sealed", "market.settled", "market.slot-range"],
    keys: "clearing~slot, wallet~buyer~*",
  },
  "market:Settle": {
    kind: "submit",
    summary:
      "Settles a slot once, against evidence: when all active residents' connection points have reached its end, or after the deadline. A slot that nobody sealed is settled at the utilities' tariffs.",
    args: z.object({ slotStart: instantSeconds }),
    roles: everyRole,
    event: "SlotSettled",
    returns: effect,
    errors: [
      "market.evidence-missing",
      "market.not-cleared",
      "market.not-ended",
      "market.slot-range",
    ],
    keys: "settled~slot, settlement~slot, wallet~*, energy, pending~slot~*, held~seller~slot",
  },
  "market:ReadSlot": {
    kind: "evaluate",
    summary: "A slot with orders, result and settlement, as far as it has come.",
    args: z.object({ slotStart: instantSeconds }),
    roles: everyRole,
    returns: slotRecord,
    errors: ["market.slot-range"],
    keys: "seal~slot, order~slot~*, clearing~slot, settlement~slot",
  },
} as const satisfies Record<string, Transaction>;

export type TransactionName = keyof typeof transactions;
/** Arguments as the chaincode sees them after parsing, and as a client gives them. */
export type TransactionArgs<N extends TransactionName> = z.infer<(typeof transactions)[N]["args"]>;
export type TransactionReturns<N extends TransactionName> = z.infer<
  (typeof transactions)[N]["returns"]
>;
