import { at } from "../at.js";
import type { Curve } from "../curve.js";
import type { Edge } from "./edge.js";
import type { NodeFlow } from "./flow.js";
import { type Fraction, greatest, least, whole } from "./fraction.js";
import type { TreeNode } from "./grid-tree.js";
import { lastLevel, type StageOne } from "./stage-one.js";

/** How an edge carries participants' energy. */
export type EdgeState = "idle" | "exports" | "imports" | "full-up" | "full-down";

export function stateOf({ edge }: TreeNode, { upWh, downWh }: NodeFlow): EdgeState {
  if (upWh > 0n) return upWh === edge.limitUpWh ? "full-up" : "exports";
  if (downWh > 0n) return downWh === edge.limitDownWh ? "full-down" : "imports";
  return "idle";
}

type Price = Fraction | undefined;

/** What bounds a node's price, exact and at that node. */
export interface Bounds {
  readonly lo: Price;
  readonly hi: Price;
  /** The best steps of the whole subtree that trade in part or not at all. */
  readonly untradedBuy: Price;
  readonly untradedSell: Price;
}

/** Bounds of the node's own steps. */
export function ownBounds({ flows, books }: StageOne, node: number): Bounds {
  const { soldWh, boughtWh } = at(flows, node);
  const { buyCurve, sellCurve } = at(books, node);
  const buy = marginOf(buyCurve, boughtWh);
  const sell = marginOf(sellCurve, soldWh);
  return {
    lo: greatest(sell.traded, buy.untraded),
    hi: least(buy.traded, sell.untraded),
    untradedBuy: buy.untraded,
    untradedSell: sell.untraded,
  };
}

/** The worst step that trades and the best that does not; one that trades in part is both. */
function marginOf(curve: Curve, servedWh: bigint): { traded: Price; untraded: Price } {
  const level = lastLevel(curve, servedWh);
  const reachedWh = curve.energyWh.subarray(0, level + 1).reduce((sum, wh) => sum + wh, 0);
  const traded = curve.limit[level];
  const untraded = curve.limit[reachedWh > Number(servedWh) ? level : level + 1];
  return {
    traded: traded === undefined ? undefined : whole(traded),
    untraded: untraded === undefined ? undefined : whole(untraded),
  };
}

/**
 * Adds what a child's subtree means for its parent. Where the edge has room in the direction it is
 * used, both prices move together and all bounds count; a full edge passes on one side only; an idle
 * one lets the best untraded steps cut.
 */
export function withChild(bounds: Bounds, child: Bounds, edge: Edge, state: EdgeState): Bounds {
  const up = (price: Price) => price && edge.up(price);
  const down = (price: Price) => price && edge.down(price);
  const closedDown = edge.limitDownWh === 0n || state === "full-down";
  const closedUp = edge.limitUpWh === 0n || state === "full-up";
  const value = closedDown ? undefined : down(child.untradedBuy);
  const cost = closedUp ? undefined : up(child.untradedSell);
  const cuts: Record<EdgeState, { lo: Price; hi: Price }> = {
    exports: { lo: up(child.lo), hi: up(child.hi) },
    "full-up": { lo: up(child.lo), hi: undefined },
    imports: { lo: down(child.lo), hi: down(child.hi) },
    "full-down": { lo: undefined, hi: down(child.hi) },
    idle: { lo: value, hi: cost },
  };
  return {
    lo: greatest(bounds.lo, cuts[state].lo),
    hi: least(bounds.hi, cuts[state].hi),
    untradedBuy: greatest(bounds.untradedBuy, value),
    untradedSell: least(bounds.untradedSell, cost),
  };
}
