import { z } from "zod";
import { placementDecision, placementKey } from "./placements.js";
import { decimal, instantMs, instantSeconds, nonce, participantId } from "./primitives.js";

/** Why operator and community correct; a closed list, so that nothing personal gets on the ledger. */
export const correctionReason = z.enum([
  "meter-error",
  "tariff-error",
  "inspected",
  "not-solar",
  "dispute",
]);
export type CorrectionReason = z.infer<typeof correctionReason>;

/** `payments`: coins that go back or forth for a settled slot. `placement`: a wiring called right or wrong by people. */
export const correction = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("payments"),
    reason: correctionReason,
    slot: instantSeconds,
    payments: z
      .array(z.strictObject({ from: participantId, to: participantId, amountNano: decimal }))
      .min(1)
      .max(32),
  }),
  z.strictObject({
    kind: z.literal("placement"),
    reason: correctionReason,
    ...placementKey.shape,
    verdict: placementDecision.shape.verdict,
  }),
]);
export type Correction = z.infer<typeof correction>;

/** As the ledger keeps it. */
export const ledgerCorrection = z.strictObject({
  id: nonce,
  correction,
  state: z.enum(["asked", "confirmed"]),
  at: instantMs,
});
export type LedgerCorrection = z.infer<typeof ledgerCorrection>;
