import Database from "better-sqlite3";
import { expect, test } from "vitest";
import type { ChaincodeEvent } from "./event-stream.js";
import { LedgerProjection } from "./projection.js";

const slot = "2026-06-01T12:00:00Z";
const grid = "eastron/sdm630:1";
const at = (minute: number) => `2026-06-01T13:${String(minute).padStart(2, "0")}:00.000Z`;
const payments = [{ from: "shade", reason: "trade", paidNano: "60", unpaidNano: "0" }];
const judgement = {
  verdict: "right",
  fault: "none",
  rules: [],
  from: slot,
  to: "2026-06-01T13:00:00Z",
  confidencePpm: 900_000,
};

const payloads: readonly (readonly [name: string, payload: object])[] = [
  [
    "EvidenceAccepted",
    {
      participant: "sun",
      meter: grid,
      role: "connection",
      firstSequence: 1,
      lastSequence: 1,
      late: 0,
      slots: [slot],
      end: "2026-06-01T12:15:00Z",
      importWh: 0,
      exportWh: 400,
      counter: "5",
      placements: [
        {
          epoch: 1,
          role: "connection",
          since: slot,
          opened: "commissioned",
          evidence: "open",
          state: "unproven",
        },
      ],
    },
  ],
  [
    "SlotSettled",
    {
      slot,
      trades: [],
      energy: [],
      missing: [],
      changes: [],
      held: [
        { participant: "sun", slot, at: at(1), payments, placements: [{ meter: grid, epoch: 1 }] },
      ],
    },
  ],
  ["PlacementJudged", { participant: "sun", meter: grid, epoch: 1, judgement, state: "unproven" }],
  [
    "WiringReported",
    {
      participant: "sun",
      meter: grid,
      epoch: 1,
      report: {
        ...judgement,
        verdict: "ok",
        signTest: { result: "passed", event: "ab".repeat(32) },
      },
      state: "proven",
    },
  ],
  [
    "HeldResolved",
    { participant: "sun", sales: [{ slot, outcome: "proven", payments }], changes: [] },
  ],
  [
    "CorrectionConfirmed",
    {
      id: "correction-1",
      correction: {
        kind: "placement",
        reason: "inspected",
        participant: "sun",
        meter: grid,
        epoch: 1,
        verdict: "manipulated",
      },
      changes: [],
    },
  ],
];

function projected(count: number, participant?: string): LedgerProjection {
  const projection = new LedgerProjection(
    new Database(":memory:"),
    participant === undefined ? {} : { participant },
  );
  for (const [index, [name, payload]] of payloads.slice(0, count).entries()) {
    const event: ChaincodeEvent = {
      blockNumber: index + 1,
      transactionId: `t${index}`,
      name,
      payload: { ...payload, at: at(index) },
    };
    projection.apply(event);
  }
  return projection;
}

test.each([
  [1, "unproven"],
  [3, "unproven"],
  [4, "proven"],
  [6, "manipulated"],
])("after %i events a placement is %s", (count, state) => {
  expect(projected(count).placements("sun")).toMatchObject([
    { participant: "sun", meter: grid, epoch: 1, since: slot, opened: "commissioned", state },
  ]);
});

test("a placement keeps what every judge said, and when something was said last", () => {
  expect(projected(6).placements()).toMatchObject([
    {
      judgement: { verdict: "right" },
      report: { signTest: { result: "passed" } },
      decision: { verdict: "manipulated", correction: "correction-1" },
      changedAt: at(5),
    },
  ]);
});

test("a held sale waits, and then tells what became of it", () => {
  expect(projected(4).heldSales({ seller: "sun" })).toMatchObject([
    { slot, payments, outcome: null, changedAt: at(1) },
  ]);
  expect(projected(4).heldSales({ waiting: true })).toHaveLength(1);
  expect(projected(5).heldSales()).toMatchObject([{ outcome: "proven", changedAt: at(4) }]);
  expect(projected(5).heldSales({ waiting: true })).toEqual([]);
});

test("a household keeps its own placements, and the sales that it made or paid for", () => {
  expect(projected(6, "shade").placements()).toEqual([]);
  expect(projected(6, "shade").heldSales()).toHaveLength(1);
  expect(projected(6, "elm").heldSales()).toEqual([]);
  expect(projected(6, "sun").placements()).toHaveLength(1);
});
