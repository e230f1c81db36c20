import fc from "fast-check";
import { at } from "../at.js";
import { bestFirst } from "../leftovers.js";
import { treeOf } from "../tree/grid-tree.js";
import { stageOne } from "../tree/stage-one.js";
import { stageTwo } from "../tree/stage-two.js";
import { carriedTariffs } from "../tree/tariffs.js";
import type { Order, Sha256, SlotOrders } from "../types.js";
import { order, slotOf, utility } from "./slots.js";

const limitWh = fc.option(fc.nat(3000), { freq: 2 });
/** Up to seven nodes, where the k-th hangs on any before it. */
const anyGrid = fc
  .array(
    fc.record({
      parent: fc.nat(),
      lossPpm: fc.constantFrom(0, 10_000, 20_000, 50_000),
      feeMicroPerKwh: fc.constantFrom(0, 2000, 7000),
      limitUpWh: limitWh,
      limitDownWh: limitWh,
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((edges) => [
    { id: "n0" },
    ...edges.map(({ parent, ...rest }, index) => ({
      id: `n${index + 1}`,
      parent: `n${parent % (index + 1)}`,
      ...rest,
    })),
  ]);
/** Orders and at most one utility anywhere on a tree. */
export const anyTree = fc
  .tuple(
    anyGrid,
    fc.array(
      fc.record({
        node: fc.nat(),
        side: fc.constantFrom("sell" as const, "buy" as const),
        source: fc.constantFrom("green" as const, "storage" as const, "other" as const),
        steps: fc.array(
          fc.tuple(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 0, max: 30 })),
          { minLength: 1, maxLength: 3 },
        ),
      }),
      { maxLength: 10 },
    ),
    fc.array(
      fc.record({ node: fc.nat(), feedIn: fc.nat(12), margin: fc.integer({ min: 1, max: 20 }) }),
      {
        maxLength: 1,
      },
    ),
  )
  .map(
    ([nodes, orders, utilities]): SlotOrders =>
      slotOf(
        orders.map(({ node, side, source, steps }, index) =>
          order(
            `o${index}`,
            side,
            steps.map(([energyWh, limit]) => [energyWh, limit * 2000]),
            { source, node: at(nodes, node % nodes.length).id },
          ),
        ),
        utilities.map(({ node, feedIn, margin }, index) => ({
          ...utility(`u${index}`, feedIn * 2000, (feedIn + margin) * 2000),
          node: at(nodes, node % nodes.length).id,
        })),
        { grid: { nodes } },
      ),
  );

/** Limits × energy of an order's best steps between two amounts of energy. */
export function worth(
  one: Order,
  fromWh: number,
  toWh: number,
  limitOf = (limit: number) => limit,
): number {
  let startWh = 0;
  let sum = 0;
  for (const { energyWh, limitMicroPerKwh } of bestFirst(one)) {
    const partWh = Math.min(startWh + energyWh, toWh) - Math.max(startWh, fromWh);
    sum += Math.max(0, partWh) * limitOf(limitMicroPerKwh);
    startWh += energyWh;
  }
  return one.side === "buy" ? sum : -sum;
}

/** What stage by stage trades on any slot. */
export function stagesOf(slot: SlotOrders, sha256: Sha256) {
  const tree = treeOf(slot);
  const tariffs = carriedTariffs(tree, slot);
  const among = stageOne(slot, tree, tariffs, sha256);
  const rest = stageTwo(slot, tree, tariffs, among, sha256);
  const node = new Map(tree.map(({ id }, position) => [id, position]));
  return { tree, tariffs, among, rest, node };
}
