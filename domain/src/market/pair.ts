import { at } from "./at.js";
import type { Order } from "./types.js";
import { compareUtf8 } from "./utf8-order.js";

/** Energy that one participant sells to another. */
export interface Pair {
  readonly seller: string;
  readonly buyer: string;
  readonly energyWh: number;
}

/**
 * Says who trades with whom: two pointers over sell and buy orders in the order of their ids, what
 * the same two exchange put together, sorted by (seller, buyer).
 *
 * @param byId - positions in `orders`, sorted by order id
 * @param localWh - by order; sells and buys have equal sums
 */
export function pair(
  orders: readonly Order[],
  byId: ArrayLike<number>,
  localWh: Float64Array,
): Pair[] {
  return merge(walk(orders, byId, localWh).sort(comparePairs));
}

function walk(orders: readonly Order[], byId: ArrayLike<number>, localWh: Float64Array): Pair[] {
  const served = Array.from(byId).filter((order) => (localWh[order] ?? 0) > 0);
  const sellers = served.filter((order) => at(orders, order).side === "sell");
  const buyers = served.filter((order) => at(orders, order).side === "buy");
  const pairs: Pair[] = [];
  let buy = 0;
  let boughtWh = 0;
  for (const seller of sellers) {
    let leftWh = localWh[seller] ?? 0;
    while (leftWh > 0) {
      const buyer = at(buyers, buy);
      const openWh = (localWh[buyer] ?? 0) - boughtWh;
      const energyWh = Math.min(leftWh, openWh);
      pairs.push({
        seller: at(orders, seller).participant,
        buyer: at(orders, buyer).participant,
        energyWh,
      });
      leftWh -= energyWh;
      boughtWh = energyWh === openWh ? 0 : boughtWh + energyWh;
      if (boughtWh === 0) buy += 1;
    }
  }
  return pairs;
}

function comparePairs(a: Pair, b: Pair): number {
  return compareUtf8(a.seller, b.seller) || compareUtf8(a.buyer, b.buyer);
}

function merge(sorted: readonly Pair[]): Pair[] {
  const merged: Pair[] = [];
  for (const next of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && comparePairs(last, next) === 0) {
      merged[merged.length - 1] = { ...last, energyWh: last.energyWh + next.energyWh };
    } else {
      merged.push(next);
    }
  }
  return merged;
}
