import { evidenceRuleFamily } from "../wiring/evidence-rules.js";
import type { WiringSettings } from "../wiring/wiring-settings.js";
import type {
  Placement,
  PlacementDecision,
  PlacementJudgement,
  PlacementStateName,
  WiringReport,
} from "./placements.js";

/** What the judges of one placement epoch have said. */
export interface PlacementWords {
  readonly evidence: Placement["evidence"];
  readonly judgement?: PlacementJudgement | undefined;
  readonly report?: WiringReport | undefined;
  readonly decision?: PlacementDecision | undefined;
}

/**
 * The state of a placement epoch, by the first that applies:
 *
 * 1. what operator and community decided together;
 * 2. `manipulated`: a sign test failed, or two judges, or rules of two families, find it wrong;
 * 3. `held`: one of them does;
 * 4. `proven`: the evidence's part is there, the aggregator called it right, where he is required;
 * 5. `unproven`.
 *
 * The evidence's part is a night and a day as the ledger counts them, or a sign test that the agent reports and
 * the aggregator confirms by calling the placement right. `suspect` holds nothing; of the aggregator it is no
 * `right` either.
 */
export function placementState(
  { evidence, judgement, report, decision }: PlacementWords,
  aggregator: WiringSettings["aggregator"],
): PlacementStateName {
  if (decision !== undefined) return decision.verdict === "right" ? "proven" : "manipulated";
  const families = [
    ...(evidence === "failed" ? [[evidenceRuleFamily]] : []),
    ...[judgement, report].flatMap((one) =>
      one !== undefined && isAgainst(one.verdict) ? [one.rules.map(({ family }) => family)] : [],
    ),
  ];
  const isConfirmed = families.length > 1 || new Set(families.flat()).size > 1;
  if (report?.signTest?.result === "failed" || isConfirmed) return "manipulated";
  if (families.length > 0) return "held";
  const isRight = judgement?.verdict === "right";
  const isTested = report?.signTest?.result === "passed" && isRight;
  const isAgreed = isRight || aggregator === "advisory";
  return isAgreed && (evidence === "passed" || isTested) ? "proven" : "unproven";
}

function isAgainst(verdict: PlacementJudgement["verdict"] | WiringReport["verdict"]): boolean {
  return verdict === "held" || verdict === "manipulated";
}
