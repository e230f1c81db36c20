import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../evidence/index.js";
import { digestOf } from "./digest.js";
import {
  clear,
  type Order,
  parseOrders,
  type SlotOrders,
  type SlotResult,
  verifyResult,
} from "./index.js";
import { anySlot } from "./testing/any-slots.js";
import { change, leaves } from "./testing/forge.js";
import { order, slotOf, utility } from "./testing/slots.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

function cleared(rule: SlotOrders["rule"], orders: Order[], ...utilities: SlotOrders["utilities"]) {
  return clear(parseOrders(slotOf(orders, utilities, { rule })), sha256);
}

function fillsOf({ fills }: SlotResult) {
  return Object.fromEntries(fills.map((fill) => [fill.order, [fill.energyWh, fill.amountNano]]));
}

function tradesOf({ trades }: SlotResult) {
  return trades.map((trade) => [
    trade.seller,
    trade.buyer,
    trade.sentWh,
    trade.amountPaidNano,
    trade.amountReceivedNano,
  ]);
}

describe("pay-as-bid", () => {
  it("has each buyer pay his counted limits, the best step first, and his sellers receive them", () => {
    const result = cleared(
      "pay-as-bid",
      [
        order("s1", "sell", [[5, 40]]),
        order("s2", "sell", [[6, 100]]),
        order("b1", "buy", [
          [2, 150],
          [4, 300],
        ]),
        order("b2", "buy", [[3, 180]]),
      ],
      utility("u1", 60, 200),
    );
    // b1 counts at 200 and 150. s1 sells him 4 at 200 and 1 at 150, s2 1 at 150 and b2 3 at 180.
    expect(result.prices).toEqual({ root: null });
    expect(tradesOf(result)).toEqual([
      ["s1", "b1", 5, "950", "950"],
      ["s2", "b1", 1, "150", "150"],
      ["s2", "b2", 3, "540", "540"],
    ]);
    expect(fillsOf(result)).toEqual({
      b1: [6, "1100"],
      b2: [3, "540"],
      s1: [5, "950"],
      s2: [4, "690"],
    });
    // 4 × 300 + 2 × 150 + 3 × 180 − 5 × 40 − 4 × 100
    expect(result.totals).toMatchObject({ tradedWh: 9, welfareNano: "1440", residueNano: "0" });
  });

  it("serves and pairs as uniform does", () => {
    fc.assert(
      fc.property(anySlot, (slot) => {
        const energies = ({ fills, trades, utilities, totals }: SlotResult) => ({
          fills: fills.map((fill) => [fill.order, fill.energyWh]),
          trades: trades.map((trade) => [trade.seller, trade.buyer, trade.sentWh]),
          utilities,
          totals,
        });
        expect(energies(clear({ ...slot, rule: "pay-as-bid" }, sha256))).toEqual(
          energies(clear(slot, sha256)),
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe("mcafee", () => {
  const street = [
    order("b1", "buy", [[5, 100]]),
    order("b2", "buy", [[4, 80]]),
    order("s1", "sell", [[6, 20]]),
    order("s2", "sell", [[3, 50]]),
  ];

  it("trades everything at the next pair's midpoint where the last pair accepts it", () => {
    const result = cleared("mcafee", [
      ...street,
      order("b3", "buy", [[9, 45]]),
      order("s3", "sell", [[9, 78]]),
    ]);
    // Last pair 80 and 50; next 45 and 78: floor(61.5).
    expect(result.prices).toEqual({ root: { buy: 61, sell: 61 } });
    expect(fillsOf(result)).toMatchObject({
      b1: [5, "305"],
      b2: [4, "244"],
      b3: [0, "0"],
      s1: [6, "366"],
      s2: [3, "183"],
      s3: [0, "0"],
    });
    expect(result.totals).toMatchObject({ tradedWh: 9, residueNano: "0" });
  });

  it.each([
    ["no next pair", []],
    ["only a next seller", [order("s3", "sell", [[9, 78]])]],
    [
      "a midpoint the last seller refuses",
      [order("b3", "buy", [[9, 5]]), order("s3", "sell", [[9, 81]])],
    ],
    [
      "a midpoint the last buyer refuses",
      [order("b3", "buy", [[9, 49]]), order("s3", "sell", [[9, 113]])],
    ],
  ])("gives up the last pair whole with %s, and cuts the longer side", (_, next) => {
    const result = cleared("mcafee", [...street, ...next]);
    // Without b2 and s2, b1's 5 Wh meet 5 of the 6 Wh of s1: 5 × 80 paid, 5 × 50 received.
    expect(result.prices).toEqual({ root: { buy: 80, sell: 50 } });
    expect(tradesOf(result)).toEqual([["s1", "b1", 5, "400", "250"]]);
    expect(fillsOf(result)).toMatchObject({
      b1: [5, "400"],
      b2: [0, "0"],
      s1: [5, "250"],
      s2: [0, "0"],
    });
    expect(result.totals).toMatchObject({
      tradedWh: 5,
      welfareNano: "400",
      residueNano: "150",
    });
  });

  it("cuts the longer side from its worst step", () => {
    const result = cleared("mcafee", [
      order("b1", "buy", [[4, 100]]),
      order("b2", "buy", [[8, 60]]),
      order("s1", "sell", [[3, 10]]),
      order("s2", "sell", [[3, 20]]),
      order("s3", "sell", [[3, 30]]),
      order("s4", "sell", [[3, 40]]),
    ]);
    // b2 and s4 are given up; of 9 Wh for sale 4 go to b1: 3 of s1 and 1 of s2.
    expect(result.prices).toEqual({ root: { buy: 60, sell: 40 } });
    expect(fillsOf(result)).toMatchObject({
      b1: [4, "240"],
      s1: [3, "120"],
      s2: [1, "40"],
      s3: [0, "0"],
    });
    expect(result.totals.residueNano).toBe("80");
  });

  it("does not take the rest of a partly traded step for the next one", () => {
    const result = cleared("mcafee", [
      order("b1", "buy", [[5, 100]]),
      order("b2", "buy", [[4, 80]]),
      order("b3", "buy", [[4, 30]]),
      order("s1", "sell", [[7, 20]]),
      order("s2", "sell", [[1, 90]]),
    ]);
    // b2 gets 2 of its 4 Wh from s1; next are b3 and s2: 60.
    expect(result.prices).toEqual({ root: { buy: 60, sell: 60 } });
    expect(fillsOf(result)).toMatchObject({ b1: [5, "300"], b2: [2, "120"], s1: [7, "420"] });
  });

  it("sums the steps of one order at one limit, and gives them up together", () => {
    const result = cleared("mcafee", [
      order("b1", "buy", [[2, 90]]),
      order("b2", "buy", [
        [1, 70],
        [1, 70],
      ]),
      order("s1", "sell", [[2, 10]]),
      order("s2", "sell", [[2, 40]]),
    ]);
    expect(result.prices).toEqual({ root: { buy: 70, sell: 40 } });
    expect(fillsOf(result)).toMatchObject({ b1: [2, "140"], b2: [0, "0"], s1: [2, "80"] });
  });

  it("ranks equal limits by class, then by SHA-256 of seed and order id", () => {
    const ids = ["a", "b", "c"].sort((x, y) => (ticket(x) < ticket(y) ? -1 : 1));
    const result = cleared("mcafee", [
      ...ids.map((id) => order(id, "sell", [[2, 50]], { source: "other" })),
      order("z", "sell", [[2, 50]], { source: "green" }),
      order("y1", "buy", [[4, 90]]),
      order("y2", "buy", [[2, 80]]),
      order("y3", "buy", [[1, 40]]),
    ]);
    // z, the first and the second trade; the next pair is 40 and 50: 45, refused by sellers.
    expect(fillsOf(result)).toMatchObject({
      z: [2, "100"],
      [ids[0]!]: [2, "100"],
      [ids[1]!]: [0, "0"],
      [ids[2]!]: [0, "0"],
    });
  });

  it("leaves a single pair to the utility", () => {
    const result = cleared(
      "mcafee",
      [order("b1", "buy", [[3, 300]]), order("s1", "sell", [[3, 10]])],
      utility("u1", 50, 250),
    );
    expect(result.prices).toEqual({ root: null });
    expect(result.trades).toEqual([]);
    expect(fillsOf(result)).toEqual({ b1: [3, "750"], s1: [3, "150"] });
    expect(result.totals).toMatchObject({ tradedWh: 0, residueNano: "0" });
  });
});

describe("mid-market-rate", () => {
  const u1 = utility("u1", 50, 251);

  it("shares scarce energy pro rata among buyers who accept the middle of the tariffs", () => {
    const result = cleared(
      "mid-market-rate",
      [
        order("s1", "sell", [[6, 150]]),
        order("s2", "sell", [[6, 151]]),
        order("b1", "buy", [[8, 300]]),
        order("b2", "buy", [
          [2, 150],
          [2, 200],
        ]),
        order("b3", "buy", [[9, 149]]),
      ],
      u1,
    );
    // 6 Wh over wants of 8 and 4; b1's other 4 Wh come at retail, b2 and s2 accept no tariff.
    expect(result.prices).toEqual({ root: { buy: 150, sell: 150 } });
    expect(fillsOf(result)).toEqual({
      b1: [8, "1604"],
      b2: [2, "300"],
      b3: [0, "0"],
      s1: [6, "900"],
      s2: [0, "0"],
    });
    // 8 × 300 + 2 × 200 − 6 × 150 − 4 × 251
    expect(result.totals).toMatchObject({ tradedWh: 6, welfareNano: "896", residueNano: "0" });
  });

  it("shares scarce need pro rata among sellers, whatever their limits and classes", () => {
    const result = cleared(
      "mid-market-rate",
      [
        order("s1", "sell", [[9, 0]]),
        order("s2", "sell", [[3, 120]], { source: "green" }),
        order("b1", "buy", [[4, 200]]),
      ],
      u1,
    );
    // 4 Wh over 9 and 3; s1's other 6 Wh go at feed-in.
    expect(fillsOf(result)).toEqual({ b1: [4, "600"], s1: [9, "750"], s2: [1, "150"] });
    expect(result.utilities).toEqual([{ id: "u1", boughtWh: 6, soldWh: 0 }]);
  });

  it("leaves everything to the utilities where one buys above the middle", () => {
    const result = cleared(
      "mid-market-rate",
      [order("s1", "sell", [[3, 10]]), order("b1", "buy", [[3, 500]])],
      utility("u1", 90, 100),
      utility("u2", 10, 20),
    );
    expect(result.prices).toEqual({ root: null });
    expect(fillsOf(result)).toEqual({ b1: [3, "60"], s1: [3, "270"] });
  });

  it("refuses a slot without a utility", () => {
    expect(() => cleared("mid-market-rate", [])).toThrow(
      expect.objectContaining({ code: "market.not-supported" }),
    );
  });
});

describe("verification of rules without an optimum", () => {
  const slot = slotOf(
    [order("b1", "buy", [[4, 80]]), order("s1", "sell", [[4, 20]])],
    [utility("u1", 10, 90)],
    { rule: "pay-as-bid" },
  );
  const good = clear(slot, sha256);

  it.each<[string, Partial<SlotResult>, string]>([
    [
      "more than was offered",
      { fills: [{ ...good.fills[0]!, energyWh: 5 }, good.fills[1]!] },
      'fills[0] (order "b1"): 5 Wh of 4 Wh offered',
    ],
    [
      "a buyer's payment above his limit",
      { fills: [{ ...good.fills[0]!, amountNano: "321" }, good.fills[1]!] },
      'fills[0] (order "b1"): 321 is against the limits',
    ],
    [
      "a seller's receipt below his",
      { fills: [good.fills[0]!, { ...good.fills[1]!, amountNano: "79" }] },
      'fills[1] (order "s1"): 79 is against the limits',
    ],
    [
      "energy from nowhere",
      { utilities: [{ id: "u1", boughtWh: 1, soldWh: 0 }] },
      "what is bought less what is sold, in Wh, is 1; expected 0",
    ],
    [
      "a surplus that nobody paid",
      { totals: { ...good.totals, residueNano: "1" } },
      "what is paid less what is received is 0; expected 1",
    ],
    ["an order left out", { fills: good.fills.slice(1) }, 'fills[1] is missing; expected {"order"'],
  ])("finds %s", (_, change, sentence) => {
    const found = verifyResult(slot, { ...good, ...change }, sha256);
    expect(found.join("\n")).toContain(sentence);
  });
});

function ticket(id: string): string {
  return createHash("sha256").update("00", "hex").update(id).digest("hex");
}

describe.each(["pay-as-bid", "mcafee", "mid-market-rate"] as const)(
  "any small slot by %s",
  (rule) => {
    const slots = anySlot
      .filter(({ utilities }) => rule !== "mid-market-rate" || utilities.length > 0)
      .map((slot): SlotOrders => ({ ...slot, rule }));

    it("keeps everybody within his limits and as well off as with the utilities alone", () => {
      fc.assert(
        fc.property(slots, (slot) => {
          const { fills } = clear(parseOrders(slot), sha256);
          for (const one of slot.orders) {
            const fill = fills.find((candidate) => candidate.order === one.id)!;
            const gain = gainOf(one, fill.energyWh, Number(fill.amountNano));
            expect(gain).toBeGreaterThanOrEqual(gainAlone(one, slot));
          }
        }),
        { numRuns: 500 },
      );
    });

    it("makes no energy and no coins", () => {
      fc.assert(
        fc.property(slots, (slot) => {
          const { fills, trades, utilities, totals } = clear(slot, sha256);
          const sides = new Map(slot.orders.map(({ id, side }) => [id, side]));
          let coins = 0;
          let energy = 0;
          for (const { order: id, energyWh, amountNano } of fills) {
            const sign = sides.get(id) === "buy" ? 1 : -1;
            coins += sign * Number(amountNano);
            energy += sign * energyWh;
          }
          let surplus = 0;
          let sent = 0;
          for (const trade of trades) {
            surplus += Number(trade.amountPaidNano) - Number(trade.amountReceivedNano);
            sent += trade.sentWh;
          }
          for (const { id, boughtWh, soldWh } of utilities) {
            const { feedInMicroPerKwh, retailMicroPerKwh } = slot.utilities.find(
              (u) => u.id === id,
            )!;
            coins += boughtWh * feedInMicroPerKwh - soldWh * retailMicroPerKwh;
            energy += boughtWh - soldWh;
          }
          expect(energy).toBe(0);
          expect(String(coins)).toBe(totals.residueNano);
          expect(String(surplus)).toBe(totals.residueNano);
          expect(sent).toBe(totals.tradedWh);
          expect(surplus).toBeGreaterThanOrEqual(0);
        }),
        { numRuns: 500 },
      );
    });

    it("gives the same result for the same orders in any sequence, with the digest of its fields", () => {
      const shuffled = slots.chain((slot) =>
        fc.tuple(
          fc.constant(slot),
          fc.shuffledSubarray(slot.orders, { minLength: slot.orders.length }),
          fc.shuffledSubarray(slot.utilities, { minLength: slot.utilities.length }),
        ),
      );
      fc.assert(
        fc.property(shuffled, ([slot, orders, utilities]) => {
          const result = clear(slot, sha256);
          expect(clear({ ...slot, orders, utilities }, sha256)).toEqual(result);
          const { digest, ...fields } = result;
          expect(digest).toBe(createHash("sha256").update(canonicalJson(fields)).digest("hex"));
        }),
        { numRuns: 300 },
      );
    });

    it("is verified, and no single changed value is, although the digest fits", () => {
      fc.assert(
        fc.property(slots, fc.nat(), fc.constantFrom(1, -1, 1000), (slot, pick, by) => {
          const good = clear(slot, sha256);
          expect(verifyResult(slot, good, sha256)).toEqual([]);
          const { digest: _, ...fields } = good;
          const all = leaves(fields);
          const forged = change(fields, all[pick % all.length]!, by) as SlotResult;
          const resealed = { ...forged, digest: digestOf(forged, sha256) };
          expect(verifyResult(slot, resealed, sha256)).not.toEqual([]);
        }),
        { numRuns: 300 },
      );
    });

    it("refuses a grid with edges", () => {
      const grid = { nodes: [{ id: "root" }, { id: "A", parent: "root" }] };
      const slot = parseOrders(slotOf([], [utility("u1", 1, 2)], { rule, grid }));
      for (const refused of [
        () => clear(slot, sha256),
        () => verifyResult(slot, {} as SlotResult, sha256),
      ]) {
        expect(refused).toThrow(expect.objectContaining({ code: "market.not-supported" }));
      }
    });
  },
);

/** Worth of an order's best energy less what is paid for it; a seller's the other way round. */
function gainOf({ side, steps }: Order, energyWh: number, amount: number): number {
  const units = steps.flatMap((step) => Array<number>(step.energyWh).fill(step.limitMicroPerKwh));
  units.sort((a, b) => (side === "buy" ? b - a : a - b));
  const worth = units.slice(0, energyWh).reduce((sum, limit) => sum + limit, 0);
  return side === "buy" ? worth - amount : amount - worth;
}

/** What the best utility's tariff alone would gain for an order. */
function gainAlone({ side, steps }: Order, { utilities }: SlotOrders): number {
  const gains = steps.map(({ energyWh, limitMicroPerKwh }) => {
    const perKwh = utilities.map(({ feedInMicroPerKwh, retailMicroPerKwh }) =>
      side === "buy" ? limitMicroPerKwh - retailMicroPerKwh : feedInMicroPerKwh - limitMicroPerKwh,
    );
    return energyWh * Math.max(0, ...perKwh);
  });
  return gains.reduce((sum, gain) => sum + gain, 0);
}
