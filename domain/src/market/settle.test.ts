import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clear, type Measured, parseOrders, type SlotOrders, settle } from "./index.js";
import { spreadSurplus } from "./surplus.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
const utilities = [
  { id: "u1", node: "root", feedInMicroPerKwh: 50_000, retailMicroPerKwh: 250_000, energyWh: null },
  { id: "u2", node: "root", feedInMicroPerKwh: 40_000, retailMicroPerKwh: 300_000, energyWh: null },
];

/** A slot of orders written as `participant: [side, Wh, limit]`. */
function slot(orders: Record<string, ["sell" | "buy", number, number]>): SlotOrders {
  return parseOrders({
    slot: { start: "2026-06-01T12:00:00Z", seconds: 900 },
    seed: "00",
    rule: "uniform",
    rulesVersion: 1,
    grid: { nodes: [{ id: "root" }] },
    utilities,
    orders: Object.entries(orders).map(([participant, [side, energyWh, limitMicroPerKwh]]) => ({
      id: `order-${participant}`,
      participant,
      node: "root",
      side,
      steps: [{ energyWh, limitMicroPerKwh }],
    })),
  });
}

function measured(participant: string, importWh: number, exportWh: number): Measured {
  return { participant, importWh, exportWh, attributable: true };
}

const servedByU1 = (): string => "u1";

function settled(
  orders: SlotOrders,
  meters: Measured[],
  utilityOf: (participant: string) => string = servedByU1,
  fundsNano: (participant: string) => bigint = () => 10n ** 18n,
) {
  const result = clear(orders, sha256);
  return settle({ orders, result, measured: meters, utilityOf, fundsNano });
}

/** One seller of 1000 Wh, two buyers of 500 Wh each, at the price 160000. */
const street = slot({
  s: ["sell", 1000, 120_000],
  b1: ["buy", 500, 200_000],
  b2: ["buy", 500, 200_000],
});

describe("settle", () => {
  it("pays contracts at the node's price where everybody keeps his word", () => {
    const { trades, dues, energy } = settled(street, [
      measured("s", 0, 1000),
      measured("b1", 500, 0),
      measured("b2", 500, 0),
    ]);
    expect(trades).toEqual(
      ["b1", "b2"].map((buyer) => ({
        seller: "s",
        buyer,
        contractedWh: 500,
        deliveredWh: 500,
        priceMicroPerKwh: 160_000,
        amountNano: "80000000",
        kind: "contract",
      })),
    );
    expect(dues).toEqual([
      { from: "b1", to: "s", amountNano: "80000000", reason: "trade" },
      { from: "b2", to: "s", amountNano: "80000000", reason: "trade" },
    ]);
    expect(energy).toContainEqual({
      participant: "s",
      importWh: 0,
      exportWh: 1000,
      soldWh: 1000,
      boughtWh: 0,
      fedInWh: 0,
      retailWh: 0,
    });
  });

  it("shares a seller's shortfall over its buyers, who take what is missing at retail", () => {
    const { trades, dues } = settled(street, [
      measured("s", 0, 601),
      measured("b1", 500, 0),
      measured("b2", 500, 0),
    ]);
    // 399 Wh are missing: 200 and 199.
    expect(trades.map(({ deliveredWh }) => deliveredWh)).toEqual([300, 301]);
    expect(dues).toContainEqual({
      from: "b1",
      to: "u1",
      amountNano: String(200 * 250_000),
      reason: "retail",
    });
  });

  it("sells what a buyer left over to uncontracted import first, then to the utility", () => {
    const { trades, dues, energy } = settled(street, [
      measured("s", 0, 1000),
      measured("b1", 100, 0),
      measured("b2", 650, 0),
      measured("x", 50, 0),
    ]);
    // b1 leaves 400; b2 wants 150 more, and x 50: both get all, 200 are fed in.
    expect(trades.slice(2)).toEqual([
      {
        seller: "s",
        buyer: "b2",
        contractedWh: 0,
        deliveredWh: 150,
        priceMicroPerKwh: 160_000,
        amountNano: "24000000",
        kind: "surplus",
      },
      {
        seller: "s",
        buyer: "x",
        contractedWh: 0,
        deliveredWh: 50,
        priceMicroPerKwh: 160_000,
        amountNano: "8000000",
        kind: "surplus",
      },
    ]);
    expect(dues.at(-1)).toEqual({
      from: "u1",
      to: "s",
      amountNano: String(200 * 50_000),
      reason: "feed-in",
    });
    expect(energy.find(({ participant }) => participant === "s")).toMatchObject({
      soldWh: 800,
      fedInWh: 200,
    });
  });

  it("sells surplus to import beyond contracts only: what a seller failed to deliver comes from the utility", () => {
    const { trades, energy } = settled(street, [
      measured("s", 0, 600),
      measured("b1", 500, 0),
      measured("b2", 510, 0),
      measured("x", 0, 300),
    ]);
    expect(
      trades.slice(2).map(({ seller, buyer, deliveredWh }) => [seller, buyer, deliveredWh]),
    ).toEqual([["x", "b2", 10]]);
    expect(
      energy.map(({ participant, retailWh, fedInWh }) => [participant, retailWh, fedInWh]),
    ).toEqual([
      ["b1", 200, 0],
      ["b2", 200, 0],
      ["s", 0, 0],
      ["x", 0, 290],
    ]);
  });

  it("shares scarce surplus pro rata", () => {
    const { trades } = settled(slot({}), [
      measured("a", 300, 0),
      measured("b", 100, 0),
      measured("s", 0, 10),
    ]);
    // 7.5 and 2.5: equal remainders go in the order of ids.
    expect(trades.map(({ buyer, deliveredWh }) => [buyer, deliveredWh])).toEqual([
      ["a", 8],
      ["b", 2],
    ]);
  });

  it("prices surplus at the floored mean of feed-in and retail where nothing was traded", () => {
    const { trades } = settled(slot({}), [measured("a", 10, 0), measured("s", 0, 10)]);
    expect(trades.map(({ priceMicroPerKwh }) => priceMicroPerKwh)).toEqual([150_000]);
  });

  it("leaves surplus to the utilities where no price would serve both sides", () => {
    const orders = parseOrders({
      ...slot({}),
      utilities: [
        { id: "u1", node: "root", feedInMicroPerKwh: 90, retailMicroPerKwh: 99, energyWh: null },
        { id: "u2", node: "root", feedInMicroPerKwh: 10, retailMicroPerKwh: 20, energyWh: null },
      ],
    });
    const { trades, energy } = settled(orders, [measured("a", 10, 0), measured("s", 0, 10)]);
    expect(trades).toEqual([]);
    expect(energy.map(({ fedInWh, retailWh }) => [fedInWh, retailWh])).toEqual([
      [0, 10],
      [10, 0],
    ]);
  });

  it("settles each with its own utility", () => {
    const { dues } = settled(
      slot({}),
      [measured("a", 10, 0), measured("b", 0, 0), measured("s", 0, 0)],
      (participant) => (participant === "a" ? "u2" : "u1"),
    );
    expect(dues).toEqual([{ from: "a", to: "u2", amountNano: "3000000", reason: "retail" }]);
  });

  it("lets energy of an unknown time trade with the utility alone", () => {
    const { trades, energy } = settled(street, [
      { ...measured("s", 0, 5000), attributable: false },
      measured("b1", 500, 0),
      measured("b2", 700, 0),
    ]);
    expect(trades.map(({ deliveredWh }) => deliveredWh)).toEqual([0, 0]);
    expect(energy.map(({ fedInWh, retailWh }) => [fedInWh, retailWh])).toEqual([
      [0, 500],
      [0, 700],
      [5000, 0],
    ]);
  });

  it("delivers nothing from a seller without evidence", () => {
    const { trades, energy } = settled(street, [measured("b1", 500, 0), measured("b2", 500, 0)]);
    expect(trades.map(({ deliveredWh }) => deliveredWh)).toEqual([0, 0]);
    expect(energy.map(({ participant }) => participant)).toEqual(["b1", "b2"]);
  });

  it.each([
    ["a participant measured twice", [measured("s", 0, 1), measured("s", 0, 2)], "u1"],
    ["a utility that is not the slot's", [measured("s", 0, 1)], "u9"],
  ])("refuses %s", (_, meters, utility) => {
    expect(() => settled(street, meters, () => utility)).toThrow(
      expect.objectContaining({ code: "market.settlement-input" }),
    );
  });

  it.each(["pay-as-bid", "mcafee", "mid-market-rate"] as const)(
    "refuses a slot cleared by %s",
    (rule) => {
      expect(() => settled({ ...street, rule }, [])).toThrow(
        expect.objectContaining({ code: "market.not-supported" }),
      );
    },
  );

  it("refuses a result of another grid", () => {
    const result = { ...clear(street, sha256), prices: {} };
    expect(() =>
      settle({ orders: street, result, measured: [], utilityOf: servedByU1, fundsNano: () => 0n }),
    ).toThrow(expect.objectContaining({ code: "market.settlement-input" }));
  });

  it("gives surplus on no neighbour's credit: only as much as he can pay after his contracts", () => {
    const meters = [measured("s", 0, 1500), measured("b1", 700, 0), measured("b2", 700, 0)];
    // b1 has coins for his contract of 500 Wh and 3 Wh more, b2 for nothing beyond.
    const funds = new Map([
      ["b1", 503n * 160_000n + 159_999n],
      ["b2", 500n * 160_000n],
    ]);
    const { trades, energy } = settled(street, meters, servedByU1, (id) => funds.get(id) ?? 0n);
    const surplus = trades.filter(({ kind }) => kind === "surplus");
    expect(surplus).toMatchObject([{ seller: "s", buyer: "b1", deliveredWh: 3 }]);
    expect(energy.map(({ retailWh }) => retailWh)).toEqual([197, 200, 0]);
    expect(energy.at(-1)).toMatchObject({ participant: "s", soldWh: 1003, fedInWh: 497 });
  });
});

const wh = (max: number) => fc.integer({ min: 0, max });
const names = ["a", "b", "c", "d", "e", "f"];
const anyOrder = fc.tuple(
  fc.constantFrom("sell" as const, "buy" as const),
  wh(40),
  fc.integer({ min: 0, max: 350_000 }),
);
const anySlot = fc
  .tuple(...names.map((name) => fc.tuple(fc.constant(name), fc.option(anyOrder))))
  .map((list) => {
    const orders: Record<string, ["sell" | "buy", number, number]> = {};
    for (const [name, order] of list) if (order !== null) orders[name] = order;
    return slot(orders);
  });
const anyMeters = fc
  .tuple(...names.map((name) => fc.tuple(fc.constant(name), wh(50), wh(50), fc.nat(9), fc.nat(9))))
  .map((list) =>
    list.flatMap(([participant, importWh, exportWh, absent, gap]) =>
      absent === 0 ? [] : [{ participant, importWh, exportWh, attributable: gap > 0 }],
    ),
  );
const utilityOf = (participant: string) => (participant < "d" ? "u1" : "u2");

describe("whatever the meters say", () => {
  it("energy and money are conserved, and nobody delivers more than he promised or has", () => {
    fc.assert(
      fc.property(anySlot, anyMeters, (orders, meters) => {
        const { trades, dues, energy } = settled(orders, meters, utilityOf);
        const exportOf = new Map(meters.map((one) => [one.participant, one]));
        for (const row of energy) {
          expect(row.soldWh + row.fedInWh).toBe(row.exportWh);
          expect(row.boughtWh + row.retailWh).toBe(row.importWh);
          expect(row.exportWh).toBe(exportOf.get(row.participant)?.exportWh);
          expect(
            Math.min(row.soldWh, row.fedInWh, row.boughtWh, row.retailWh),
          ).toBeGreaterThanOrEqual(0);
        }
        const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
        const delivered = sum(trades.map(({ deliveredWh }) => deliveredWh));
        expect(sum(energy.map(({ soldWh }) => soldWh))).toBe(delivered);
        expect(sum(energy.map(({ boughtWh }) => boughtWh))).toBe(delivered);
        for (const { kind, deliveredWh, contractedWh, seller, buyer } of trades) {
          expect(seller).not.toBe(buyer);
          if (kind === "contract") expect(deliveredWh).toBeLessThanOrEqual(contractedWh);
        }
        for (const { amountNano } of dues) expect(BigInt(amountNano)).toBeGreaterThan(0n);
      }),
      { numRuns: 400 },
    );
  });

  it("nobody is worse off than with his utility alone", () => {
    fc.assert(
      fc.property(anySlot, anyMeters, (orders, meters) => {
        const { dues } = settled(orders, meters, utilityOf);
        for (const { participant, importWh, exportWh } of meters) {
          const tariff = utilities.find(({ id }) => id === utilityOf(participant))!;
          const alone = exportWh * tariff.feedInMicroPerKwh - importWh * tariff.retailMicroPerKwh;
          const balance = dues.reduce(
            (sum, { from, to, amountNano }) =>
              sum +
              (to === participant ? Number(amountNano) : 0) -
              (from === participant ? Number(amountNano) : 0),
            0,
          );
          expect(balance).toBeGreaterThanOrEqual(alone);
        }
      }),
      { numRuns: 400 },
    );
  });

  it("the sequence of measurements does not matter", () => {
    fc.assert(
      fc.property(anySlot, anyMeters, (orders, meters) => {
        expect(settled(orders, meters.toReversed(), utilityOf)).toEqual(
          settled(orders, meters, utilityOf),
        );
      }),
    );
  });
});

describe("spreadSurplus", () => {
  const households = fc.array(fc.tuple(wh(9), wh(9)), { minLength: 1, maxLength: 7 });

  it("moves the most that can go to somebody else, within what each has and wants", () => {
    fc.assert(
      fc.property(households, (list) => {
        const surplus = list.map(([has]) => has);
        const wanted = list.map(([, wants]) => wants);
        const flows = spreadSurplus(surplus, wanted);
        const left = { from: [...surplus], to: [...wanted] };
        for (const { from, to, energyWh } of flows) {
          expect(from).not.toBe(to);
          expect(energyWh).toBeGreaterThan(0);
          left.from[from]! -= energyWh;
          left.to[to]! -= energyWh;
        }
        expect(Math.min(...left.from, ...left.to)).toBeGreaterThanOrEqual(0);
        // Nothing more can move: neither directly, nor by handing a flow on to make room.
        expect(augmentable(left.from, left.to, flows)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it("serves others from the one household that both has and wants most", () => {
    // Household 0 would be its own best customer; 1 and 2 take all it has.
    expect(spreadSurplus([60, 0, 0], [30, 50, 20])).toEqual([
      { from: 0, to: 1, energyWh: 43 },
      { from: 0, to: 2, energyWh: 17 },
    ]);
  });
});

/** Whether a path of the residual network leads from left-over surplus to left-over demand (Ford and Fulkerson). */
function augmentable(
  surplus: readonly number[],
  wanted: readonly number[],
  flows: readonly { from: number; to: number }[],
): boolean {
  const sellers = new Set(surplus.flatMap((left, i) => (left > 0 ? [i] : [])));
  const buyers = new Set<number>();
  for (const seller of sellers) {
    wanted.forEach((_, buyer) => {
      if (buyer === seller || buyers.has(buyer)) return;
      buyers.add(buyer);
      for (const { from, to } of flows) if (to === buyer) sellers.add(from);
    });
  }
  return [...buyers].some((buyer) => (wanted[buyer] ?? 0) > 0);
}
