import { describe, expect, it } from "vitest";
import type { Fault, Finding, RuleFamily } from "./types.js";
import { type Found, judge } from "./verdict.js";

function found(id: string, family: RuleFamily, finding: Finding): Found {
  return { rule: { id, family, needs: [], start: () => undefined }, finding };
}

function wrong(
  verdict: "suspect" | "held",
  fault: Exclude<Fault, "none">,
  confidence = 0.9,
): Finding {
  return { says: "wrong", verdict, fault, confidence, fromMs: 1, toMs: 2, explanation: fault };
}

const right: Finding = { says: "right", confidence: 0.8, fromMs: 1 };

describe("verdict", () => {
  it.each<[string, readonly Found[], string, string, string]>([
    ["nobody knows", [found("a", "sun", { says: "nothing" })], "ok", "none", "none"],
    ["one says right", [found("a", "sun", right)], "ok", "none", "none"],
    ["one suspects", [found("a", "sun", wrong("suspect", "partial"))], "suspect", "partial", "a"],
    [
      "one would hold, though another says right",
      [found("a", "sun", right), found("b", "balance", wrong("held", "reversed"))],
      "held",
      "reversed",
      "b",
    ],
    [
      "two of one family agree",
      [found("a", "sun", wrong("held", "swapped")), found("b", "sun", wrong("held", "swapped"))],
      "held",
      "swapped",
      "a",
    ],
    [
      "two of two families agree",
      [
        found("a", "sun", wrong("held", "swapped", 0.91)),
        found("b", "voltage", wrong("held", "swapped", 0.95)),
      ],
      "manipulated",
      "swapped",
      "b",
    ],
    [
      "one only suspects what another would hold for",
      [
        found("a", "sun", wrong("held", "swapped")),
        found("b", "voltage", wrong("suspect", "swapped")),
      ],
      "held",
      "swapped",
      "a",
    ],
    [
      "two families would hold for different faults: that which explains more is named",
      [
        found("a", "sun", wrong("held", "partial", 0.99)),
        found("b", "registers", wrong("held", "swapped")),
      ],
      "held",
      "swapped",
      "b",
    ],
    [
      "a suspicion explains more than what another holds for",
      [
        found("a", "sun", wrong("suspect", "swapped")),
        found("b", "balance", wrong("held", "partial")),
      ],
      "held",
      "partial",
      "b",
    ],
  ])("where %s", (_, all, verdict, fault, rule) => {
    expect(judge(all, 5)).toMatchObject({ atMs: 5, verdict, fault, rule });
  });
});
