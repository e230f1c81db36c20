import type { EvidencePackage, Interval } from "@powershare/domain/evidence";
import {
  type JudgedPlacement,
  type MeterHead,
  type Placement,
  type PlacementOpened,
  placement as placementSchema,
  placementState,
} from "@powershare/domain/ledger";
import {
  addInterval,
  type EvidenceContext,
  emptyTally,
  judgeTally,
  type Tally,
  type WiringSettings,
} from "@powershare/domain/wiring";
import type { Call } from "./call.js";
import { keys } from "./keys.js";
import type { Resident } from "./meter-epochs.js";
import { stateOf } from "./placements.js";

/**
 * Only what comes so soon is tallied: the endorsers' clocks then vouch for its time. Whoever could say of
 * his nights that they were days would prove a clamp that is turned round.
 */
const freshMs = 3_600_000;

/** What a package does to its meter's placement epochs. */
export interface FollowedPlacements {
  readonly head: NonNullable<MeterHead["placement"]>;
  /** Of each interval. */
  readonly epochs: readonly number[];
  /** Those that were opened, or in which the rules came to a result. */
  readonly news: readonly (Placement & Pick<JudgedPlacement, "state">)[];
}

interface Followed {
  readonly epoch: number;
  /** Why it was opened here, and with which interval. */
  readonly opened?: { readonly why: PlacementOpened; readonly since: string };
  readonly before: Tally;
  tally: Tally;
}

/**
 * Opens placement epochs where the wiring could have been changed unseen, and adds each interval to its epoch's
 * tally. The tally lies in the meter's head, which evidence writes anyway: a record of its own is
 * written only where there is news, and so hardly ever conflicts with a settlement that reads it.
 */
export async function followPlacements(
  call: Call,
  resident: Resident,
  { meter, intervals }: EvidencePackage,
  before: MeterHead | undefined,
  after: MeterHead,
  wiring: WiringSettings,
): Promise<FollowedPlacements> {
  const role = intervals[0]?.role ?? "connection";
  const context: EvidenceContext = {
    role,
    storage: resident.equipment?.storage ?? "none",
    wiring,
  };
  const last = before?.placement;
  let current: Followed = {
    epoch: last?.epoch ?? 0,
    before: last?.tally ?? emptyTally,
    tally: last?.tally ?? emptyTally,
  };
  const followed = [current];
  const epochs: number[] = [];
  for (const [index, why] of openings(resident, intervals, before, after).entries()) {
    const interval = intervals[index];
    if (interval === undefined) break;
    if (why !== undefined) {
      const opened = { why, since: interval.start };
      current = { epoch: current.epoch + 1, opened, before: emptyTally, tally: emptyTally };
      followed.push(current);
    }
    const isFresh = call.atMs - Date.parse(interval.end) <= freshMs;
    current.tally = isFresh
      ? addInterval(current.tally, interval, context)
      : { ...current.tally, run: null };
    epochs.push(current.epoch);
  }
  const news: FollowedPlacements["news"][number][] = [];
  for (const one of followed) {
    const found = await newsOf(call, { participant: resident.id, meter, role }, one, context);
    if (found !== undefined) news.push(found);
  }
  return { head: { epoch: current.epoch, tally: current.tally }, epochs, news };
}

/** The placement of a meter while wiring is not judged: its epoch has ended, and its number is not used again. */
export function paused(head: MeterHead | undefined): MeterHead["placement"] {
  const epoch = head?.placement?.epoch;
  return epoch === undefined ? undefined : { epoch, tally: null };
}

/** For each interval why a placement epoch begins with it. */
function openings(
  resident: Resident,
  intervals: readonly Interval[],
  before: MeterHead | undefined,
  after: MeterHead,
): (PlacementOpened | undefined)[] {
  const found = intervals.map((interval, index): PlacementOpened | undefined => {
    const atFirst = index === 0 ? openingOfFirst(resident, interval, before, after) : undefined;
    if (atFirst !== undefined) return atFirst;
    if (interval.quality === "gap" && !closesMeter(interval, resident)) return "gap";
    const epoch = intervals[index - 1]?.epoch ?? before?.epoch ?? interval.epoch;
    return interval.epoch > epoch ? "declared" : undefined;
  });
  // Where a machine restarted, that shows in one of its intervals; a TPM that was reset alone, in none.
  const isReset = before !== undefined && after.resetCount > before.resetCount;
  if (isReset && !found.some((why) => why !== undefined)) found[0] = "tpm-reset";
  return found;
}

/** What lies between a package and the one before. */
function openingOfFirst(
  { epochs = [] }: Resident,
  { meter }: Interval,
  before: MeterHead | undefined,
  after: MeterHead,
): PlacementOpened | undefined {
  if (before === undefined && epochs.some((epoch) => epoch.meter === meter)) return "meter-epoch";
  if (before?.placement === undefined || before.placement.tally === null) return "commissioned";
  const signedBy = before.signedBy ?? after.signedBy;
  return signedBy === after.signedBy ? undefined : "device-replaced";
}

/** The last interval of a meter that counts anew is a gap by its nature, and the operator saw where it ended. */
function closesMeter({ meter, last }: Interval, { epochs = [] }: Resident): boolean {
  return epochs.some(
    ({ follows, closing }) =>
      follows === meter && closing.importWh === last.importWh && closing.exportWh === last.exportWh,
  );
}

/** Writes a placement that is new, or whose verdict changed. */
async function newsOf(
  call: Call,
  { participant, meter, role }: Pick<Placement, "participant" | "meter" | "role">,
  { epoch, opened, before, tally }: Followed,
  context: EvidenceContext,
): Promise<FollowedPlacements["news"][number] | undefined> {
  const evidence = judgeTally(tally, context);
  const key = { participant, meter, epoch };
  const found = {
    evidence,
    ...(tally.failed === null ? {} : { rule: tally.failed }),
  };
  if (opened !== undefined) {
    const { why, since } = opened;
    const placement: Placement = { ...key, role, since, opened: why, ...found };
    await call.state.put(keys.placement(key), placement);
    return { ...placement, state: placementState({ evidence }, context.wiring.aggregator) };
  }
  if (epoch === 0 || evidence === judgeTally(before, context)) return undefined;
  const stored = await call.state.get(keys.placement(key), placementSchema);
  if (stored === undefined) return undefined;
  const placement: Placement = { ...stored, ...found };
  await call.state.put(keys.placement(key), placement);
  return { ...placement, state: await stateOf(call, placement) };
}
