import { z } from "zod";
import { meterId, meterRole } from "../evidence/types.js";
import { evidenceRule, evidenceVerdict } from "../wiring/evidence-rules.js";
import { fault, ruleFamily, verdict } from "../wiring/types.js";
import {
  decimal,
  instantMs,
  instantSeconds,
  nonce,
  participantId,
  sha256Hex,
} from "./primitives.js";

/**
 * Why the ledger opened a placement epoch. `declared`: the agent's own word (the `epoch` of an interval rose:
 * a restart, more than 30 s without a reading, another configuration).
 */
export const placementOpened = z.enum([
  "commissioned",
  "gap",
  "tpm-reset",
  "meter-epoch",
  "device-replaced",
  "declared",
]);
export type PlacementOpened = z.infer<typeof placementOpened>;

/** `unproven` and `held` keep a seller's coins in escrow, `proven` releases them, `manipulated` returns them. */
export const placementStates = z.enum(["unproven", "proven", "held", "manipulated"]);
export type PlacementStateName = z.infer<typeof placementStates>;

/** Which placement epoch of which meter; counted by the ledger, per meter from 1. */
export const placementKey = z.strictObject({
  participant: participantId,
  meter: meterId,
  epoch: z.int().min(1).max(999_999),
});
export type PlacementKey = z.infer<typeof placementKey>;

/** A placement epoch, and what the ledger's own rules found in it. Written when either changes. */
export const placement = placementKey.extend({
  role: meterRole,
  /** Start of the first interval that belongs to it. */
  since: instantSeconds,
  opened: placementOpened,
  evidence: evidenceVerdict,
  /** The rule that failed. */
  rule: evidenceRule.optional(),
});
export type Placement = z.infer<typeof placement>;

/** A rule that a judge names. */
export const ruleRef = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/, "lower-case letters, digits and dashes"),
  family: ruleFamily,
});

const found = {
  fault,
  rules: z.array(ruleRef).max(16),
  /** What it was seen in; inside the epoch. */
  from: instantSeconds,
  to: instantSeconds,
  confidencePpm: z.int().min(0).max(1_000_000),
};

/** The aggregator's word, from neighbours and feeder. */
export const placementJudgement = z.strictObject({
  verdict: z.enum(["right", "suspect", "held", "manipulated"]),
  ...found,
});
export type PlacementJudgement = z.infer<typeof placementJudgement>;

/** The agent's word, from its readings. It can only lower credit, but for a sign test that the aggregator confirms. */
export const wiringReport = z.strictObject({
  verdict,
  ...found,
  /** `event`: leaf hash of the event among its readings; once failed it stays so in its epoch. */
  signTest: z.strictObject({ result: z.enum(["passed", "failed"]), event: sha256Hex }).optional(),
});
export type WiringReport = z.infer<typeof wiringReport>;

/** The word of operator and community together. */
export const placementDecision = z.strictObject({
  verdict: z.enum(["right", "manipulated"]),
  /** Nonce of the correction that they made. */
  correction: nonce,
});
export type PlacementDecision = z.infer<typeof placementDecision>;

/** All that is known of a placement epoch, and what it comes to. */
export const judgedPlacement = placement.extend({
  judgement: placementJudgement.optional(),
  report: wiringReport.optional(),
  decision: placementDecision.optional(),
  state: placementStates,
});
export type JudgedPlacement = z.infer<typeof judgedPlacement>;

/** A payment to a seller that waits: what its payer paid into escrow, and what he could not pay yet. */
export const heldPayment = z.strictObject({
  from: participantId,
  reason: z.enum(["trade", "surplus", "feed-in"]),
  paidNano: decimal,
  unpaidNano: decimal,
});
export type HeldPayment = z.infer<typeof heldPayment>;

/** What a seller would have got for a slot. */
export const heldSale = z.strictObject({
  participant: participantId,
  slot: instantSeconds,
  at: instantMs,
  payments: z.array(heldPayment).min(1),
  /** All must be proven. Epoch null: the meter's evidence did not reach the slot yet. */
  placements: z.array(z.strictObject({ meter: meterId, epoch: z.int().min(1).nullable() })).min(1),
});
export type HeldSale = z.infer<typeof heldSale>;

/** `proven` releases; `manipulated` and `expired` return. */
export const heldOutcome = z.enum(["proven", "manipulated", "expired"]);
export type HeldOutcome = z.infer<typeof heldOutcome>;
