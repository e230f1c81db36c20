import type {
  Correction,
  PlacementJudgement,
  PlacementKey,
  WiringReport,
} from "@powershare/domain/ledger";
import { firstSlot, slotAt, type TestResident } from "./neighbourhood.js";

/** A word on what was seen from the first slot up to the start of another. */
const seen = (untilSlot: number) => ({
  rules: [],
  from: firstSlot,
  to: slotAt(untilSlot),
  confidencePpm: 950_000,
});

export function judgement(
  verdict: PlacementJudgement["verdict"],
  untilSlot = 1,
): PlacementJudgement {
  if (verdict === "right") return { ...seen(untilSlot), verdict, fault: "none" };
  const rules: PlacementJudgement["rules"] = [
    { id: "neighbours-production", family: "neighbours" },
    ...(verdict === "manipulated" ? [{ id: "feeder-balance", family: "feeder" as const }] : []),
  ];
  return { ...seen(untilSlot), verdict, fault: "swapped", rules };
}

export function report(verdict: WiringReport["verdict"], untilSlot = 1): WiringReport {
  return { ...seen(untilSlot), verdict, fault: verdict === "ok" ? "none" : "reversed" };
}

export function signTest(result: "passed" | "failed", untilSlot = 1): WiringReport {
  return { ...report("ok", untilSlot), signTest: { result, event: "ab".repeat(32) } };
}

/** A placement epoch of a resident's connection point. */
export const placementOf = ({ id, meter }: TestResident, epoch = 1): PlacementKey => ({
  participant: id,
  meter,
  epoch,
});

export const payment = (
  from: string,
  to: string,
  amountNano: string,
  slot = firstSlot,
): Correction => ({
  kind: "payments",
  reason: "meter-error",
  slot,
  payments: [{ from, to, amountNano }],
});
