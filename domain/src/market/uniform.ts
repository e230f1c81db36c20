import { at } from "./at.js";
import { type BestTariffs, countedLimit, layOut } from "./book.js";
import { cross } from "./cross.js";
import { aggregate } from "./curve.js";
import { bestFirst } from "./leftovers.js";
import { type Match, matchAt, noMatch, type Rule } from "./match.js";
import { NanoSum } from "./nano-sum.js";
import { lotteryOf, serve } from "./ration.js";
import type { SlotOrders } from "./types.js";

/** One price for all, with the greatest welfare and, of that, the greatest volume. */
export const uniform: Rule = (slot, tariffs, sha256): Match => {
  const buys = layOut(slot.orders, "buy", tariffs);
  const sells = layOut(slot.orders, "sell", tariffs);
  const crossing = cross(aggregate(buys), aggregate(sells));
  if (crossing === undefined) return noMatch(slot);
  const { volumeWh, lastBuy, lastSell, price } = crossing;
  const localWh = new Float64Array(slot.orders.length);
  const lottery = lotteryOf(slot, sha256);
  serve(buys, slot, volumeWh, lastBuy, lottery, localWh);
  serve(sells, slot, volumeWh, lastSell, lottery, localWh);
  return matchAt(localWh, volumeWh, { buy: price, sell: price });
};

/** Energy and partners as under `uniform`; each buyer pays his own counted limit, and his sellers receive it. */
export const payAsBid: Rule = (slot, tariffs, sha256): Match => ({
  ...uniform(slot, tariffs, sha256),
  prices: null,
  paid: (buy, fromWh, energyWh) => bidFor(slot, tariffs, buy, fromWh, energyWh),
});

/** Counted limits × energy of part of a buy order, whose best steps come first. */
function bidFor(
  { orders }: SlotOrders,
  tariffs: BestTariffs,
  buy: number,
  fromWh: number,
  energyWh: number,
): NanoSum {
  const sum = new NanoSum();
  let startWh = 0;
  for (const step of bestFirst(at(orders, buy))) {
    const endWh = startWh + step.energyWh;
    const withinWh = Math.min(endWh, fromWh + energyWh) - Math.max(startWh, fromWh);
    if (withinWh > 0) sum.add(withinWh, countedLimit("buy", step.limitMicroPerKwh, tariffs));
    startWh = endWh;
  }
  return sum;
}
