import { CodedError } from "@powershare/domain/errors";
import {
  type EvidencePackage,
  type Interval,
  intervalHash,
  toHex,
  verifyPackage,
} from "@powershare/domain/evidence";
import { type AcceptedEvidence, acceptedEvidence, meterHead } from "@powershare/domain/ledger";
import { already, type Call, done, type Handler } from "./call.js";
import { follow, signerOf } from "./evidence-signer.js";
import { keys } from "./keys.js";
import { requireWithinLimit } from "./limits.js";
import { requireConfirmed, requireResident, requireWithinEpoch } from "./meter-epochs.js";
import { followPlacements, paused } from "./placement-epochs.js";
import { instant, requireSlot, settleableMs } from "./slots.js";

export const submitEvidence: Handler<"metering:SubmitEvidence"> = async (
  call,
  { package: evidence },
) => {
  const { state, crypto, at, atMs } = call;
  const resident = requireResident(call.registered);
  const { slotSeconds, wiring } = call.settings();
  const last = evidence.intervals.at(-1);
  if (last === undefined) throw new CodedError("ledger.arguments", "no intervals");
  const hash = toHex(intervalHash(last, crypto.sha256));
  if (await isAccepted(call, resident.id, last, slotOf(last.end, slotSeconds), hash))
    return already;
  await requireConfirmed(call, resident, evidence.meter);
  const signer = signerOf(resident, evidence, last.end, crypto);
  const signedBy = toHex(crypto.sha256(signer.readingSpki));
  const newest = await state.get(keys.meter(evidence.meter), meterHead);
  const before = follow(newest, signedBy, signer, resident);
  const { head } = verifyPackage(evidence, signer, before, crypto, { slotSeconds });
  requireWithinEpoch(resident, evidence);
  requireWithinLimit(resident, evidence);
  if (Date.parse(head.end) > atMs) {
    throw new CodedError("evidence.future", `the last interval ends at ${head.end}, it is ${at}`);
  }
  const signed = { ...head, signedBy };
  const placements =
    wiring === undefined
      ? undefined
      : await followPlacements(call, resident, evidence, newest, signed, wiring);
  const slots = await putIntervals(call, evidence, placements?.epochs ?? []);
  const placement = placements?.head ?? paused(newest);
  await state.put(keys.meter(evidence.meter), {
    ...signed,
    ...(placement === undefined ? {} : { placement }),
  });
  const news = placements?.news.map(({ participant: _p, meter: _m, ...told }) => told) ?? [];
  return done({
    name: "EvidenceAccepted",
    payload: {
      at,
      participant: resident.id,
      meter: evidence.meter,
      role: last.role,
      firstSequence: evidence.intervals[0]?.sequence ?? last.sequence,
      lastSequence: last.sequence,
      late: evidence.intervals.length - slots.length,
      slots,
      end: last.end,
      importWh: evidence.intervals.reduce((sum, { importWh }) => sum + importWh, 0),
      exportWh: evidence.intervals.reduce((sum, { exportWh }) => sum + exportWh, 0),
      counter: head.counter,
      ...(news.length === 0 ? {} : { placements: news }),
    },
  });
};

/** Writes the intervals under their slots. Returns the starts of those that can still be settled there. */
async function putIntervals(
  call: Call,
  { participant, meter, intervals }: EvidencePackage,
  placements: readonly number[],
): Promise<string[]> {
  const { state, crypto, atMs } = call;
  const { slotSeconds } = call.settings();
  const slots: string[] = [];
  for (const [index, interval] of intervals.entries()) {
    const { role, sequence, start, end, importWh, exportWh, quality, epoch } = interval;
    const slot = slotOf(end, slotSeconds);
    // Read by each evidence and written by the settlement: one in flight while its slot is settled gets a
    // conflict, and comes back as late. So every interval is settled, or late, and never both.
    const late = atMs - Date.parse(end) > settleableMs || (await state.has(keys.settled(slot)));
    if (!late) slots.push(slot);
    const placement = placements[index];
    const accepted: AcceptedEvidence = {
      participant,
      meter,
      role,
      sequence,
      start,
      end,
      importWh,
      exportWh,
      quality,
      epoch,
      ...(placement === undefined ? {} : { placement }),
      hash: toHex(intervalHash(interval, crypto.sha256)),
      transaction: call.transactionId,
      late,
    };
    const key = late ? keys.late : keys.evidence;
    await state.put(key(slot, role, participant, meter), accepted);
    if (late && role === "connection") await putPending(call, accepted, slotSeconds);
  }
  return slots;
}

export const readMeter: Handler<"metering:ReadMeter"> = async ({ state }, { meter }) => ({
  returns: (await state.get(keys.meter(meter), meterHead)) ?? null,
});

export const readEvidence: Handler<"metering:ReadEvidence"> = async (call, { slotStart }) => {
  requireSlot(slotStart, call.settings());
  const found = [
    ...(await call.state.scan("evidence", [slotStart], acceptedEvidence)),
    ...(await call.state.scan("late", [slotStart], acceptedEvidence)),
  ];
  return { returns: found.map(({ value }) => value) };
};

/**
 * True where this very interval was accepted before: its hash covers all before it, so the package holds
 * nothing new.
 */
async function isAccepted(
  { state }: Call,
  participant: string,
  { meter, role }: Interval,
  slot: string,
  hash: string,
): Promise<boolean> {
  for (const key of [keys.evidence, keys.late]) {
    const found = await state.get(key(slot, role, participant, meter), acceptedEvidence);
    if (found?.hash === hash) return true;
  }
  return false;
}

/** Late energy is settled with the slot that runs now; reading that it is not settled yet, as above. */
async function putPending(
  { state, atMs }: Call,
  evidence: AcceptedEvidence,
  slotSeconds: number,
): Promise<void> {
  const slotMs = slotSeconds * 1000;
  let startMs = Math.floor(atMs / slotMs) * slotMs;
  while (await state.has(keys.settled(instant(startMs)))) startMs += slotMs;
  const { participant, meter, sequence } = evidence;
  await state.put(keys.pending(instant(startMs), participant, meter, sequence), evidence);
}

/** Start of the slot that ends at this instant. */
function slotOf(end: string, slotSeconds: number): string {
  return instant(Date.parse(end) - slotSeconds * 1000);
}
