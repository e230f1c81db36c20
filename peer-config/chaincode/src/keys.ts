import type { MeterRole } from "@powershare/domain/evidence";
import type { PlacementKey } from "@powershare/domain/ledger";
import type { Key } from "./state.js";

/** All keys of the ledger. `slot` is the slot's start as an instant, so that a scan of one slot is a range. */
export const keys = {
  settings: { type: "settings", parts: [] },
  /** Total of issued coins; the one key with an endorsement policy of its own. */
  issued: { type: "issued", parts: [] },
  /** Totals of minted and retired energy. */
  energy: { type: "energy", parts: [] },
  participant: (id: string): Key => ({ type: "participant", parts: [id] }),
  meterOwner: (meter: string): Key => ({ type: "meter-owner", parts: [meter] }),
  device: (device: string): Key => ({ type: "device", parts: [device] }),
  deviceReplacement: (participant: string): Key => ({
    type: "device-replacement",
    parts: [participant],
  }),
  /** What was done under a nonce. */
  entry: (transaction: string, nonce: string): Key => ({
    type: "entry",
    parts: [transaction, nonce],
  }),
  /** Folded balance; entries since then lie beside it under their transactions' ids. */
  walletBase: (id: string): Key => ({ type: "wallet", parts: [id, "base"] }),
  walletEntry: (id: string, transactionId: string): Key => ({
    type: "wallet",
    parts: [id, transactionId],
  }),
  meter: (meter: string): Key => ({ type: "meter", parts: [meter] }),
  /** A new epoch of a meter, asked for or confirmed. */
  meterEpoch: (participant: string, meter: string): Key => ({
    type: "meter-epoch",
    parts: [participant, meter],
  }),
  /** By role, so that a settlement scans what it settles and generators do not get in its way. */
  evidence: (slot: string, role: MeterRole, participant: string, meter: string): Key => ({
    type: "evidence",
    parts: [slot, role, participant, meter],
  }),
  /** Evidence that came after its slot was settled, or too late for it to be. */
  late: (slot: string, role: MeterRole, participant: string, meter: string): Key => ({
    type: "late",
    parts: [slot, role, participant, meter],
  }),
  /** Of it, what waits to be settled, under the slot in which it came. */
  pending: (slot: string, participant: string, meter: string, sequence: number): Key => ({
    type: "pending",
    parts: [slot, participant, meter, `${sequence}`],
  }),
  /** Each judge of a placement epoch under its own, so that evidence waits for none of them. */
  placement: (key: PlacementKey): Key => placementKey("placement", key),
  judgement: (key: PlacementKey): Key => placementKey("judgement", key),
  wiringReport: (key: PlacementKey): Key => placementKey("wiring-report", key),
  decision: (key: PlacementKey): Key => placementKey("decision", key),
  /** What a seller has not got yet of a slot. */
  held: (participant: string, slot: string): Key => ({ type: "held", parts: [participant, slot] }),
  correction: (id: string): Key => ({ type: "correction", parts: [id] }),
  order: (slot: string, participant: string): Key => ({
    type: "order",
    parts: [slot, participant],
  }),
  seal: (slot: string): Key => ({ type: "seal", parts: [slot] }),
  clearing: (slot: string): Key => ({ type: "clearing", parts: [slot] }),
  /** Small, since every evidence reads it; the settlement itself lies beside it. */
  settled: (slot: string): Key => ({ type: "settled", parts: [slot] }),
  settlement: (slot: string): Key => ({ type: "settlement", parts: [slot] }),
} as const;

/** With leading zeros, so that epochs lie in their order. */
function placementKey(type: string, { participant, meter, epoch }: PlacementKey): Key {
  return { type, parts: [participant, meter, `${epoch}`.padStart(6, "0")] };
}
