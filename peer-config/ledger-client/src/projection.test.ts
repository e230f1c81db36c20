import Database from "better-sqlite3";
import { expect, test } from "vitest";
import type { ChaincodeEvent } from "./event-stream.js";
import { LedgerProjection } from "./projection.js";

const slot = "2026-06-01T12:00:00Z";

/** Events as a network emitted them: coins, an order, a clearing and its settlement. */
const recorded: readonly ChaincodeEvent[] = [
  {
    blockNumber: 9,
    transactionId: "a1",
    name: "CoinsIssued",
    payload: {
      nonce: "issue-0001",
      account: "bank",
      amountNano: "100000000000",
      at: "2026-06-01T11:50:00.071Z",
      changes: [{ participant: "bank", coinsNano: "100000000000" }],
    },
  },
  {
    blockNumber: 14,
    transactionId: "b1",
    name: "CashFunded",
    payload: {
      nonce: "fund-shade",
      resident: "shade",
      currency: "EUR",
      amountMicro: "10000000",
      at: "2026-06-01T11:50:01.013Z",
      changes: [{ participant: "shade", cashMicro: { EUR: "10000000" } }],
    },
  },
  {
    blockNumber: 14,
    transactionId: "b2",
    name: "CashToCoins",
    payload: {
      nonce: "exch-shade",
      seller: "bank",
      buyer: "shade",
      currency: "EUR",
      cashMicro: "10000000",
      rateMicro: "1000000",
      at: "2026-06-01T11:50:01.606Z",
      amountNano: "10000000000",
      changes: [
        { participant: "bank", coinsNano: "-10000000000", cashMicro: { EUR: "10000000" } },
        { participant: "shade", coinsNano: "10000000000", cashMicro: { EUR: "-10000000" } },
      ],
    },
  },
  {
    blockNumber: 19,
    transactionId: "c1",
    name: "SlotSealed",
    payload: { at: "2026-06-01T11:59:55.614Z", slot },
  },
  {
    blockNumber: 22,
    transactionId: "d1",
    name: "SlotCleared",
    payload: {
      at: "2026-06-01T11:59:56.466Z",
      slot,
      trades: [
        {
          seller: "sun",
          buyer: "shade",
          energyWh: 600,
          priceMicroPerKwh: 200_000,
          amountNano: "120000000",
        },
      ],
      excluded: [],
      digest: "ab".repeat(32),
      changes: [{ participant: "shade", coinsNano: "-120000000", escrowNano: "120000000" }],
    },
  },
  {
    blockNumber: 25,
    transactionId: "e1",
    name: "SlotSettled",
    payload: {
      at: "2026-06-01T12:15:01.155Z",
      slot,
      trades: [
        {
          seller: "sun",
          buyer: "shade",
          contractedWh: 600,
          deliveredWh: 500,
          priceMicroPerKwh: 200_000,
          amountNano: "100000000",
          kind: "contract",
        },
        {
          seller: "sun",
          buyer: "elm",
          contractedWh: 0,
          deliveredWh: 10,
          priceMicroPerKwh: 200_000,
          amountNano: "2000000",
          kind: "surplus",
        },
      ],
      energy: [],
      missing: [],
      changes: [
        { participant: "elm", owedNano: { sun: "2000000" } },
        { participant: "shade", coinsNano: "20000000", escrowNano: "-120000000" },
        { participant: "sun", coinsNano: "100000000" },
      ],
    },
  },
  {
    blockNumber: 26,
    transactionId: "f1",
    name: "SomethingNewer",
    payload: { whatever: true },
  },
];

function projected(events: readonly ChaincodeEvent[], participant?: string): LedgerProjection {
  const projection = new LedgerProjection(
    new Database(":memory:"),
    participant === undefined ? {} : { participant },
  );
  for (const event of events) projection.apply(event);
  return projection;
}

test("wallets are the sum of all changes", () => {
  const projection = projected(recorded);
  expect(projection.wallet("shade")).toEqual({
    at: "2026-06-01T12:15:01.155Z",
    wallet: {
      participant: "shade",
      coinsNano: "9900000000",
      escrowNano: "0",
      heldNano: "0",
      cashMicro: {},
      energyWh: "0",
      owedNano: {},
    },
  });
  expect(projection.wallet("elm")?.wallet.owedNano).toEqual({ sun: "2000000" });
  expect(projection.wallet("nobody")).toBeUndefined();
});

test("trades are contracted at clearing and as delivered after settlement", () => {
  expect(projected(recorded.slice(0, 5)).trades({ participant: "sun" })).toEqual([
    {
      slot,
      seller: "sun",
      buyer: "shade",
      kind: "contract",
      state: "contracted",
      contractedWh: 600,
      energyWh: 600,
      priceMicroPerKwh: 200_000,
      amountNano: "120000000",
    },
  ]);
  const settled = projected(recorded);
  expect(settled.trades().map(({ buyer, state, energyWh }) => [buyer, state, energyWh])).toEqual([
    ["elm", "settled", 10],
    ["shade", "settled", 500],
  ]);
  expect(settled.trades({ participant: "elm" })).toHaveLength(1);
  expect(settled.trades({ limit: 1 })).toHaveLength(1);
});

test("a slot's state is that of its last event", () => {
  const projection = projected(recorded.slice(0, 4));
  expect(projection.slot(slot)).toEqual({
    start: slot,
    state: "sealed",
    at: "2026-06-01T11:59:55.614Z",
  });
  expect(projected(recorded).slot(slot)?.state).toBe("settled");
  expect(projection.slot("2026-06-01T12:15:00Z")).toBeUndefined();
});

test("replayed from any point, nothing is counted twice", () => {
  const once = projected(recorded);
  for (let from = 0; from <= recorded.length; from += 1) {
    const again = projected(recorded);
    const applied = recorded.slice(from).map((event) => again.apply(event));
    expect(applied).not.toContain(true);
    expect(again.wallet("shade")).toEqual(once.wallet("shade"));
    expect(again.checkpoint()).toEqual({ blockNumber: 26, transactionId: "f1" });
  }
});

test("an event and its checkpoint are one: what does not fit moves neither", () => {
  const database = new Database(":memory:");
  const projection = new LedgerProjection(database);
  const [issued, funded] = recorded;
  if (issued === undefined || funded === undefined) throw new Error("no events");
  projection.apply(issued);
  const bad = { ...funded, payload: { changes: [{ participant: "shade" }] } };
  expect(() => projection.apply(bad)).toThrow();
  expect(projection.checkpoint()).toEqual({ blockNumber: 9, transactionId: "a1" });
  expect(new LedgerProjection(database).apply(funded)).toBe(true);
});

test("a household keeps its own wallet and trades only", () => {
  const projection = projected(recorded, "shade");
  expect(projection.wallet("bank")).toBeUndefined();
  expect(projection.wallet("shade")?.wallet.coinsNano).toBe("9900000000");
  expect(projection.trades().map(({ buyer }) => buyer)).toEqual(["shade"]);
});
