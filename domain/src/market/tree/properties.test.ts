import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { at } from "../at.js";
import {
  clear,
  type Order,
  parseOrders,
  type SlotOrders,
  type SlotResult,
  verifyResult,
} from "../index.js";
import { anyTree, stagesOf, worth } from "../testing/any-trees.js";
import { ceiled, floored } from "./fraction.js";
import type { NodeTariffs } from "./tariffs.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

describe("any small tree", () => {
  it("makes no energy and no coins", () => {
    fc.assert(
      fc.property(anyTree, (any) => {
        const slot = parseOrders(any);
        const result = clear(slot, sha256);
        const { edges, totals, trades } = result;
        const { coins, energyWh } = balanceOf(slot, result);
        const congestion = edges.reduce((sum, edge) => sum + Number(edge.congestionNano), 0);
        expect(energyWh + totals.lossWh).toBe(0);
        expect(coins - Number(totals.feeNano) - congestion).toBe(Number(totals.residueNano));
        for (const { sentWh, deliveredWh, lossWh } of trades)
          expect(sentWh - deliveredWh).toBe(lossWh);
        const sent = trades.reduce((sum, { sentWh }) => sum + sentWh, 0);
        // Energy that is lost whole on its way meets nobody.
        expect(totals.tradedWh - sent).toBeGreaterThanOrEqual(0);
        expect(totals.tradedWh - sent).toBeLessThanOrEqual(2 * edges.length);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps lines and participants within their limits", () => {
    fc.assert(
      fc.property(anyTree, (any) => {
        const { fills, edges } = clear(parseOrders(any), sha256);
        const byId = new Map(any.orders.map((one) => [one.id, one]));
        for (const { order: id, energyWh, amountNano } of fills) {
          const one = byId.get(id)!;
          const offeredWh = one.steps.reduce((sum, step) => sum + step.energyWh, 0);
          expect(energyWh).toBeLessThanOrEqual(offeredWh);
          expect(signOf(one) * Number(amountNano)).toBeLessThanOrEqual(worth(one, 0, energyWh));
        }
        const lines = new Map(any.grid.nodes.map((line) => [line.id, line]));
        for (const { node, upWh, downWh } of edges) {
          expect(upWh).toBeLessThanOrEqual(lines.get(node)?.limitUpWh ?? Number.POSITIVE_INFINITY);
          expect(downWh).toBeLessThanOrEqual(
            lines.get(node)?.limitDownWh ?? Number.POSITIVE_INFINITY,
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it("gives the same result for the same slot in any sequence, and verifies it", () => {
    const shuffled = anyTree.chain((slot) =>
      fc.tuple(
        fc.constant(slot),
        fc.shuffledSubarray(slot.orders, { minLength: slot.orders.length }),
        fc.shuffledSubarray(slot.grid.nodes, { minLength: slot.grid.nodes.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([slot, orders, nodes]) => {
        const result = clear(slot, sha256);
        expect(clear({ ...slot, orders, grid: { nodes } }, sha256)).toEqual(result);
        expect(verifyResult(slot, result, sha256)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it("leaves nobody worse off than the utility alone, where lines have room", () => {
    fc.assert(
      fc.property(anyTree, (any) => {
        const nodes = any.grid.nodes.map((one) => ({ ...one, limitUpWh: null, limitDownWh: null }));
        const slot = parseOrders({ ...any, grid: { nodes } });
        const { tariffs, node } = stagesOf(slot, sha256);
        const byId = new Map(slot.orders.map((one) => [one.id, one]));
        for (const { order: id, energyWh, amountNano } of clear(slot, sha256).fills) {
          const one = byId.get(id)!;
          const gain = worth(one, 0, energyWh) - signOf(one) * Number(amountNano);
          // Of each line's last Wh, which rounding may leave, an order may miss the gain.
          const missed = 100_000 * nodes.length;
          const alone = gainAlone(one, at(tariffs, node.get(one.node)!));
          expect(gain + missed).toBeGreaterThanOrEqual(alone);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("gives orders at one node of it what they get without the others", () => {
    fc.assert(
      fc.property(anyTree, (any) => {
        const here = any.orders.map((one) => ({ ...one, node: "n0" }));
        const there = any.utilities.map((one) => ({ ...one, node: "n0" }));
        const slot = { ...any, orders: here, utilities: there };
        const alone = clear({ ...slot, grid: { nodes: [{ id: "n0" }] } }, sha256);
        const { prices, fills, trades, utilities, totals } = clear(slot, sha256);
        expect({ n0: prices["n0"] }).toEqual(alone.prices);
        expect({ fills, trades, utilities, totals }).toEqual({
          fills: alone.fills,
          trades: alone.trades,
          utilities: alone.utilities,
          totals: alone.totals,
        });
      }),
      { numRuns: 200 },
    );
  });
});

function signOf({ side }: Order): number {
  return side === "buy" ? 1 : -1;
}

/** What the best tariff carried to an order's node would gain for it. */
function gainAlone(one: Order, { retail, feedIn }: NodeTariffs): number {
  const tariff = one.side === "buy" ? retail : feedIn;
  if (tariff === undefined) return 0;
  const price = one.side === "buy" ? ceiled(tariff.price) : floored(tariff.price);
  return one.steps.reduce(
    (sum, { energyWh, limitMicroPerKwh }) =>
      sum + energyWh * Math.max(0, signOf(one) * (limitMicroPerKwh - price)),
    0,
  );
}

/** What fills and utilities leave over: energy bought less sold, and coins paid less received. */
function balanceOf({ orders, utilities }: SlotOrders, result: SlotResult) {
  const byId = new Map(orders.map((one) => [one.id, one]));
  const tariffs = new Map(utilities.map((one) => [one.id, one]));
  let coins = 0;
  let energyWh = 0;
  for (const fill of result.fills) {
    const sign = signOf(byId.get(fill.order)!);
    coins += sign * Number(fill.amountNano);
    energyWh += sign * fill.energyWh;
  }
  for (const { id, boughtWh, soldWh } of result.utilities) {
    const { feedInMicroPerKwh, retailMicroPerKwh } = tariffs.get(id)!;
    coins += boughtWh * feedInMicroPerKwh - soldWh * retailMicroPerKwh;
    energyWh += boughtWh - soldWh;
  }
  return { coins, energyWh };
}
