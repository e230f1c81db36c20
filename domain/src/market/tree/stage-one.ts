import { at } from "../at.js";
import type { Side, Steps } from "../book.js";
import { aggregate, type Curve } from "../curve.js";
import { bestFirst } from "../leftovers.js";
import { lotteryOf, serve } from "../ration.js";
import type { Sha256, SlotOrders } from "../types.js";
import { emptyLine, type NodeFlow, type OwnOffers, solve } from "./flow.js";
import { ceiled, floored, whole } from "./fraction.js";
import type { TreeNode } from "./grid-tree.js";
import type { NodeTariffs } from "./tariffs.js";

export interface NodeBook {
  readonly buys: Steps;
  readonly sells: Steps;
  readonly buyCurve: Curve;
  readonly sellCurve: Curve;
}

export interface StageOne {
  readonly flows: readonly NodeFlow[];
  readonly books: readonly NodeBook[];
  readonly localWh: Float64Array;
}

/** A limit as it counts among participants. */
export function counted(side: Side, limit: number, { retail, feedIn }: NodeTariffs): number {
  if (side === "buy") return retail === undefined ? limit : Math.min(limit, floored(retail.price));
  return feedIn === undefined ? limit : Math.max(limit, ceiled(feedIn.price));
}

export function stageOne(
  slot: SlotOrders,
  tree: readonly TreeNode[],
  tariffs: readonly NodeTariffs[],
  sha256: Sha256,
): StageOne {
  const books = booksOf(slot, tree, (side, limit, node) => counted(side, limit, at(tariffs, node)));
  const own = books.map(
    ({ buyCurve, sellCurve }): OwnOffers => ({ buys: offers(buyCurve), sells: offers(sellCurve) }),
  );
  const flows = solve(
    tree,
    own,
    tree.map(() => emptyLine),
  );
  const localWh = new Float64Array(slot.orders.length);
  const lottery = lotteryOf(slot, sha256);
  flows.forEach(({ boughtWh, soldWh }, node) => {
    const { buys, sells, buyCurve, sellCurve } = at(books, node);
    serveVolume(buys, buyCurve, slot, boughtWh, lottery, localWh);
    serveVolume(sells, sellCurve, slot, soldWh, lottery, localWh);
  });
  return { flows, books, localWh };
}

/** Spreads what a node's own offers trade over its orders. */
export function serveVolume(
  steps: Steps,
  curve: Curve,
  slot: SlotOrders,
  volumeWh: bigint,
  lottery: (a: number, b: number) => number,
  servedWh: Float64Array,
): void {
  const last = curve.limit[lastLevel(curve, volumeWh)];
  if (last !== undefined) serve(steps, slot, Number(volumeWh), last, lottery, servedWh);
}

/** The last level that `volumeWh` reaches; -1 where it is 0. */
export function lastLevel({ energyWh }: Curve, volumeWh: bigint): number {
  let leftWh = Number(volumeWh);
  let level = -1;
  while (leftWh > 0) {
    level += 1;
    leftWh -= energyWh[level] ?? Number.POSITIVE_INFINITY;
  }
  return level;
}

export function offers({ limit, energyWh }: Curve) {
  return Array.from(limit, (price, level) => ({
    price: whole(price),
    displaces: false,
    energyWh: BigInt(energyWh[level] ?? 0),
  }));
}

/** Steps by node, with their limits as `limitOf` counts them and what `left` has taken off from the best step on. */
export function booksOf(
  slot: SlotOrders,
  tree: readonly TreeNode[],
  limitOf: (side: Side, limit: number, node: number) => number,
  takenWh?: Float64Array,
): NodeBook[] {
  const nodeOf = new Map(tree.map(({ id }, node) => [id, node]));
  const lists = tree.map(() => ({
    buy: { order: [] as number[], limit: [] as number[], energyWh: [] as number[] },
    sell: { order: [] as number[], limit: [] as number[], energyWh: [] as number[] },
  }));
  slot.orders.forEach((order, position) => {
    const node = nodeOf.get(order.node) ?? 0;
    const list = at(lists, node)[order.side];
    let skipWh = takenWh?.[position] ?? 0;
    for (const { energyWh, limitMicroPerKwh } of bestFirst(order)) {
      const leftWh = Math.max(0, energyWh - skipWh);
      skipWh = Math.max(0, skipWh - energyWh);
      if (leftWh === 0) continue;
      list.order.push(position);
      list.limit.push(limitOf(order.side, limitMicroPerKwh, node));
      list.energyWh.push(leftWh);
    }
  });
  return lists.map(({ buy, sell }) => {
    const steps = (side: Side, list: typeof buy): Steps => ({
      side,
      order: Int32Array.from(list.order),
      limit: Float64Array.from(list.limit),
      energyWh: Float64Array.from(list.energyWh),
    });
    const buys = steps("buy", buy);
    const sells = steps("sell", sell);
    return { buys, sells, buyCurve: aggregate(buys), sellCurve: aggregate(sells) };
  });
}
