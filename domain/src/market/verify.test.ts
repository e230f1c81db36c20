import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { digestOf } from "./digest.js";
import { clear, parseOrders, type SlotOrders, type SlotResult, verifyResult } from "./index.js";
import { order, slotOf, utility } from "./testing/slots.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

/** The forger's last step: a digest that fits. */
function resealed(result: SlotResult): SlotResult {
  return { ...result, digest: digestOf(result, sha256) };
}

const slot = parseOrders(
  slotOf(
    [
      order("s1", "sell", [[10, 40]], { source: "green" }),
      order("s2", "sell", [[10, 40]], { source: "green" }),
      order("s3", "sell", [[10, 90]]),
      order("b1", "buy", [[9, 300]]),
      order("b2", "buy", [[6, 150]]),
      order("b3", "buy", [[6, 70]]),
    ],
    [utility("u1", 30, 200)],
  ),
);
const result = clear(slot, sha256);

describe("verifyResult", () => {
  it("finds nothing wrong with what clear made", () => {
    expect(verifyResult(slot, result, sha256)).toEqual([]);
  });

  it.each<[string, (good: SlotResult) => SlotResult, RegExp]>([
    [
      "a price elsewhere in the interval",
      (good) => ({ ...good, prices: { root: { buy: 71, sell: 71 } } }),
      /floored middle/,
    ],
    [
      "a price at which more would sell than do",
      (good) => ({
        ...good,
        prices: { root: { buy: 95, sell: 95 } },
        totals: { ...good.totals, tradedWh: 15 },
      }),
      /^prices: 95 leaves orders unserved/,
    ],
    [
      "a trade of nothing",
      (good) => ({
        ...good,
        trades: [
          ...good.trades,
          {
            ...good.trades[0]!,
            seller: "s3",
            sentWh: 0,
            deliveredWh: 0,
            amountPaidNano: "0",
            amountReceivedNano: "0",
          },
        ],
      }),
      /their orders do not meet/,
    ],
    [
      "no price where orders could trade",
      (good) => ({
        ...good,
        prices: { root: null },
        trades: [],
        totals: { ...good.totals, tradedWh: 0 },
      }),
      /could trade/,
    ],
    ["a withheld trade", (good) => ({ ...good, trades: good.trades.slice(1) }), /are missing/],
    [
      "less volume than there could be",
      (good) => ({ ...good, totals: { ...good.totals, tradedWh: 19 } }),
      /tradedWh is 19; expected 20/,
    ],
    ["an order left out", (good) => ({ ...good, fills: good.fills.slice(1) }), /number of fills/],
    [
      "an order told twice",
      (good) => ({ ...good, fills: [...good.fills, good.fills.at(-1)!] }),
      /does not follow/,
    ],
    [
      "an unknown order",
      (good) => ({ ...good, fills: good.fills.with(0, { ...good.fills[0]!, order: "b0" }) }),
      /not in the orders' file/,
    ],
    [
      "trades in another sequence",
      (good) => ({ ...good, trades: good.trades.toReversed() }),
      /does not follow/,
    ],
    ["a node too many", (good) => ({ ...good, prices: { ...good.prices, A: null } }), /prices/],
    ["a node too few", (good) => ({ ...good, prices: {} }), /number of prices/],
    [
      "a favour between equal offers",
      (good) => ({
        ...good,
        fills: good.fills.map((fill) =>
          fill.order === "s1" ? { ...fill, energyWh: fill.energyWh + 1 } : fill,
        ),
      }),
      /order "s1"/,
    ],
  ])("finds %s although the digest fits", (_, forge, sentence) => {
    const found = verifyResult(slot, resealed(forge(result)), sha256);
    expect(found.join("\n")).toMatch(sentence);
  });

  it("finds a digest of something else", () => {
    const forged = { ...result, digest: "0".repeat(64) };
    expect(verifyResult(slot, forged, sha256).join()).toMatch(/^digest is 0000/);
  });

  it("tells a hundred faults, and how many more there are", () => {
    const many = parseOrders(
      slotOf(Array.from({ length: 150 }, (_, i) => order(`o${i}`, "sell", [[1, 1]]))),
    );
    const good = clear(many, sha256);
    const fills = good.fills.map((fill) => ({ ...fill, energyWh: 1 }));
    const found = verifyResult(many, resealed({ ...good, fills }), sha256);
    expect(found).toHaveLength(101);
    expect(found.at(-1)).toBe("and 50 more");
  });

  it("refuses what clear refuses", () => {
    const tree: SlotOrders = {
      ...slot,
      rule: "mcafee",
      grid: { nodes: [{ id: "root" }, { id: "A", parent: "root" }] },
    };
    expect(() => verifyResult(tree, result, sha256)).toThrow(
      expect.objectContaining({ code: "market.not-supported" }),
    );
  });
});
