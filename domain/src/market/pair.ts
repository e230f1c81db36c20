import { at } from "./at.js";
import type { Match } from "./match.js";
import type { NanoSum } from "./nano-sum.js";
import type { Order } from "./types.js";
import { compareUtf8 } from "./utf8-order.js";

/** Energy that one participant sells to another. */
export interface Pair {
  readonly seller: string;
  readonly buyer: string;
  /** Position of the sell order. */
  readonly sell: number;
  readonly energyWh: number;
  readonly paid: NanoSum;
}

/**
 * Says whose orders trade with each other: two pointers over sell and buy orders in the order of
 * their ids.
 *
 * @param byId - positions in `orders`, sorted by order id
 */
export function pair(
  orders: readonly Order[],
  byId: ArrayLike<number>,
  { localWh, paid }: Match,
): Pair[] {
  const served = Array.from(byId).filter((order) => (localWh[order] ?? 0) > 0);
  const sellers = served.filter((order) => at(orders, order).side === "sell");
  const buyers = served.filter((order) => at(orders, order).side === "buy");
  const pairs: Pair[] = [];
  let buy = 0;
  let boughtWh = 0;
  for (const sell of sellers) {
    let leftWh = localWh[sell] ?? 0;
    while (leftWh > 0) {
      const buyer = at(buyers, buy);
      const openWh = (localWh[buyer] ?? 0) - boughtWh;
      const energyWh = Math.min(leftWh, openWh);
      pairs.push({
        seller: at(orders, sell).participant,
        buyer: at(orders, buyer).participant,
        sell,
        energyWh,
        paid: paid(buyer, boughtWh, energyWh),
      });
      leftWh -= energyWh;
      boughtWh = energyWh === openWh ? 0 : boughtWh + energyWh;
      if (boughtWh === 0) buy += 1;
    }
  }
  return pairs;
}

/** What the same two exchange put together, sorted by (seller, buyer). */
export function byParticipants(pairs: readonly Pair[]): Pair[] {
  const merged: Pair[] = [];
  for (const next of pairs.toSorted(comparePairs)) {
    const last = merged.at(-1);
    if (last !== undefined && comparePairs(last, next) === 0) {
      merged[merged.length - 1] = {
        ...last,
        energyWh: last.energyWh + next.energyWh,
        paid: last.paid.plus(next.paid),
      };
    } else {
      merged.push(next);
    }
  }
  return merged;
}

function comparePairs(a: Pair, b: Pair): number {
  return compareUtf8(a.seller, b.seller) || compareUtf8(a.buyer, b.buyer);
}
