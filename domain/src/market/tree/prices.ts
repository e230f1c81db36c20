import { at } from "../at.js";
import { type Bounds, type EdgeState, ownBounds, stateOf, withChild } from "./bounds.js";
import { ceiled, type Fraction, floored, greatest, least, whole } from "./fraction.js";
import type { TreeNode } from "./grid-tree.js";
import type { StageOne } from "./stage-one.js";

/** Prices by node from the root down, micro-coin/kWh; null where nothing traded and nothing passed. */
export function pricesOf(tree: readonly TreeNode[], among: StageOne): (number | null)[] {
  const states = tree.map((node, position) => stateOf(node, at(among.flows, position)));
  const bounds = boundsOf(tree, among, states);
  const prices: (number | null)[] = [];
  tree.forEach((node, position) => {
    prices[position] = isPriced(node, position, among, states)
      ? priceOf(node, at(states, position), at(bounds, position), cutsOf(node, among, prices))
      : null;
  });
  return prices;
}

function boundsOf(
  tree: readonly TreeNode[],
  among: StageOne,
  states: readonly EdgeState[],
): Bounds[] {
  const bounds: Bounds[] = [];
  for (let node = tree.length - 1; node >= 0; node -= 1) {
    bounds[node] = at(tree, node).children.reduce(
      (sum, child) => withChild(sum, at(bounds, child), at(tree, child).edge, at(states, child)),
      ownBounds(among, node),
    );
  }
  return bounds;
}

function isPriced(
  { children }: TreeNode,
  position: number,
  { flows }: StageOne,
  states: readonly EdgeState[],
): boolean {
  const { soldWh, boughtWh } = at(flows, position);
  return (
    soldWh > 0n ||
    boughtWh > 0n ||
    [position, ...children].some((node) => at(states, node) !== "idle")
  );
}

/** The parent's price, or what stands for it where it has none. */
interface Above {
  readonly price: number | null;
  readonly exportFrom: Fraction | undefined;
  readonly importFrom: Fraction | undefined;
}

function cutsOf({ parent }: TreeNode, among: StageOne, prices: readonly (number | null)[]): Above {
  if (parent === undefined) return { price: null, exportFrom: undefined, importFrom: undefined };
  const price = at(prices, parent);
  if (price !== null) return { price, exportFrom: whole(price), importFrom: whole(price) };
  const { untradedBuy, untradedSell } = ownBounds(among, parent);
  return { price, exportFrom: untradedBuy, importFrom: untradedSell };
}

function priceOf(
  { edge }: TreeNode,
  state: EdgeState,
  { lo, hi }: Bounds,
  { price, exportFrom, importFrom }: Above,
): number {
  if (price !== null && state === "exports") return floored(edge.exportPrice(whole(price)));
  if (price !== null && state === "imports") return ceiled(edge.importPrice(whole(price)));
  const exported = exportFrom && edge.exportPrice(exportFrom);
  const imported = importFrom && edge.importPrice(importFrom);
  const idle = state === "idle";
  const raisedBy = state === "full-down" ? imported : idle && edge.limitUpWh !== 0n && exported;
  const loweredBy = state === "full-up" ? exported : idle && edge.limitDownWh !== 0n && imported;
  return midpoint(greatest(lo, raisedBy || undefined), least(hi, loweredBy || undefined));
}

/** Floored middle of the competitive interval, or its lower end where cuts have turned it round. */
function midpoint(lo: Fraction | undefined, hi: Fraction | undefined): number {
  const from = lo === undefined ? undefined : ceiled(lo);
  const to = hi === undefined ? undefined : floored(hi);
  if (from === undefined || to === undefined) return from ?? to ?? 0;
  return from > to ? from : Math.floor((from + to) / 2);
}
