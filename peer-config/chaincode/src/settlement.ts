import { CodedError } from "@powershare/domain/errors";
import {
  type AcceptedEvidence,
  acceptedEvidence,
  meterHead,
  type Participant,
  type Settings,
  type SlotSettlement,
} from "@powershare/domain/ledger";
import {
  clear,
  type Measured,
  type Settlement,
  type SlotOrders,
  settle,
} from "@powershare/domain/market";
import { already, type Call, done, type Handler } from "./call.js";
import { type Clearing, clearing, escrowOf } from "./clearing.js";
import { HeldSales, type UnprovenSellers, unprovenSellers } from "./held-sales.js";
import { keys } from "./keys.js";
import { metersInUse } from "./meter-epochs.js";
import { slotOrdersOf } from "./orders.js";
import { allParticipants } from "./participants.js";
import { requireSlot, type SlotTimes, settleableMs } from "./slots.js";
import { WalletBook } from "./wallet-book.js";
import { addEnergyTotals } from "./wallets.js";

type Resident = Extract<Participant, { kind: "resident" }>;

export const settleSlot: Handler<"market:Settle"> = async (call, { slotStart }) => {
  const settings = call.settings();
  const slot = requireSlot(slotStart, settings);
  if (await call.state.has(keys.settled(slot.start))) return already;
  requireEnded(call, slot);
  const participants = await allParticipants(call.state);
  const residents = participants.filter((one): one is Resident => one.kind === "resident");
  // Evidence of this slot that is ordered before this transaction in the same block makes the scan invalid
  // (PHANTOM_READ_CONFLICT), and the settlement is made again with it.
  const evidence = (
    await call.state.scan("evidence", [slot.start, "connection"], acceptedEvidence)
  ).map(({ value }) => value);
  const missing = await missingEvidence(call, slot, residents, evidence, settings);
  requireComplete(call, slot, settings, missing);
  const cleared = await clearingOf(call, slot, participants);
  const utilities = new Map(residents.map(({ id, utility }) => [id, utility]));
  const utilityOf = (id: string) => utilities.get(id) ?? "";
  const pending = await call.state.scan("pending", [slot.start], acceptedEvidence);
  const late = pending.map(({ value }) => value);
  const measured = measuredOf(residents, evidence, late, slot);
  const wallets = await openWallets(call, cleared, measured, utilityOf);
  const fundsNano = (id: string) => BigInt(wallets.balance(id).coinsNano);
  const settlement = settle({ ...cleared, measured, utilityOf, fundsNano });
  const sellers = await unprovenSellers(call, slot, residents, settlement.dues, [
    ...evidence,
    ...late,
  ]);
  const { changes, held } = await book(call, wallets, cleared.orders, slot, {
    ...settlement,
    utilityOf,
    sellers,
  });
  const { trades, energy, dues } = settlement;
  const value = {
    at: call.at,
    trades: [...trades],
    energy: [...energy],
    dues: [...dues],
    missing,
    ...(held.length === 0 ? {} : { held }),
  };
  for (const { key } of pending) await call.state.delete(key);
  await call.state.put(keys.settlement(slot.start), value satisfies SlotSettlement);
  await call.state.put(keys.settled(slot.start), { transaction: call.transactionId });
  const { dues: _, ...told } = value;
  return done({ name: "SlotSettled", payload: { ...told, slot: slot.start, changes } });
};

/**
 * The clearing of a slot, with utilities that were registered since, for their residents are settled
 * too; of a slot that was never sealed, an empty one with the tariffs of today.
 */
async function clearingOf(
  call: Call,
  slot: SlotTimes,
  participants: readonly Participant[],
): Promise<Pick<Clearing, "orders" | "result">> {
  const today = slotOrdersOf(call, slot, "00", [], participants);
  const cleared = await call.state.get(keys.clearing(slot.start), clearing);
  if (cleared !== undefined) {
    const { orders, result } = cleared;
    const known = new Set(orders.utilities.map(({ id }) => id));
    const since = today.utilities.filter(({ id }) => !known.has(id));
    return { orders: { ...orders, utilities: [...orders.utilities, ...since] }, result };
  }
  // Or whoever regrets his order could settle the slot before it is cleared.
  if (await call.state.has(keys.seal(slot.start))) {
    throw new CodedError("market.not-cleared", `slot ${slot.start} is sealed and not cleared`);
  }
  return { orders: today, result: clear(today, call.crypto.sha256) };
}

/** What the meters at the connection points say, one entry per resident that has evidence. */
function measuredOf(
  residents: readonly Resident[],
  evidence: readonly AcceptedEvidence[],
  late: readonly AcceptedEvidence[],
  slot: SlotTimes,
): Measured[] {
  const evidenceOf = byParticipant(evidence);
  const lateOf = byParticipant(late);
  return residents.flatMap((resident) => {
    const { id } = resident;
    const own = evidenceOf.get(id) ?? [];
    const ownLate = lateOf.get(id) ?? [];
    if (own.length === 0 && ownLate.length === 0) return [];
    const connections = metersInUse(resident).filter(({ role }) => role === "connection").length;
    return {
      participant: id,
      ...sumOf(own),
      attributable:
        own.length === connections &&
        own.every(({ quality, start }) => quality === "good" && start === slot.start),
      late: sumOf(ownLate),
    };
  });
}

function byParticipant(evidence: readonly AcceptedEvidence[]): Map<string, AcceptedEvidence[]> {
  const groups = new Map<string, AcceptedEvidence[]>();
  for (const one of evidence) {
    const group = groups.get(one.participant);
    if (group === undefined) groups.set(one.participant, [one]);
    else group.push(one);
  }
  return groups;
}

function sumOf(evidence: readonly AcceptedEvidence[]): { importWh: number; exportWh: number } {
  return {
    importWh: evidence.reduce((sum, { importWh }) => sum + importWh, 0),
    exportWh: evidence.reduce((sum, { exportWh }) => sum + exportWh, 0),
  };
}

/** Active residents of whom a meter that the settlement needs has not reached the slot's end. */
async function missingEvidence(
  { state }: Call,
  slot: SlotTimes,
  residents: readonly Resident[],
  evidence: readonly AcceptedEvidence[],
  settings: Settings,
): Promise<string[]> {
  const there = new Set(evidence.map(({ meter }) => meter));
  const missing = new Set<string>();
  for (const resident of residents) {
    if (resident.status !== "active") continue;
    for (const { id, role } of metersNeeded(resident, evidence, settings)) {
      if (there.has(id)) continue;
      if (await state.has(keys.evidence(slot.start, role, resident.id, id))) continue;
      const head = await state.get(keys.meter(id), meterHead);
      if (head === undefined || Date.parse(head.end) < slot.endMs) missing.add(resident.id);
    }
  }
  return [...missing];
}

/**
 * The meters at the connection point; where wiring is judged also the generators of a household that exported,
 * for their placements decide on its coins.
 */
function metersNeeded(
  resident: Resident,
  evidence: readonly AcceptedEvidence[],
  { wiring }: Settings,
) {
  const exported = evidence.some(
    ({ participant, exportWh }) => participant === resident.id && exportWh > 0,
  );
  return metersInUse(resident).filter(
    ({ role }) => role === "connection" || (wiring !== undefined && exported),
  );
}

function requireEnded({ at, atMs }: Call, { start, endMs }: SlotTimes): void {
  if (atMs < endMs) {
    throw new CodedError("market.not-ended", `at ${at} slot ${start} has not ended`);
  }
  if (atMs - endMs > settleableMs) {
    throw new CodedError("market.slot-range", `slot ${start} ended more than 35 days ago`);
  }
}

function requireComplete(
  { atMs }: Call,
  { start, endMs }: SlotTimes,
  { settleAfterSeconds }: Settings,
  missing: readonly string[],
): void {
  if (missing.length === 0 || atMs >= endMs + settleAfterSeconds * 1000) return;
  throw new CodedError(
    "market.evidence-missing",
    `slot ${start} waits up to ${settleAfterSeconds} s for evidence of ${missing.join(", ")}`,
  );
}

/** All wallets that a settlement can touch, with what was set aside for the slot given back. */
async function openWallets(
  { state, transactionId }: Call,
  { orders, result }: Pick<Clearing, "orders" | "result">,
  measured: readonly Measured[],
  utilityOf: (resident: string) => string,
): Promise<WalletBook> {
  const wallets = new WalletBook(state, transactionId);
  const escrow = escrowOf(orders, result);
  const touched = [...escrow, ...measured].map(({ participant }) => participant);
  const served = measured.map(({ participant }) => utilityOf(participant));
  for (const id of [...new Set([...touched, ...served])].sort()) await wallets.fold(id);
  for (const { participant, amountNano } of escrow) {
    wallets.add(participant, { coinsNano: amountNano, escrowNano: -amountNano });
  }
  return wallets;
}

/**
 * Moves energy and coins as the settlement says, coins of sellers who are not proven into escrow. Returns the
 * changes of all wallets, which are folded, and what is held.
 */
async function book(
  call: Call,
  wallets: WalletBook,
  orders: SlotOrders,
  slot: SlotTimes,
  {
    trades,
    dues,
    energy,
    utilityOf,
    sellers,
  }: Settlement & {
    readonly utilityOf: (resident: string) => string;
    readonly sellers: UnprovenSellers;
  },
) {
  const utilities = new Set(orders.utilities.map(({ id }) => id));
  let mintedWh = 0n;
  for (const { participant, exportWh } of energy) {
    wallets.add(participant, { energyWh: BigInt(exportWh) });
    mintedWh += BigInt(exportWh);
  }
  for (const { seller, buyer, deliveredWh } of trades) {
    wallets.add(seller, { energyWh: -BigInt(deliveredWh) });
    wallets.add(buyer, { energyWh: BigInt(deliveredWh) });
  }
  for (const { participant, fedInWh, retailWh } of energy) {
    const toUtility = BigInt(fedInWh) - BigInt(retailWh);
    wallets.add(participant, { energyWh: -toUtility });
    wallets.add(utilityOf(participant), { energyWh: toUtility });
  }
  // With one node nothing is lost on the way; losses would be booked here, before what is used is retired.
  let retiredWh = 0n;
  for (const { participant, importWh } of energy) {
    const balance = BigInt(wallets.balance(participant).energyWh);
    const retire = balance < BigInt(importWh) ? balance : BigInt(importWh);
    wallets.add(participant, { energyWh: -retire });
    retiredWh += retire;
  }

  const held = new HeldSales(sellers);
  for (const due of dues) {
    if (!held.take(wallets, due)) wallets.pay(due.from, due.to, BigInt(due.amountNano));
  }
  wallets.payDebts();
  await addEnergyTotals(call.state, mintedWh, retiredWh);
  const mayOwe = (id: string) => utilities.has(id);
  const changes = await wallets.flush({ energyWh: mintedWh - retiredWh }, mayOwe);
  return { changes, held: await held.put(call, slot) };
}
