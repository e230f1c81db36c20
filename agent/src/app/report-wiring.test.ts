import type { JudgedPlacement, WiringReport } from "@powershare/domain/ledger";
import type { SignTestResult } from "@powershare/domain/wiring";
import { describe, expect, test } from "vitest";
import type { WiringVerdict } from "../ports/wiring.js";
import { newestPlacements, reportOf, type Said } from "./report-wiring.js";

const since = "2026-06-01T12:00:00Z";
const nowMs = Date.parse("2026-06-01T13:00:00.700Z");
const placement: JudgedPlacement = {
  participant: "h1",
  meter: "eastron/sdm630:1",
  epoch: 2,
  role: "connection",
  since,
  opened: "gap",
  evidence: "open",
  state: "unproven",
};
const swapped: WiringVerdict = {
  verdict: "held",
  fault: "swapped",
  rule: "night-production",
  from: "2026-06-01T11:00:00.000Z",
  to: "2026-06-01T12:30:00.000Z",
  confidencePpm: 950_000,
  explanation: "",
};
const fine: WiringVerdict = { ...swapped, verdict: "ok", fault: "none", rule: "none" };
const justBegun: WiringVerdict = { ...fine, confidencePpm: 0 };
const heldReport: WiringReport = {
  verdict: "held",
  fault: "swapped",
  rules: [{ id: "night-production", family: "sun" }],
  from: since,
  to: "2026-06-01T12:40:00Z",
  confidencePpm: 950_000,
};
const event = "ab".repeat(32);
function signTest(state: SignTestResult["state"], startedAt = "2026-06-01T12:10:00Z") {
  const result: SignTestResult = {
    state,
    ...(state === "failed" && { fault: "reversed" as const }),
    parts: [],
    errorProbability: 0.001,
  };
  return {
    startedAtMs: Date.parse(startedAt),
    endedAtMs: nowMs,
    event,
    result: () => result,
    report: () => {
      throw new Error("not asked for here");
    },
  };
}
const said = (verdict?: WiringVerdict, tested?: ReturnType<typeof signTest>): Said => ({
  verdict: () => verdict,
  signTest: tested,
});

describe("what is reported of a placement", () => {
  test.for<[string, JudgedPlacement, Said, Partial<WiringReport> | undefined]>([
    ["nothing, while the rules rest", placement, said(), undefined],
    ["nothing, where all is well", placement, said(fine), undefined],
    [
      "a verdict, with its rule's family, in a window inside the epoch",
      placement,
      said(swapped),
      { ...heldReport, to: "2026-06-01T13:00:00Z" },
    ],
    [
      "not what stands there already",
      { ...placement, report: heldReport },
      said(swapped),
      undefined,
    ],
    [
      "that it is well again",
      { ...placement, report: heldReport },
      said(fine),
      { verdict: "ok", fault: "none", rules: [] },
    ],
    [
      "nothing by a watch that has just begun: a restart gives nothing back",
      { ...placement, report: heldReport },
      said(justBegun),
      undefined,
    ],
    [
      "a sign test, and what stood there stays",
      { ...placement, report: heldReport },
      said(justBegun, signTest("passed")),
      { verdict: "held", rules: heldReport.rules, signTest: { result: "passed", event } },
    ],
    [
      "a test that failed",
      placement,
      said(fine, signTest("failed")),
      {
        verdict: "manipulated",
        fault: "reversed",
        rules: [{ id: "sign-test", family: "voltage" }],
        signTest: { result: "failed", event },
      },
    ],
    ["no test that gave no answer", placement, said(fine, signTest("abstains")), undefined],
    [
      "no test from before the epoch",
      placement,
      said(fine, signTest("passed", "2026-06-01T11:59:59Z")),
      undefined,
    ],
    [
      "but before a meter's first epoch nothing was",
      { ...placement, opened: "commissioned" },
      said(fine, signTest("passed", "2026-06-01T11:59:59Z")),
      { verdict: "ok", signTest: { result: "passed", event } },
    ],
    [
      "no test twice",
      {
        ...placement,
        report: {
          ...heldReport,
          verdict: "ok",
          fault: "none",
          signTest: { result: "passed", event },
        },
      },
      said(fine, signTest("passed")),
      undefined,
    ],
    [
      "nothing that would not end later than what stands there",
      { ...placement, report: { ...heldReport, to: "2026-06-01T13:00:00Z" } },
      said(fine),
      undefined,
    ],
  ])("%s", ([, at, words, expected]) => {
    const report = reportOf(at, words, nowMs);
    if (expected === undefined) expect(report).toBeUndefined();
    else expect(report).toMatchObject(expected);
  });
});

test("of each meter only the newest epoch is reported", () => {
  const newest = { meter: "a", epoch: 2 };
  expect(newestPlacements([newest, { meter: "a", epoch: 1 }, { meter: "b", epoch: 1 }])).toEqual([
    newest,
    { meter: "b", epoch: 1 },
  ]);
});
