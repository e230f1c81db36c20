import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { at } from "../at.js";
import { type Order, parseOrders } from "../index.js";
import { bestFirst } from "../leftovers.js";
import { anyTree, stagesOf, worth } from "../testing/any-trees.js";
import { treeOptimum } from "../testing/tree-optimum.js";
import { counted } from "./stage-one.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

describe("the optimum of any small tree", () => {
  it("gives participants the welfare of the linear programme, but for 1 Wh per edge and rationed order", () => {
    fc.assert(
      fc.property(anyTree, (any) => {
        const slot = parseOrders(any);
        const { tree, tariffs, among, node } = stagesOf(slot, sha256);
        const countedAt = (one: Order) => (limit: number) =>
          counted(one.side, limit, at(tariffs, node.get(one.node)!));
        const fees = among.flows.map(({ upWh, downWh }, position) =>
          Number(at(tree, position).edge.feeNano(upWh + downWh)),
        );
        const welfare =
          slot.orders.reduce(
            (sum, one, position) => sum + worth(one, 0, among.localWh[position]!, countedAt(one)),
            0,
          ) - fees.reduce((sum, fee) => sum + fee, 0);
        const steps = slot.orders.flatMap((one) =>
          one.steps.map(({ energyWh, limitMicroPerKwh }) => ({
            side: one.side,
            node: one.node,
            energyWh,
            limitMicroPerKwh: countedAt(one)(limitMicroPerKwh),
          })),
        );
        const specs = new Map(slot.grid.nodes.map((spec) => [spec.id, spec]));
        const best = treeOptimum(slot.grid.nodes, steps, (id) => ({
          upWh: specs.get(id)!.limitUpWh ?? null,
          downWh: specs.get(id)!.limitDownWh ?? null,
        }));
        const highest = Math.max(0, ...steps.map(({ limitMicroPerKwh }) => limitMicroPerKwh));
        expect(welfare).toBeLessThanOrEqual(best + 0.01);
        expect(welfare).toBeGreaterThanOrEqual(best - highest * (tree.length - 1) - 0.01);
      }),
      { numRuns: 1000 },
    );
  });

  it("gives the utilities the welfare of the linear programme over what is left of orders and lines", () => {
    fc.assert(
      fc.property(anyTree, (any) => {
        fc.pre(any.utilities.length > 0);
        const slot = parseOrders(any);
        const { tree, among, rest, node } = stagesOf(slot, sha256);
        const u = at(slot.utilities, 0);
        const added = (key: "upWh" | "downWh", position: number) =>
          Number(at(rest.lines, position)[key] - at(among.flows, position)[key]);
        const fees = tree.map(({ edge }, position) =>
          Number(edge.feeNano(BigInt(added("upWh", position) + added("downWh", position)))),
        );
        const welfare =
          slot.orders.reduce((sum, one, position) => {
            const localWh = among.localWh[position]!;
            return sum + worth(one, localWh, localWh + rest.utilityWh[position]!);
          }, 0) -
          fees.reduce((sum, fee) => sum + fee, 0) +
          rest.boughtWh.get(u.id)! * u.feedInMicroPerKwh -
          rest.soldWh.get(u.id)! * u.retailMicroPerKwh;
        const left = slot.orders.flatMap((one, position) => {
          let servedWh = among.localWh[position]!;
          return bestFirst(one).map(({ energyWh, limitMicroPerKwh }) => {
            const usedWh = Math.min(servedWh, energyWh);
            servedWh -= usedWh;
            return {
              side: one.side,
              node: one.node,
              energyWh: energyWh - usedWh,
              limitMicroPerKwh,
            };
          });
        });
        const room = (id: string, used: "upWh" | "downWh", limit: number | null | undefined) =>
          limit === null || limit === undefined
            ? null
            : limit - Number(at(among.flows, node.get(id)!)[used]);
        const specs = new Map(slot.grid.nodes.map((spec) => [spec.id, spec]));
        const optimum = (side: "sell" | "buy", price: number) =>
          treeOptimum(
            slot.grid.nodes,
            [
              ...left.filter((step) => step.side === side),
              {
                side: side === "buy" ? "sell" : "buy",
                node: u.node,
                energyWh: 1e9,
                limitMicroPerKwh: price,
              },
            ],
            (id) => ({
              upWh: room(id, "upWh", specs.get(id)!.limitUpWh),
              downWh: room(id, "downWh", specs.get(id)!.limitDownWh),
            }),
          );
        // A utility buys and sells in opposite directions on every line, so the two do not share room.
        const best = optimum("buy", u.retailMicroPerKwh) + optimum("sell", u.feedInMicroPerKwh);
        const highest = Math.max(u.retailMicroPerKwh, ...left.map((step) => step.limitMicroPerKwh));
        const tolerance = highest * 2 * (tree.length - 1) + 0.01;
        expect(Math.abs(welfare - best)).toBeLessThanOrEqual(tolerance);
      }),
      { numRuns: 1000 },
    );
  });
});
