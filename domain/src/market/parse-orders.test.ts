import { describe, expect, it } from "vitest";
import { checkReferences } from "./check-references.js";
import { parseOrders, parseResult } from "./index.js";
import { order, slotOf, utility } from "./testing/slots.js";

const good = slotOf(
  [order("o1", "sell", [[10, 40]], { source: "green" }), order("o2", "buy", [[0, 50]])],
  [utility("u1", 50, 250)],
  {
    grid: {
      nodes: [
        { id: "root" },
        { id: "A", parent: "root", lossPpm: 20_000, feeMicroPerKwh: 5_000, limitUpWh: null },
        { id: "B", parent: "A" },
      ],
    },
  },
);

/** What a file with these other fields is refused for. */
function refusal(fields: Record<string, unknown>): unknown {
  try {
    return parseOrders({ ...good, ...fields });
  } catch (error) {
    return error;
  }
}

describe("parseOrders", () => {
  it("returns what it was given where all is well", () => {
    expect(parseOrders(structuredClone(good))).toEqual(good);
  });

  it.each<[string, Record<string, unknown>, string, RegExp]>([
    ["no object", { slot: 5 }, "market.format", /^\$\.slot: /],
    ["an unknown field", { sloot: 5 }, "market.format", /^\$: .*sloot/],
    ["a missing field", { utilities: undefined }, "market.format", /^\$\.utilities: /],
    [
      "a fraction of a Wh",
      {
        orders: [
          order("o1", "sell", [
            [1, 1],
            [0.5, 1],
          ]),
        ],
      },
      "market.format",
      /^\$\.orders\[0\]\.steps\[1\]\.energyWh: /,
    ],
    [
      "negative energy",
      { orders: [order("o1", "sell", [[-1, 1]])] },
      "market.format",
      /^\$\.orders\[0\]\.steps\[0\]\.energyWh: /,
    ],
    ["an unknown rule", { rule: "first-come" }, "market.format", /^\$\.rule: /],
    ["a rules version to come", { rulesVersion: 2 }, "market.format", /^\$\.rulesVersion: /],
    ["a seed of half a byte", { seed: "abc" }, "market.format", /^\$\.seed: /],
    [
      "a day that is not",
      { slot: { start: "2026-02-30T00:00:00Z", seconds: 900 } },
      "market.format",
      /^\$\.slot\.start: /,
    ],
    [
      "limited energy of a utility",
      { utilities: [{ ...utility("u1", 1, 2), energyWh: 5 }] },
      "market.format",
      /^\$\.utilities\[0\]\.energyWh: /,
    ],
    [
      "half a character in an id",
      { orders: [order("o\ud800", "sell", [[1, 1]])] },
      "market.format",
      /^\$\.orders\[0\]\.id: /,
    ],
    [
      "an id that JavaScript keeps to itself",
      { grid: { nodes: [{ id: "__proto__" }] } },
      "market.format",
      /^\$\.grid\.nodes\[0\]\.id: /,
    ],
    [
      "two orders of one id",
      { orders: [order("o1", "sell", [[1, 1]]), order("o1", "sell", [[1, 1]])] },
      "market.duplicate-id",
      /^\$\.orders\[1\]\.id: "o1" .*\$\.orders\[0\]/,
    ],
    [
      "two utilities of one id",
      { utilities: [utility("u1", 1, 2), utility("u1", 1, 2)] },
      "market.duplicate-id",
      /^\$\.utilities\[1\]\.id: /,
    ],
    [
      "two nodes of one id",
      { grid: { nodes: [{ id: "root" }, { id: "root", parent: "root" }] } },
      "market.duplicate-id",
      /^\$\.grid\.nodes\[1\]\.id: /,
    ],
    [
      "an order at no node",
      { orders: [order("o1", "sell", [[1, 1]], { node: "Z" })] },
      "market.unknown-id",
      /^\$\.orders\[0\]\.node: no node "Z"/,
    ],
    [
      "a utility at no node",
      { utilities: [{ ...utility("u1", 1, 2), node: "Z" }] },
      "market.unknown-id",
      /^\$\.utilities\[0\]\.node: /,
    ],
    [
      "a parent that is not",
      { grid: { nodes: [{ id: "root" }, { id: "A", parent: "Z" }] } },
      "market.unknown-id",
      /^\$\.grid\.nodes\[1\]\.parent: /,
    ],
    [
      "two roots",
      { grid: { nodes: [{ id: "root" }, { id: "A" }] } },
      "market.grid",
      /^\$\.grid\.nodes: .*\[0\], \[1\]/,
    ],
    [
      "no root",
      { grid: { nodes: [{ id: "A", parent: "A" }] } },
      "market.grid",
      /^\$\.grid\.nodes: .*none/,
    ],
    [
      "a cycle beside the root",
      { grid: { nodes: [{ id: "root" }, { id: "A", parent: "B" }, { id: "B", parent: "A" }] } },
      "market.grid",
      /^\$\.grid\.nodes\[1\]\.parent: .*cycle/,
    ],
    [
      "a participant on both sides",
      {
        orders: [
          order("o1", "sell", [[1, 1]], { participant: "p" }),
          order("o2", "buy", [[1, 1]], { participant: "p" }),
        ],
      },
      "market.both-sides",
      /^\$\.orders\[1\]\.side: "p" has a sell order/,
    ],
    [
      "feed-in as dear as retail",
      { utilities: [utility("u1", 250, 250)] },
      "market.tariff",
      /^\$\.utilities\[0\]\.feedInMicroPerKwh: /,
    ],
  ])("refuses %s and says where", (_, fields, code, message) => {
    expect(refusal(fields)).toMatchObject({ code });
    expect(String(refusal(fields)).replace(/^\w+: /, "")).toMatch(message);
  });

  it("refuses more energy on one side than integers are exact for", () => {
    // Checked after the schema, which would take seconds over that many steps.
    const { steps } = order("o", "sell", Array(64).fill([1_000_000_000, 1]));
    const orders = Array.from({ length: 140_738 }, (_, i) => ({
      ...good.orders[0]!,
      id: `o${i}`,
      steps,
    }));
    const check = (count: number) => () =>
      checkReferences({ ...good, orders: orders.slice(0, count) });
    expect(check(140_737)).not.toThrow();
    expect(check(140_738)).toThrow(expect.objectContaining({ code: "market.too-large" }));
    expect(check(140_738)).toThrow(/^\$\.orders\[140737\]\.steps: /);
  });
});

describe("parseResult", () => {
  it("refuses what has not the form of a result, and says where", () => {
    const parse = () => parseResult({ prices: { "node 1": 5 } });
    expect(parse).toThrow(expect.objectContaining({ code: "market.format" }));
    expect(parse).toThrow(/^\$\.prices\["node 1"\]: .* \(and \d+ more\)$/);
  });
});
