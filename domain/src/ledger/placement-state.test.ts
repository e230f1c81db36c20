import { expect, test } from "vitest";
import { type PlacementWords, placementState } from "./placement-state.js";
import type { PlacementJudgement, PlacementStateName, WiringReport } from "./placements.js";

const window = { from: "2026-06-01T12:00:00Z", to: "2026-06-02T12:00:00Z" };
type Family = PlacementJudgement["rules"][number]["family"];
const rules = (...families: Family[]) => families.map((family) => ({ id: `of-${family}`, family }));
const said = { fault: "none" as const, confidencePpm: 900_000, ...window };
const judged = (
  verdict: PlacementJudgement["verdict"],
  ...families: Family[]
): PlacementJudgement => ({ ...said, verdict, rules: rules(...families) });
const reported = (verdict: WiringReport["verdict"], ...families: Family[]): WiringReport => ({
  ...said,
  verdict,
  rules: rules(...families),
});
const tested = (result: "passed" | "failed"): WiringReport => ({
  ...said,
  verdict: "ok",
  rules: [],
  signTest: { result, event: "ab".repeat(32) },
});
const decided = (verdict: "right" | "manipulated") => ({ verdict, correction: "correction-1" });
const [open, passed, failed] = (["open", "passed", "failed"] as const).map((evidence) => ({
  evidence,
}));
const right = { judgement: judged("right") };

const cases: [string, PlacementWords, "required" | "advisory", PlacementStateName][] = [
  ["nobody said anything", { ...open }, "required", "unproven"],
  ["evidence alone", { ...passed }, "required", "unproven"],
  ["evidence alone, where the aggregator only advises", { ...passed }, "advisory", "proven"],
  ["the aggregator alone", { ...open, ...right }, "required", "unproven"],
  ["evidence and aggregator", { ...passed, ...right }, "required", "proven"],
  ["a household's own word", { ...open, report: reported("ok") }, "advisory", "unproven"],
  ["a household's own sign test", { ...open, report: tested("passed") }, "required", "unproven"],
  [
    "and where the aggregator only advises",
    { ...open, report: tested("passed") },
    "advisory",
    "unproven",
  ],
  [
    "a sign test and the aggregator",
    { ...open, ...right, report: tested("passed") },
    "required",
    "proven",
  ],
  [
    "a sign test with his doubt",
    { ...open, judgement: judged("suspect"), report: tested("passed") },
    "advisory",
    "unproven",
  ],
  [
    "a failed sign test",
    { ...passed, ...right, report: tested("failed") },
    "required",
    "manipulated",
  ],
  ["a failed sign test at once", { ...open, report: tested("failed") }, "advisory", "manipulated"],
  [
    "the household's suspicion",
    { ...passed, ...right, report: reported("suspect", "sun") },
    "required",
    "proven",
  ],
  [
    "the household lowers itself",
    { ...passed, ...right, report: reported("held", "phases") },
    "required",
    "held",
  ],
  [
    "by two rules",
    { ...passed, ...right, report: reported("manipulated", "sun", "voltage") },
    "required",
    "manipulated",
  ],
  [
    "by two rules of one physics",
    { ...passed, ...right, report: reported("manipulated", "sun", "sun") },
    "required",
    "held",
  ],
  [
    "the aggregator's doubt",
    { ...passed, judgement: judged("suspect", "neighbours") },
    "required",
    "unproven",
  ],
  [
    "his doubt, where he only advises",
    { ...passed, judgement: judged("suspect", "neighbours") },
    "advisory",
    "proven",
  ],
  [
    "the aggregator against",
    { ...passed, judgement: judged("held", "neighbours") },
    "advisory",
    "held",
  ],
  [
    "by two rules",
    { ...open, judgement: judged("manipulated", "neighbours", "feeder") },
    "required",
    "manipulated",
  ],
  [
    "who names one rule only",
    { ...open, judgement: judged("manipulated", "neighbours") },
    "required",
    "held",
  ],
  ["who names none", { ...open, judgement: judged("held") }, "required", "held"],
  ["evidence against", { ...failed, ...right }, "required", "held"],
  [
    "evidence and aggregator against",
    { ...failed, judgement: judged("held", "neighbours") },
    "required",
    "manipulated",
  ],
  [
    "evidence and household against",
    { ...failed, report: reported("held", "voltage") },
    "required",
    "manipulated",
  ],
  [
    "two judges by one physics",
    { ...failed, report: reported("held", "sun") },
    "required",
    "manipulated",
  ],
  [
    "people, against all judges",
    { ...failed, judgement: judged("held", "sun"), decision: decided("right") },
    "required",
    "proven",
  ],
  ["people, for want of proof", { ...open, decision: decided("right") }, "required", "proven"],
  [
    "people, after an inspection",
    { ...passed, ...right, decision: decided("manipulated") },
    "required",
    "manipulated",
  ],
] as [string, PlacementWords, "required" | "advisory", PlacementStateName][];

test.each(cases)("%s", (_, words, aggregator, state) => {
  expect(placementState(words, aggregator)).toBe(state);
});

test("nothing that a household says takes a placement nearer to its proof, but for a sign test that is confirmed", () => {
  const order: PlacementStateName[] = ["manipulated", "held", "unproven", "proven"];
  for (const [, words, aggregator] of cases) {
    if (words.report?.signTest?.result === "passed" && words.judgement?.verdict === "right")
      continue;
    const { report: _, ...without } = words;
    expect(order.indexOf(placementState(words, aggregator))).toBeLessThanOrEqual(
      order.indexOf(placementState(without, aggregator)),
    );
  }
});
