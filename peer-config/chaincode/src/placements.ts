import { CodedError } from "@powershare/domain/errors";
import { canonicalJson } from "@powershare/domain/evidence";
import {
  type JudgedPlacement,
  meterHead,
  type Placement,
  type PlacementKey,
  type PlacementStateName,
  type PlacementWords,
  placementDecision,
  placementJudgement,
  placement as placementSchema,
  placementState,
  type WiringReport,
  wiringReport,
} from "@powershare/domain/ledger";
import { already, type Call, done, type Handler } from "./call.js";
import { keys } from "./keys.js";
import { requireResident } from "./meter-epochs.js";

export const judgePlacement: Handler<"metering:JudgePlacement"> = async (
  call,
  { judgement, ...key },
) => {
  const placement = await requirePlacement(call, key);
  const before = await call.state.get(keys.judgement(key), placementJudgement);
  if (canonicalJson(before ?? {}) === canonicalJson(judgement)) return already;
  await requireWindow(call, placement, judgement, before);
  await call.state.put(keys.judgement(key), judgement);
  const state = await stateOf(call, placement, { judgement });
  return done({ name: "PlacementJudged", payload: { at: call.at, ...key, judgement, state } });
};

export const reportWiring: Handler<"metering:ReportWiring"> = async (
  call,
  { meter, epoch, report: said },
) => {
  const key = { participant: requireResident(call.registered).id, meter, epoch };
  const placement = await requirePlacement(call, key);
  const before = await call.state.get(keys.wiringReport(key), wiringReport);
  const report = withSignTest(said, before);
  if (canonicalJson(before ?? {}) === canonicalJson(report)) return already;
  await requireWindow(call, placement, report, before);
  await call.state.put(keys.wiringReport(key), report);
  const state = await stateOf(call, placement, { report });
  return done({ name: "WiringReported", payload: { at: call.at, ...key, report, state } });
};

export const readPlacements: Handler<"metering:ReadPlacements"> = async (call, { participant }) => {
  const returns: JudgedPlacement[] = [];
  for (const { value } of await call.state.scan("placement", [participant], placementSchema)) {
    const { evidence: _, ...words } = await wordsOn(call, value);
    const said = Object.entries(words).filter(([, word]) => word !== undefined);
    returns.push({
      ...value,
      ...Object.fromEntries(said),
      state: placementState({ ...words, evidence: value.evidence }, aggregator(call)),
    });
  }
  return { returns };
};

/** A placement epoch that the ledger has opened. @throws CodedError metering.placement-unknown */
export async function requirePlacement({ state }: Call, key: PlacementKey): Promise<Placement> {
  const found = await state.get(keys.placement(key), placementSchema);
  if (found !== undefined) return found;
  throw new CodedError(
    "metering.placement-unknown",
    `${key.participant} has no placement epoch ${key.epoch} of ${key.meter}`,
  );
}

/** The state that all judges' words come to; `latest` are those that this very transaction writes. */
export async function stateOf(
  call: Call,
  placement: Placement,
  latest: Partial<PlacementWords> = {},
): Promise<PlacementStateName> {
  return placementState({ ...(await wordsOn(call, placement)), ...latest }, aggregator(call));
}

/** Placement epochs of a meter that a span of time touches, and whether the meter's evidence covers it all. */
export async function epochsWithin(
  { state }: Call,
  participant: string,
  meter: string,
  startMs: number,
  endMs: number,
): Promise<{ readonly epochs: number[]; readonly isCovered: boolean }> {
  const head = await state.get(keys.meter(meter), meterHead);
  const reachedMs = head === undefined ? 0 : Date.parse(head.end);
  if (head?.placement === undefined || reachedMs <= startMs) {
    return { epochs: [], isCovered: reachedMs >= endMs };
  }
  const epochs: number[] = [];
  for (let { epoch } = head.placement; epoch > 0; epoch -= 1) {
    const found = await state.get(keys.placement({ participant, meter, epoch }), placementSchema);
    if (found === undefined) break;
    const sinceMs = Date.parse(found.since);
    if (sinceMs < endMs) epochs.push(epoch);
    if (sinceMs <= startMs) break;
  }
  return { epochs, isCovered: reachedMs >= endMs };
}

async function wordsOn({ state }: Call, placement: Placement): Promise<PlacementWords> {
  return {
    evidence: placement.evidence,
    judgement: await state.get(keys.judgement(placement), placementJudgement),
    report: await state.get(keys.wiringReport(placement), wiringReport),
    decision: await state.get(keys.decision(placement), placementDecision),
  };
}

/** Where the rules were taken back, what is held is still judged by the stricter one. */
function aggregator(call: Call): "required" | "advisory" {
  return call.settings().wiring?.aggregator ?? "required";
}

/** A sign test that a report leaves out stays. @throws CodedError metering.sign-test-failed */
function withSignTest(said: WiringReport, before: WiringReport | undefined): WiringReport {
  const known = before?.signTest;
  if (known?.result === "failed" && said.signTest?.result === "passed") {
    throw new CodedError("metering.sign-test-failed", "a sign test failed in this epoch");
  }
  const signTest = said.signTest ?? known;
  return signTest === undefined ? said : { ...said, signTest };
}

/** @throws CodedError metering.placement-window, metering.placement-stale */
async function requireWindow(
  { state, at, atMs }: Call,
  placement: Placement,
  { from, to }: Pick<WiringReport, "from" | "to">,
  before: Pick<WiringReport, "to"> | undefined,
): Promise<void> {
  const { meter, epoch, since } = placement;
  const next = keys.placement({ ...placement, epoch: epoch + 1 });
  const until = (await state.get(next, placementSchema))?.since;
  const endMs = until === undefined ? atMs : Math.min(atMs, Date.parse(until));
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  if (fromMs < Date.parse(since) || fromMs > toMs || toMs > endMs) {
    throw new CodedError(
      "metering.placement-window",
      `${from} to ${to} is not in epoch ${epoch} of ${meter}, ${since} to ${until ?? at}`,
    );
  }
  if (before !== undefined && toMs <= Date.parse(before.to)) {
    throw new CodedError("metering.placement-stale", `${to} is not after ${before.to}`);
  }
}
