import type { LedgerEvent } from "@powershare/domain/ledger";
import { expect, test } from "vitest";
import { CheatBook, cheatSummary } from "./cheat-book.js";

const offMs = Date.parse("2026-06-01T12:00:00Z");
const swappedMs = offMs + 40_000;
const at = (seconds: number) => new Date(swappedMs + seconds * 1000).toISOString();
const slot = (seconds: number) => `${new Date(offMs + seconds * 1000).toISOString().slice(0, 19)}Z`;
const key = { participant: "h1", meter: "eastron/sdm230:1", epoch: 2 };

function settled(atS: number, start: string, held: bigint | undefined): LedgerEvent {
  const trade = { seller: "h1", buyer: "h2", deliveredWh: 10, contractedWh: 10, kind: "contract" };
  const sale = {
    participant: "h1",
    slot: start,
    at: at(atS),
    payments: [{ from: "h2", reason: "trade", paidNano: String(held), unpaidNano: "0" }],
    placements: [{ meter: key.meter, epoch: 2 }],
  };
  return {
    name: "SlotSettled",
    payload: {
      at: at(atS),
      slot: start,
      changes: [],
      energy: [],
      missing: [],
      trades: [{ ...trade, priceMicroPerKwh: 100_000, amountNano: "1000" }],
      ...(held !== undefined && { held: [sale] }),
    },
  } as unknown as LedgerEvent;
}
const judged = (atS: number, verdict: string, rules: string[]): LedgerEvent =>
  ({
    name: "PlacementJudged",
    payload: {
      at: at(atS),
      ...key,
      judgement: {
        verdict,
        fault: "swapped",
        rules: rules.map((id) => ({ id, family: "balance" })),
        from: slot(0),
        to: slot(60),
        confidencePpm: 990_000,
      },
      state: verdict,
    },
  }) as unknown as LedgerEvent;
const returned = (atS: number, slots: string[]): LedgerEvent =>
  ({
    name: "HeldResolved",
    payload: {
      at: at(atS),
      participant: "h1",
      changes: [],
      sales: slots.map((start) => ({ slot: start, outcome: "manipulated", payments: [] })),
    },
  }) as unknown as LedgerEvent;

test("books what is found, held and given back since the swap, and nothing from before it", () => {
  const told: string[] = [];
  const book = new CheatBook({
    household: "h1",
    offMs,
    swappedMs,
    speed: 30,
    tell: (news) => told.push(news),
  });
  book.take(settled(1, slot(-15), undefined));
  book.take(settled(20, slot(15), 300n));
  book.take(settled(40, slot(30), 200n));
  book.take(judged(60, "right", []));
  book.take(judged(90, "held", ["connection-balance"]));
  expect(book.summary()).toBeUndefined();
  book.take(judged(240, "manipulated", ["connection-balance", "neighbour-production"]));
  book.take(returned(242, [slot(15)]));
  expect(book.summary()).toBeUndefined();
  book.take(returned(244, [slot(30)]));
  expect(cheatSummary.parse(book.summary())).toEqual({
    household: "h1",
    at: at(0),
    foundAt: at(90),
    rule: "connection-balance",
    fault: "swapped",
    confirmedBy: ["connection-balance", "neighbour-production"],
    heldNano: "500",
    returnedNano: "500",
    paidNano: "0",
    seconds: { toFound: 90, toHeld: 20, toReturned: 244 },
    playedHours: { toFound: 0.8, toReturned: 2 },
  });
  expect(told).toHaveLength(4);
});

test("what is paid in spite of it is booked as paid", () => {
  const book = new CheatBook({ household: "h1", offMs, swappedMs, speed: 30, tell: () => {} });
  book.take(settled(20, slot(0), undefined));
  book.take(settled(30, slot(15), 300n));
  book.take(judged(90, "held", ["connection-balance"]));
  book.take(returned(100, [slot(15)]));
  expect(book.summary()).toMatchObject({ paidNano: "1000", heldNano: "300", returnedNano: "300" });
});
