import Database from "better-sqlite3";
import { beforeEach, describe, expect, test } from "vitest";
import { EvidenceBook } from "./book.js";
import { newJudgements } from "./opinions.js";

const startMs = Date.parse("2026-06-01T12:00:00Z");
const slotMs = 15_000;
const [house, panels] = ["eastron/sdm630:1", "eastron/sdm230:2"] as const;
const roles = { [house]: "connection", [panels]: "generator" } as const;
const instant = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;

let book: EvidenceBook;
let block: number;
beforeEach(() => {
  book = new EvidenceBook(new Database(":memory:"));
  block = 0;
});

function tell(name: string, payload: object): void {
  block += 1;
  const at = "2026-06-01T13:00:00.000Z";
  book.apply({ name, payload: { at, ...payload }, blockNumber: block, transactionId: `${block}` });
}

/** Evidence of one slot; with `opened` a placement epoch begins with it. */
function evidence(
  meter: keyof typeof roles,
  slot: number,
  exportWh: number,
  opened?: { readonly why: "commissioned" | "gap"; readonly epoch: number },
): void {
  const since = instant(startMs + slot * slotMs);
  const role = roles[meter];
  tell("EvidenceAccepted", {
    participant: "h1",
    meter,
    role,
    firstSequence: slot + 1,
    lastSequence: slot + 1,
    late: 0,
    slots: [since],
    end: instant(startMs + (slot + 1) * slotMs),
    importWh: 0,
    exportWh,
    counter: "1",
    ...(opened && {
      placements: [
        {
          epoch: opened.epoch,
          role,
          since,
          opened: opened.why,
          evidence: "open",
          state: "unproven",
        },
      ],
    }),
  });
}

function slots(from: number, to: number, [houseWh, panelsWh]: readonly [number, number]): void {
  for (let slot = from; slot < to; slot += 1) {
    const why = from === 0 ? "commissioned" : "gap";
    const opened = slot === from ? ({ why, epoch: from === 0 ? 1 : 2 } as const) : undefined;
    evidence(house, slot, houseWh, opened);
    evidence(panels, slot, panelsWh, opened);
  }
}

describe("what the aggregator says of a household", () => {
  test("once, of both meters, in a window inside their epoch", () => {
    slots(0, 8, [10, 12]);
    const said = newJudgements(book, "h1", "none");
    expect(said.map(({ meter, epoch }) => [meter, epoch])).toEqual([
      [house, 1],
      [panels, 1],
    ]);
    for (const one of said) {
      expect(one.judgement).toMatchObject({
        verdict: "right",
        from: instant(startMs),
        to: instant(startMs + 8 * slotMs),
      });
      tell("PlacementJudged", { ...one, state: "unproven" });
    }
    expect(newJudgements(book, "h1", "none")).toEqual([]);
  });

  test("of a new epoch by what came in it, without the interval that opened it", () => {
    slots(0, 8, [10, 12]);
    slots(8, 9, [0, 100]);
    for (let slot = 9; slot < 17; slot += 1) {
      evidence(house, slot, 12);
      evidence(panels, slot, 10);
    }
    for (const { epoch, judgement } of newJudgements(book, "h1", "none")) {
      expect(epoch).toBe(2);
      expect(judgement).toMatchObject({
        verdict: "held",
        fault: "swapped",
        from: instant(startMs + 9 * slotMs),
      });
    }
    expect(newJudgements(book, "h1", "none")).toHaveLength(2);
  });

  test("an event that is told twice counts once", () => {
    slots(0, 2, [10, 12]);
    const before = book.spans(house, 0);
    const { blockNumber, transactionId } = book.projection.checkpoint()!;
    book.apply({ name: "EvidenceAccepted", payload: {}, blockNumber, transactionId });
    expect(book.spans(house, 0)).toEqual(before);
    expect(before).toHaveLength(2);
  });
});
