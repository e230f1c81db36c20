import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../evidence/index.js";
import { clear, type Order, parseOrders, type SlotResult } from "./index.js";
import { order, slotOf, utility } from "./testing/slots.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
const hex = (text: string | Buffer) => createHash("sha256").update(text).digest("hex");
const ticketOf = (seed: string) => (id: string) =>
  hex(Buffer.concat([Buffer.from(seed, "hex"), Buffer.from(id)]));

function cleared(orders: Order[], ...utilities: ReturnType<typeof utility>[]): SlotResult {
  return clear(parseOrders(slotOf(orders, utilities)), sha256);
}

function energies({ fills }: SlotResult): Record<string, number> {
  return Object.fromEntries(fills.map((fill) => [fill.order, fill.energyWh]));
}

describe("clear at one node", () => {
  it("gives an empty slot an empty result", () => {
    const { digest, ...result } = cleared([], utility("u1", 50, 250));
    expect(result).toEqual({
      prices: { root: null },
      fills: [],
      trades: [],
      edges: [],
      utilities: [{ id: "u1", boughtWh: 0, soldWh: 0 }],
      totals: { tradedWh: 0, welfareNano: "0", lossWh: 0, feeNano: "0", residueNano: "0" },
    });
    expect(digest).toBe(hex(canonicalJson(result)));
  });

  it("clears a street with two utilities as reckoned by hand", () => {
    // Best tariffs: u2 pays 60 and sells at 200. The buyers count at 200, 200 and 90; the sellers at 60, 100 and 260.
    // 8 Wh of demand at 200 meet 5 Wh at 60 and 3 of 6 Wh at 100: lo = max(100, 90), hi = min(200, 100).
    const result = cleared(
      [
        order("s1", "sell", [[5, 40]], { source: "green" }),
        order("s2", "sell", [[6, 100]]),
        order("s3", "sell", [[7, 260]]),
        order("b1", "buy", [[5, 300]]),
        order("b2", "buy", [[3, 200]]),
        order("b3", "buy", [[9, 90]]),
      ],
      utility("u1", 50, 250),
      utility("u2", 60, 200),
    );
    expect(result.prices).toEqual({ root: { buy: 100, sell: 100 } });
    expect(result.fills).toEqual([
      { order: "b1", energyWh: 5, amountNano: "500" },
      { order: "b2", energyWh: 3, amountNano: "300" },
      { order: "b3", energyWh: 0, amountNano: "0" },
      { order: "s1", energyWh: 5, amountNano: "500" },
      { order: "s2", energyWh: 3, amountNano: "300" },
      { order: "s3", energyWh: 0, amountNano: "0" },
    ]);
    expect(result.trades.map((trade) => [trade.seller, trade.buyer, trade.sentWh])).toEqual([
      ["s1", "b1", 5],
      ["s2", "b2", 3],
    ]);
    // 5 × 300 + 3 × 200 − 5 × 40 − 3 × 100
    expect(result.totals).toMatchObject({ tradedWh: 8, welfareNano: "1600" });
  });

  it("sells what is left over to the best utility, within the original limits", () => {
    const result = cleared(
      [
        order("s1", "sell", [
          [10, 20],
          [10, 70],
        ]),
        order("b1", "buy", [[4, 150]]),
      ],
      utility("u2", 60, 250),
      utility("u1", 60, 200),
    );
    // The seller's first step counts at 60; 4 Wh at (60 + 60) / 2: the step is traded in part, so it bounds both ways.
    expect(result.prices).toEqual({ root: { buy: 60, sell: 60 } });
    // 4 Wh to b1, 6 Wh at feed-in 60; the step at 70 stays.
    expect(result.fills).toEqual([
      { order: "b1", energyWh: 4, amountNano: "240" },
      { order: "s1", energyWh: 10, amountNano: "600" },
    ]);
    expect(result.utilities).toEqual([
      { id: "u1", boughtWh: 6, soldWh: 0 },
      { id: "u2", boughtWh: 0, soldWh: 0 },
    ]);
    // 4 × 150 − 10 × 20 + 6 × 60
    expect(result.totals).toMatchObject({ tradedWh: 4, welfareNano: "760" });
  });

  it("buys what is missing from the cheapest utility", () => {
    const result = cleared(
      [
        order("s1", "sell", [[3, 80]]),
        order("b1", "buy", [[5, 400]]),
        order("b2", "buy", [[5, 190]]),
      ],
      utility("u1", 50, 250),
      utility("u2", 40, 200),
    );
    // b1 counts at 200 and is short: price 200, 2 Wh more at retail 200; b2's limit is below it.
    expect(result.prices).toEqual({ root: { buy: 200, sell: 200 } });
    expect(energies(result)).toEqual({ b1: 5, b2: 0, s1: 3 });
    expect(result.utilities[1]).toEqual({ id: "u2", boughtWh: 0, soldWh: 2 });
    // 5 × 400 − 3 × 80 − 2 × 200
    expect(result.totals.welfareNano).toBe("1360");
  });

  it("lets nobody trade with neighbours where one utility buys dearer than another sells", () => {
    const result = cleared(
      [order("s1", "sell", [[3, 10]]), order("b1", "buy", [[3, 500]])],
      utility("u1", 90, 100),
      utility("u2", 10, 20),
    );
    expect(result.prices).toEqual({ root: null });
    expect(result.trades).toEqual([]);
    expect(result.utilities).toEqual([
      { id: "u1", boughtWh: 3, soldWh: 0 },
      { id: "u2", boughtWh: 0, soldWh: 3 },
    ]);
  });

  it.each([
    { buy: 101, sell: 100, price: 100 },
    { buy: 103, sell: 100, price: 101 },
    { buy: 100, sell: 100, price: 100 },
  ])("prices $sell to $buy at $price, the floored middle", ({ buy, sell, price }) => {
    const result = cleared([order("b", "buy", [[1, buy]]), order("s", "sell", [[1, sell]])]);
    expect(result.prices).toEqual({ root: { buy: price, sell: price } });
  });

  it.each([
    { untraded: order("b2", "buy", [[1, 160]]), price: 180 },
    { untraded: order("s2", "sell", [[1, 140]]), price: 120 },
    { untraded: order("b2", "buy", [[0, 160]]), price: 150 },
  ])("lets $untraded.id of $untraded.steps bound the interval: $price", ({ untraded, price }) => {
    const result = cleared([
      order("b1", "buy", [[5, 200]]),
      order("s1", "sell", [[5, 100]]),
      untraded,
    ]);
    expect(result.prices).toEqual({ root: { buy: price, sell: price } });
  });

  it("serves equal offers by class: green, storage, then the rest, undeclared among it", () => {
    const result = cleared([
      order("a", "sell", [[10, 50]]),
      order("b", "sell", [[10, 50]], { source: "other" }),
      order("c", "sell", [[10, 50]], { source: "storage" }),
      order("d", "sell", [[10, 50]], { source: "green" }),
      order("z", "buy", [[26, 60]]),
    ]);
    expect(energies(result)).toEqual({ a: 3, b: 3, c: 10, d: 10, z: 26 });
  });

  it("ignores the class of buyers", () => {
    const result = cleared([
      order("a", "buy", [[10, 50]], { source: "other" }),
      order("b", "buy", [[10, 50]], { source: "green" }),
      order("z", "sell", [[10, 50]]),
    ]);
    expect(energies(result)).toEqual({ a: 5, b: 5, z: 10 });
  });

  it("gives equal remainders to the lower SHA-256 of seed and order id", () => {
    for (const seed of ["00", "01", "abcd", "ABCD"]) {
      const orders = ["a", "b", "ç"].map((id) => order(id, "sell", [[5, 50]]));
      const slot = slotOf([...orders, order("z", "buy", [[10, 60]])], [], { seed });
      const least = ["a", "b", "ç"].sort((x, y) =>
        ticketOf(seed)(x) < ticketOf(seed)(y) ? -1 : 1,
      )[0]!;
      expect(energies(clear(parseOrders(slot), sha256))).toMatchObject({ [least]: 4 });
    }
  });

  it("pairs orders by id, and adds up what the same two trade", () => {
    const result = cleared([
      order("o1", "sell", [[4, 10]], { participant: "p9" }),
      order("o3", "sell", [[4, 10]], { participant: "p1" }),
      order("o5", "sell", [[4, 10]], { participant: "p9" }),
      order("o2", "buy", [[3, 20]], { participant: "p2" }),
      order("o4", "buy", [[3, 20]], { participant: "p3" }),
      order("o6", "buy", [[6, 20]], { participant: "p2" }),
    ]);
    expect(result.trades.map((t) => [t.seller, t.buyer, t.sentWh, t.amountPaidNano])).toEqual([
      ["p1", "p2", 2, "30"],
      ["p1", "p3", 2, "30"],
      ["p9", "p2", 7, "105"],
      ["p9", "p3", 1, "15"],
    ]);
  });

  it("sorts by the bytes of UTF-8, where an emoji follows the private use area", () => {
    const ids = ["\u{1F600}", "\uFF5E", "z", "a", "aa", "é"];
    const result = cleared(ids.map((id) => order(id, "sell", [[1, 1]])));
    const byBytes = ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(result.fills.map((fill) => fill.order)).toEqual(byBytes);
    expect(byBytes.at(-1)).toBe("\u{1F600}");
  });

  it("stays exact beyond what a double holds", () => {
    const steps = Array.from({ length: 64 }, () => [1_000_000_000, 999_999_999] as const);
    const result = cleared([
      order("s", "sell", steps),
      order(
        "b",
        "buy",
        steps.map(([energyWh]) => [energyWh, 1_000_000_000]),
      ),
    ]);
    const paid = 64_000_000_000n * 999_999_999n;
    expect(result.fills[0]?.amountNano).toBe(String(paid));
    expect(result.trades[0]?.amountPaidNano).toBe(String(paid));
    expect(result.totals.welfareNano).toBe("64000000000");
  });
});

/** Faults found by running other markets. */
describe("faults of other markets that this one does not have", () => {
  it("1: trades 5 at 20 rather than 1 at 30 where the larger bid is the lower one", () => {
    const result = cleared([
      order("b1", "buy", [[1, 30]]),
      order("b2", "buy", [[10, 20]]),
      order("s1", "sell", [[5, 5]]),
      order("s2", "sell", [[50, 25]]),
    ]);
    // Best: 1 at 30 and 4 at 20 from the seller at 5: 30 + 80 − 25 = 85.
    expect(result.totals).toMatchObject({ tradedWh: 5, welfareNano: "85" });
    expect(result.prices).toEqual({ root: { buy: 20, sell: 20 } });
  });

  it("2: rations the marginal level instead of dropping what it cannot serve whole", () => {
    const result = cleared([
      order("b1", "buy", [[20, 5]]),
      order("b2", "buy", [[10, 4]]),
      order("s1", "sell", [[25, 3]]),
    ]);
    expect(energies(result)).toEqual({ b1: 20, b2: 5, s1: 25 });
    expect(result.totals.welfareNano).toBe("45");
  });

  it("3: sells the cheapest offer first, not the dearest", () => {
    const result = cleared([
      order("b", "buy", [[10, 30]]),
      order("s1", "sell", [[10, 29]]),
      order("s2", "sell", [[10, 5]]),
    ]);
    expect(energies(result)).toEqual({ b: 10, s1: 0, s2: 10 });
  });

  it("4: has no self-trade, since nobody is on both sides", () => {
    const both = [
      order("a1", "buy", [[1, 30]], { participant: "A" }),
      order("a2", "sell", [[1, 5]], { participant: "A" }),
    ];
    expect(() => cleared(both)).toThrow(expect.objectContaining({ code: "market.both-sides" }));
  });

  it("5: adds up two equal orders of one participant", () => {
    const buyer = order("b", "buy", [[1000, 30]]);
    const two = cleared([
      buyer,
      order("s1", "sell", [[500, 5]], { participant: "A" }),
      order("s2", "sell", [[500, 5]], { participant: "A" }),
    ]);
    const one = cleared([buyer, order("s1", "sell", [[1000, 5]], { participant: "A" })]);
    expect(two.totals.tradedWh).toBe(1000);
    expect(two.trades).toEqual(one.trades);
  });

  it("6: breaks ties by the slot's seed, not by chance or arrival", () => {
    const sellers = ["a", "b", "c", "d"].map((id) => order(id, "sell", [[3, 5]]));
    const buyer = order("z", "buy", [[2, 30]]);
    const once = cleared([...sellers, buyer]);
    expect(cleared([buyer, ...sellers.toReversed()])).toEqual(once);
    expect(cleared([...sellers, buyer])).toEqual(once);
  });
});
