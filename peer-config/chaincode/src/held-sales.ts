import {
  type AcceptedEvidence,
  acceptedEvidence,
  type HeldPayment,
  type HeldSale,
  type PlacementStateName,
} from "@powershare/domain/ledger";
import type { Due } from "@powershare/domain/market";
import type { Call } from "./call.js";
import { keys } from "./keys.js";
import { metersInUse, metersOf, type Resident } from "./meter-epochs.js";
import { epochsWithin, requirePlacement, stateOf } from "./placements.js";
import type { SlotTimes } from "./slots.js";
import type { WalletBook } from "./wallet-book.js";

/** Sellers who get nothing yet, and the placements that are not proven. */
export type UnprovenSellers = ReadonlyMap<string, HeldSale["placements"]>;
type PlacementRef = HeldSale["placements"][number];

/**
 * Of those who are to get coins for a slot, who must wait: where a placement of theirs, at the connection point or
 * at a generator, is not proven for any of the energy that is settled, late energy included. None
 * where the settings do not judge wiring, nor for evidence that came while they did not.
 */
export async function unprovenSellers(
  call: Call,
  slot: SlotTimes,
  residents: readonly Resident[],
  dues: readonly Due[],
  evidence: readonly AcceptedEvidence[],
): Promise<UnprovenSellers> {
  const found = new Map<string, HeldSale["placements"]>();
  if (call.settings().wiring === undefined) return found;
  const creditors = new Set(dues.map(({ to }) => to));
  for (const resident of residents) {
    if (!creditors.has(resident.id)) continue;
    const own = evidence.filter(({ participant }) => participant === resident.id);
    const unproven: PlacementRef[] = [];
    for (const ref of await placementsOf(call, slot, resident, own)) {
      if ((await refState(call, resident.id, ref)) !== "proven") unproven.push(ref);
    }
    if (unproven.length > 0) found.set(resident.id, unproven);
  }
  return found;
}

/** The state of one placement; `unproven` where the meter's evidence did not reach the slot. */
export async function refState(
  call: Call,
  participant: string,
  { meter, epoch }: PlacementRef,
): Promise<PlacementStateName> {
  if (epoch === null) return "unproven";
  return stateOf(call, await requirePlacement(call, { participant, meter, epoch }));
}

/** What is held at one settlement. */
export class HeldSales {
  readonly #sellers: UnprovenSellers;
  readonly #payments = new Map<string, HeldPayment[]>();

  constructor(sellers: UnprovenSellers) {
    this.#sellers = sellers;
  }

  /** Takes a payment to a seller who must wait into escrow; false where it is another's. */
  take(wallets: WalletBook, { from, to, amountNano, reason }: Due): boolean {
    if (reason === "retail" || !this.#sellers.has(to)) return false;
    const paid = wallets.hold(from, to, BigInt(amountNano));
    const payment: HeldPayment = {
      from,
      reason,
      paidNano: paid.toString(),
      unpaidNano: (BigInt(amountNano) - paid).toString(),
    };
    this.#payments.set(to, [...(this.#payments.get(to) ?? []), payment]);
    return true;
  }

  /** Writes one record per seller. */
  async put({ state, at }: Call, { start: slot }: SlotTimes): Promise<HeldSale[]> {
    const sales: HeldSale[] = [];
    for (const [participant, payments] of this.#payments) {
      const placements = this.#sellers.get(participant) ?? [];
      const sale: HeldSale = { participant, slot, at, payments, placements };
      await state.put(keys.held(participant, slot), sale);
      sales.push(sale);
    }
    return sales;
  }
}

/** Placements behind the energy that a resident is settled for in a slot. */
async function placementsOf(
  call: Call,
  slot: SlotTimes,
  resident: Resident,
  evidence: readonly AcceptedEvidence[],
): Promise<PlacementRef[]> {
  const refs = evidence.flatMap(({ meter, placement: epoch }) =>
    epoch === undefined ? [] : [{ meter, epoch }],
  );
  const startMs = Math.min(slot.startMs, ...evidence.map(({ start }) => Date.parse(start)));
  const inUse = new Set(metersInUse(resident).map(({ id }) => id));
  const ofGenerators: PlacementRef[] = [];
  for (const { id, role } of metersOf(resident)) {
    if (role !== "generator") continue;
    const found = await generatorPlacements(call, slot, startMs, resident.id, id);
    // One that another took the place of may lack evidence.
    ofGenerators.push(...found.filter(({ epoch }) => epoch !== null || inUse.has(id)));
  }
  const all = [...refs, ...ofGenerators].map((ref) => [`${ref.meter} ${ref.epoch}`, ref] as const);
  return [...new Map(all).values()];
}

/** Those of a generator in a slot, and since an earlier instant where late energy goes back to it. */
async function generatorPlacements(
  call: Call,
  slot: SlotTimes,
  startMs: number,
  participant: string,
  meter: string,
): Promise<PlacementRef[]> {
  // Mostly this settles it, and so the settlement need not read the meter's head, which evidence writes.
  const key = keys.evidence(slot.start, "generator", participant, meter);
  const there = await call.state.get(key, acceptedEvidence);
  if (there !== undefined && startMs === slot.startMs) {
    return there.placement === undefined ? [] : [{ meter, epoch: there.placement }];
  }
  const { epochs, isCovered } = await epochsWithin(call, participant, meter, startMs, slot.endMs);
  const refs: PlacementRef[] = epochs.map((epoch) => ({ meter, epoch }));
  return isCovered ? refs : [...refs, { meter, epoch: null }];
}
