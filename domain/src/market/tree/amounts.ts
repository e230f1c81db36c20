import { at } from "../at.js";
import { bestFirst } from "../leftovers.js";
import { NanoSum } from "../nano-sum.js";
import type { SlotOrders } from "../types.js";
import type { TreeNode } from "./grid-tree.js";
import { counted } from "./stage-one.js";
import type { NodeTariffs } from "./tariffs.js";

/** What an order pays or receives for `energyWh` of its energy with participants, from `fromWh` on. */
export type AmountOf = (order: number, fromWh: number, energyWh: number) => NanoSum;

/** At the price of the order's node; where rounding has taken it past a step's limit, at the limit. */
export function amountsAt(
  { orders }: SlotOrders,
  tree: readonly TreeNode[],
  tariffs: readonly NodeTariffs[],
  prices: readonly (number | null)[],
): AmountOf {
  const nodeOf = new Map(tree.map(({ id }, node) => [id, node]));
  return (position, fromWh, energyWh) => {
    const order = at(orders, position);
    const node = nodeOf.get(order.node) ?? 0;
    const price = at(prices, node) ?? 0;
    const within = order.side === "buy" ? Math.min : Math.max;
    const sum = new NanoSum();
    let startWh = 0;
    for (const step of bestFirst(order)) {
      const endWh = startWh + step.energyWh;
      const partWh = Math.min(endWh, fromWh + energyWh) - Math.max(startWh, fromWh);
      const limit = counted(order.side, step.limitMicroPerKwh, at(tariffs, node));
      if (partWh > 0) sum.add(partWh, within(price, limit));
      startWh = endWh;
    }
    return sum;
  };
}
