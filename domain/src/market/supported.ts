import { CodedError } from "../errors/index.js";
import { at } from "./at.js";
import type { SlotOrders } from "./types.js";

/** Whether a slot is cleared on a tree, which only `uniform` does. */
export function hasEdges({ rule, grid: { nodes } }: SlotOrders): boolean {
  return rule === "uniform" && nodes.length > 1;
}

/**
 * The one node of a slot without edges.
 *
 * @throws CodedError `market.not-supported` for a grid with edges
 */
export function onlyNode({ grid: { nodes } }: SlotOrders): string {
  if (nodes.length !== 1) {
    throw new CodedError(
      "market.not-supported",
      `$.grid.nodes: ${nodes.length} nodes; expected one node without edges`,
    );
  }
  return at(nodes, 0).id;
}

/**
 * The one node of a slot that can be settled: deviations are settled at its one price, which only
 * `uniform` gives.
 *
 * @throws CodedError `market.not-supported` for another rule than `uniform`, or a grid with edges
 */
export function settledNode(orders: SlotOrders): string {
  if (orders.rule !== "uniform") {
    throw new CodedError("market.not-supported", `$.rule: "${orders.rule}"; expected "uniform"`);
  }
  return onlyNode(orders);
}
