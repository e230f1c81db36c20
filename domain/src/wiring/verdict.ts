import type { Fault, Finding, Judgement, Rule, WrongFinding } from "./types.js";

/** A rule's finding, with the rule that made it. */
export interface Found {
  readonly rule: Rule;
  readonly finding: Finding;
}

type Wrong = Found & { readonly finding: WrongFinding };

/**
 * Which fault is named where rules name several: one that explains more comes first. After a swap the
 * production meter reads too little by day, which alone would be a partial clamp.
 */
const byReach: readonly Exclude<Fault, "none">[] = [
  "replayed",
  // One value for hours is no other meter's reading, whatever it looks like beside the sun.
  "stuck",
  "swapped",
  "reversed",
  "phase-reversed",
  "storage-as-solar",
  "clock-shift",
  "dead",
  "scaled",
  "partial",
  "other",
];

/**
 * One judgement from all findings. A rule that would hold weighs more than any that only suspects;
 * rules of two families that would hold for the same fault make it `manipulated`.
 */
export function judge(found: readonly Found[], atMs: number): Judgement {
  const wrong = found.filter((one): one is Wrong => one.finding.says === "wrong");
  const holding = wrong.filter(({ finding }) => finding.verdict === "held");
  const [first] = (holding.length > 0 ? holding : wrong).toSorted(byReachThenConfidence);
  if (first === undefined) return fine(found, atMs);
  const { fault, fromMs, toMs, confidence, explanation } = first.finding;
  const families = new Set(
    holding.filter((one) => one.finding.fault === fault).map((one) => one.rule.family),
  );
  return {
    atMs,
    verdict: families.size > 1 ? "manipulated" : first.finding.verdict,
    fault,
    rule: first.rule.id,
    fromMs,
    toMs,
    confidence,
    explanation,
  };
}

function byReachThenConfidence(a: Wrong, b: Wrong): number {
  return (
    byReach.indexOf(a.finding.fault) - byReach.indexOf(b.finding.fault) ||
    b.finding.confidence - a.finding.confidence
  );
}

function fine(found: readonly Found[], atMs: number): Judgement {
  const right = found.flatMap(({ finding }) => (finding.says === "right" ? [finding] : []));
  return {
    atMs,
    verdict: "ok",
    fault: "none",
    rule: "none",
    fromMs: Math.min(atMs, ...right.map((finding) => finding.fromMs)),
    toMs: atMs,
    confidence: Math.max(0, ...right.map((finding) => finding.confidence)),
    explanation:
      right.length > 0 ? "The meters read as they should." : "Not enough was seen yet to judge.",
  };
}
