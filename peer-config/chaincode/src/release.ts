import {
  type HeldOutcome,
  type HeldSale,
  heldSale,
  type PlacementStateName,
} from "@powershare/domain/ledger";
import { already, type Call, done, type Handler } from "./call.js";
import { refState } from "./held-sales.js";
import { requireParticipant } from "./participants.js";
import { epochsWithin } from "./placements.js";
import { requireSlot, settleableMs } from "./slots.js";
import { WalletBook } from "./wallet-book.js";

/** So many are resolved by one call, out of so many that it looks at: 35 days in slots of five minutes. */
const mostResolved = 48;
const mostSeen = 10_080;

export const releaseHeld: Handler<"wallets:ReleaseHeld"> = async (call, { participant }) => {
  await requireParticipant(call.state, participant);
  const resolved = await resolvable(call, participant);
  if (resolved.length === 0) return already;
  const book = new WalletBook(call.state, call.transactionId);
  await book.fold(participant);
  for (const { sale, outcome } of resolved) {
    if (outcome === "proven") await release(book, sale);
    else giveBack(book, sale);
  }
  book.payDebts();
  const changes = await book.flush({});
  for (const { key } of resolved) await call.state.delete(key);
  const sales = resolved.map(({ sale: { slot, payments }, outcome }) => ({
    slot,
    outcome,
    payments,
  }));
  return done({ name: "HeldResolved", payload: { at: call.at, participant, sales, changes } });
};

export const readHeld: Handler<"wallets:ReadHeld"> = async ({ state }, { participant }) => ({
  returns: (await state.scan("held", [participant], heldSale, mostSeen)).map(({ value }) => value),
});

/** What the sale's payers paid into escrow, nano-coin. */
export function paidNano({ payments }: HeldSale): bigint {
  return payments.reduce((sum, { paidNano: paid }) => sum + BigInt(paid), 0n);
}

interface Resolved {
  readonly key: string;
  readonly sale: HeldSale;
  readonly outcome: HeldOutcome;
}

/** The oldest sales of which something has become of all placements. */
async function resolvable(call: Call, participant: string): Promise<Resolved[]> {
  const states = new Map<string, Promise<PlacementStateName>>();
  const found: Resolved[] = [];
  const stored = await call.state.scan("held", [participant], heldSale, mostSeen);
  for (const { key, value: sale } of stored) {
    const outcome = await outcomeOf(call, sale, states);
    if (outcome !== undefined) found.push({ key, sale, outcome });
    if (found.length >= mostResolved) break;
  }
  return found;
}

/** Undefined while it has to wait. */
async function outcomeOf(
  call: Call,
  sale: HeldSale,
  states: Map<string, Promise<PlacementStateName>>,
): Promise<HeldOutcome | undefined> {
  const found: PlacementStateName[] = [];
  for (const ref of await resolvedRefs(call, sale)) {
    const name = `${ref.meter} ${ref.epoch}`;
    const state = states.get(name) ?? refState(call, sale.participant, ref);
    states.set(name, state);
    found.push(await state);
  }
  if (found.includes("manipulated")) return "manipulated";
  if (found.every((state) => state === "proven")) return "proven";
  const { endMs } = requireSlot(sale.slot, call.settings());
  return call.atMs - endMs > settleableMs ? "expired" : undefined;
}

/** The sale's placements; in the place of those that were not known, what the meter's evidence says since. */
async function resolvedRefs(
  call: Call,
  { participant, slot, placements }: HeldSale,
): Promise<HeldSale["placements"]> {
  const { startMs, endMs } = requireSlot(slot, call.settings());
  const refs: HeldSale["placements"] = [];
  for (const ref of placements) {
    if (ref.epoch !== null) {
      refs.push(ref);
      continue;
    }
    const { meter } = ref;
    const { epochs, isCovered } = await epochsWithin(call, participant, meter, startMs, endMs);
    refs.push(...(isCovered ? epochs.map((epoch) => ({ meter, epoch })) : [ref]));
  }
  return refs;
}

/** To the seller; what his payers could not pay at the settlement is due now. */
async function release(book: WalletBook, { participant, payments }: HeldSale): Promise<void> {
  for (const { from, paidNano: paid, unpaidNano } of payments) {
    book.add(participant, { heldNano: -BigInt(paid), coinsNano: BigInt(paid) });
    if (unpaidNano === "0") continue;
    await book.fold(from);
    book.pay(from, participant, BigInt(unpaidNano));
  }
}

/** To each payer what he paid: pro rata, and without a remainder. */
function giveBack(book: WalletBook, { participant, payments }: HeldSale): void {
  for (const { from, paidNano: paid } of payments) {
    book.add(participant, { heldNano: -BigInt(paid) });
    book.add(from, { coinsNano: BigInt(paid) });
  }
}
