import { CodedError } from "@powershare/domain/errors";
import { canonicalJson } from "@powershare/domain/evidence";
import {
  type Correction,
  type LedgerCorrection,
  ledgerCorrection,
  type PlacementDecision,
} from "@powershare/domain/ledger";
import { already, type Call, done, type Handler } from "./call.js";
import { keys } from "./keys.js";
import { requireParticipant } from "./participants.js";
import { requirePlacement } from "./placements.js";
import { requireSlot, settleableMs } from "./slots.js";
import { WalletBook } from "./wallet-book.js";
import { requireAmount } from "./wallets.js";

/** A correction takes two: the operator asks, the community confirms. What was booked stays as it is. */
export const askCorrection: Handler<"wallets:AskCorrection"> = async (call, { id, correction }) => {
  const before = await call.state.get(keys.correction(id), ledgerCorrection);
  if (before !== undefined) {
    if (same(before.correction, correction)) return already;
    throw new CodedError("wallets.nonce-reused", `${id} was asked for with other content`);
  }
  await requireCorrectable(call, correction);
  const asked: LedgerCorrection = { id, correction, state: "asked", at: call.at };
  await call.state.put(keys.correction(id), asked);
  return done({ name: "CorrectionAsked", payload: { at: call.at, id, correction } });
};

export const confirmCorrection: Handler<"wallets:ConfirmCorrection"> = async (
  call,
  { id, correction },
) => {
  const asked = await call.state.get(keys.correction(id), ledgerCorrection);
  if (asked === undefined || !same(asked.correction, correction)) {
    throw new CodedError("wallets.correction-unknown", `${id} was not asked for so`);
  }
  if (asked.state === "confirmed") return already;
  await requireCorrectable(call, correction);
  const book = new WalletBook(call.state, call.transactionId);
  if (correction.kind === "payments") {
    for (const { from } of correction.payments) await book.fold(from);
    for (const { from, to, amountNano } of correction.payments) {
      book.pay(from, to, BigInt(amountNano));
    }
    book.payDebts();
  } else {
    const decision: PlacementDecision = { verdict: correction.verdict, correction: id };
    await call.state.put(keys.decision(correction), decision);
  }
  await call.state.put(keys.correction(id), { ...asked, state: "confirmed", at: call.at });
  const changes = await book.flush({});
  return done({
    name: "CorrectionConfirmed",
    payload: { at: call.at, id, correction, changes },
  });
};

export const listCorrections: Handler<"wallets:ListCorrections"> = async ({ state }) => ({
  returns: (await state.scan("correction", [], ledgerCorrection)).map(({ value }) => value),
});

/**
 * @throws CodedError metering.placement-unknown, participants.unknown, wallets.amount,
 *   wallets.correction-closed
 */
async function requireCorrectable(call: Call, correction: Correction): Promise<void> {
  if (correction.kind === "placement") {
    await requirePlacement(call, correction);
    return;
  }
  const { endMs } = requireSlot(correction.slot, call.settings());
  const isSettled = await call.state.has(keys.settled(correction.slot));
  if (!isSettled || call.atMs - endMs > settleableMs) {
    throw new CodedError(
      "wallets.correction-closed",
      `slot ${correction.slot} ${isSettled ? "ended more than 35 days ago" : "is not settled"}`,
    );
  }
  for (const { from, to, amountNano } of correction.payments) {
    requireAmount(amountNano);
    await requireParticipant(call.state, from);
    await requireParticipant(call.state, to);
  }
}

function same(one: Correction, other: Correction): boolean {
  return canonicalJson(one) === canonicalJson(other);
}
