import { at } from "./at.js";
import { layOut, type Steps } from "./book.js";
import { type Crossing, cross } from "./cross.js";
import type { Curve } from "./curve.js";
import { type Match, matchAt, noMatch, type Prices, type Rule } from "./match.js";
import { classOf, lotteryOf } from "./ration.js";
import type { SlotOrders } from "./types.js";

/** Steps of one side one by one, best first; those of one order at one limit are one step. */
interface Ranked extends Curve {
  /** Position in `SlotOrders.orders`. */
  readonly order: Int32Array;
}

/**
 * McAfee's double auction (R. P. McAfee, A Dominant Strategy Double Auction, J. Economic Theory 56,
 * 1992): the first pair that does not trade sets the price where the last pair accepts it; else the
 * last pair is given up, and its two limits are the prices of all others.
 */
export const mcafee: Rule = (slot, tariffs, sha256): Match => {
  const lottery = lotteryOf(slot, sha256);
  const buys = rank(layOut(slot.orders, "buy", tariffs), slot, lottery);
  const sells = rank(layOut(slot.orders, "sell", tariffs), slot, lottery);
  const last = cross(buys, sells);
  if (last === undefined) return noMatch(slot);
  const price = nextPairsMidpoint(buys, sells, last);
  if (price >= last.lastSell && price <= last.lastBuy) {
    return serveFirst(slot, buys, sells, last.volumeWh, { buy: price, sell: price });
  }
  const keptWh = Math.min(energyBefore(buys, last.lastBuyAt), energyBefore(sells, last.lastSellAt));
  return serveFirst(slot, buys, sells, keptWh, { buy: last.lastBuy, sell: last.lastSell });
};

function rank(
  { side, order, limit, energyWh }: Steps,
  { orders }: SlotOrders,
  lottery: (a: number, b: number) => number,
): Ranked {
  const sign = side === "buy" ? -1 : 1;
  const orderOf = (step: number) => order[step] ?? 0;
  const classOfStep = Uint8Array.from(order, (position) => classOf(at(orders, position)));
  const rising = Int32Array.from(limit.keys()).sort(
    (a, b) =>
      sign * ((limit[a] ?? 0) - (limit[b] ?? 0)) ||
      (classOfStep[a] ?? 0) - (classOfStep[b] ?? 0) ||
      lottery(orderOf(a), orderOf(b)),
  );
  const ranked = {
    order: new Int32Array(rising.length),
    limit: new Float64Array(rising.length),
    energyWh: new Float64Array(rising.length),
  };
  let last = -1;
  for (const step of rising) {
    if (ranked.order[last] !== orderOf(step) || ranked.limit[last] !== limit[step]) {
      last += 1;
      ranked.order[last] = orderOf(step);
      ranked.limit[last] = limit[step] ?? 0;
    }
    ranked.energyWh[last] = (ranked.energyWh[last] ?? 0) + (energyWh[step] ?? 0);
  }
  return {
    order: ranked.order.subarray(0, last + 1),
    limit: ranked.limit.subarray(0, last + 1),
    energyWh: ranked.energyWh.subarray(0, last + 1),
  };
}

/** Floored; not a number where one side has no further step. A step traded in part is not its own next. */
function nextPairsMidpoint(buys: Curve, sells: Curve, last: Crossing): number {
  const buy = buys.limit[last.lastBuyAt + 1] ?? Number.NaN;
  const sell = sells.limit[last.lastSellAt + 1] ?? Number.NaN;
  return Math.floor((buy + sell) / 2);
}

function energyBefore({ energyWh }: Curve, step: number): number {
  return energyWh.subarray(0, step).reduce((sum, stepWh) => sum + stepWh, 0);
}

/** Serves both sides from their best step on, so that the longer one is cut from its worst. */
function serveFirst(
  { orders }: SlotOrders,
  buys: Ranked,
  sells: Ranked,
  volumeWh: number,
  prices: Prices,
): Match {
  const localWh = new Float64Array(orders.length);
  for (const { order, energyWh } of [buys, sells]) {
    let leftWh = volumeWh;
    for (let step = 0; leftWh > 0; step += 1) {
      const position = order[step] ?? 0;
      const servedWh = Math.min(leftWh, energyWh[step] ?? 0);
      localWh[position] = (localWh[position] ?? 0) + servedWh;
      leftWh -= servedWh;
    }
  }
  return matchAt(localWh, volumeWh, prices);
}
