import { CodedError, type ErrorCode } from "../errors/index.js";
import type { SlotOrders } from "./types.js";

/** A refusal that begins with the place in the file. */
export function problem(code: ErrorCode, path: string, what: string): CodedError {
  return new CodedError(code, `${path}: ${what}`);
}

/**
 * Checks what a schema cannot: that names are unique and known, the grid is a tree, tariffs and sides
 * make sense, and sums stay exact.
 *
 * @throws CodedError as `parseOrders` says, but for `market.format` of fields
 */
export function checkReferences(orders: SlotOrders): void {
  checkStart(orders);
  checkGrid(orders);
  checkUtilities(orders);
  checkOrders(orders);
}

function checkStart({ slot }: SlotOrders): void {
  const ms = Date.parse(slot.start);
  // Date.parse takes 30 February for 2 March.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== slot.start.slice(0, 19)) {
    throw problem(
      "market.format",
      "$.slot.start",
      `${slot.start} is no date; expected a UTC instant`,
    );
  }
}

/** Ids must differ; returns their positions. */
function indexById(items: readonly { readonly id: string }[], path: string): Map<string, number> {
  const positions = new Map<string, number>();
  items.forEach(({ id }, index) => {
    const first = positions.get(id);
    if (first !== undefined) {
      throw problem(
        "market.duplicate-id",
        `${path}[${index}].id`,
        `"${id}" is already the id of ${path}[${first}]`,
      );
    }
    positions.set(id, index);
  });
  return positions;
}

function checkGrid({ grid: { nodes } }: SlotOrders): void {
  const positions = indexById(nodes, "$.grid.nodes");
  const roots = nodes.flatMap(({ parent }, index) => (parent === undefined ? [index] : []));
  if (roots.length !== 1) {
    const found = roots.length === 0 ? "none" : roots.map((index) => `[${index}]`).join(", ");
    throw problem(
      "market.grid",
      "$.grid.nodes",
      `expected one node without parent, found ${found}`,
    );
  }
  nodes.forEach(({ parent }, index) => {
    if (parent !== undefined && !positions.has(parent)) {
      throw problem("market.unknown-id", `$.grid.nodes[${index}].parent`, `no node "${parent}"`);
    }
  });
  checkReachable(nodes);
}

/** With one root and known parents, what the root does not reach hangs in a cycle. */
function checkReachable(nodes: SlotOrders["grid"]["nodes"]): void {
  const children = new Map<string | undefined, string[]>();
  for (const { id, parent } of nodes) {
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [id]);
    else siblings.push(id);
  }
  const reached = new Set(children.get(undefined));
  // A set's iteration goes on over what is added meanwhile.
  for (const id of reached) for (const child of children.get(id) ?? []) reached.add(child);
  const lost = nodes.findIndex(({ id }) => !reached.has(id));
  if (lost >= 0) {
    throw problem("market.grid", `$.grid.nodes[${lost}].parent`, "the node is part of a cycle");
  }
}

function checkUtilities({ utilities, grid }: SlotOrders): void {
  indexById(utilities, "$.utilities");
  const nodes = new Set(grid.nodes.map(({ id }) => id));
  utilities.forEach(({ node, feedInMicroPerKwh, retailMicroPerKwh }, index) => {
    const path = `$.utilities[${index}]`;
    if (!nodes.has(node)) throw problem("market.unknown-id", `${path}.node`, `no node "${node}"`);
    if (feedInMicroPerKwh >= retailMicroPerKwh) {
      throw problem(
        "market.tariff",
        `${path}.feedInMicroPerKwh`,
        `${feedInMicroPerKwh} is not below retail, which is ${retailMicroPerKwh}`,
      );
    }
  });
}

function checkOrders({ orders, grid }: SlotOrders): void {
  indexById(orders, "$.orders");
  const nodes = new Set(grid.nodes.map(({ id }) => id));
  const sides = new Map<string, "sell" | "buy">();
  const totalWh = { sell: 0, buy: 0 };
  orders.forEach(({ node, participant, side, steps }, index) => {
    const path = `$.orders[${index}]`;
    if (!nodes.has(node)) throw problem("market.unknown-id", `${path}.node`, `no node "${node}"`);
    const other = sides.get(participant) ?? side;
    if (other !== side) {
      throw problem(
        "market.both-sides",
        `${path}.side`,
        `"${participant}" has a ${other} order already; expected one side per slot`,
      );
    }
    sides.set(participant, side);
    for (const { energyWh } of steps) totalWh[side] += energyWh;
    if (!Number.isSafeInteger(totalWh[side])) {
      throw problem(
        "market.too-large",
        `${path}.steps`,
        `with them the ${side} orders exceed ${Number.MAX_SAFE_INTEGER} Wh`,
      );
    }
  });
}
