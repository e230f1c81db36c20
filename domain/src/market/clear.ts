import { at } from "./at.js";
import { type BestTariffs, bestTariffs, layOut } from "./book.js";
import { type Crossing, cross } from "./cross.js";
import { aggregate } from "./curve.js";
import { digestOf } from "./digest.js";
import { addWelfare, leftoverWh } from "./leftovers.js";
import { NanoSum } from "./nano-sum.js";
import { pair } from "./pair.js";
import { lotteryOf, serve } from "./ration.js";
import { onlyNode } from "./supported.js";
import type { Sha256, SlotOrders, SlotResult } from "./types.js";
import { compareUtf8 } from "./utf8-order.js";

/**
 * Clears one slot by rule `uniform`, version 1: participants among themselves at one price with the
 * greatest welfare and, of that, the greatest volume; what is left with the best utility.
 * The same orders in any sequence give the same result, byte for byte.
 *
 * @param orders - as `parseOrders` returns them
 * @throws CodedError `market.not-supported` for another rule, or a grid with edges
 */
export function clear(orders: SlotOrders, sha256: Sha256): SlotResult {
  const node = onlyNode(orders);
  const tariffs = bestTariffs(orders.utilities);
  const buys = layOut(orders.orders, "buy", tariffs);
  const sells = layOut(orders.orders, "sell", tariffs);
  const crossing = cross(aggregate(buys), aggregate(sells));
  const localWh = new Float64Array(orders.orders.length);
  if (crossing !== undefined) {
    const lottery = lotteryOf(orders, sha256);
    serve(buys, orders, crossing.volumeWh, crossing.lastBuy, lottery, localWh);
    serve(sells, orders, crossing.volumeWh, crossing.lastSell, lottery, localWh);
  }
  const result = compose(orders, node, crossing, localWh, tariffs);
  return { ...result, digest: digestOf(result, sha256) };
}

function compose(
  orders: SlotOrders,
  node: string,
  crossing: Crossing | undefined,
  localWh: Float64Array,
  tariffs: BestTariffs,
): Omit<SlotResult, "digest"> {
  const price = crossing?.price ?? 0;
  const byId = sortedById(orders.orders);
  const trades = pair(orders.orders, byId, localWh).map(({ seller, buyer, energyWh }) => {
    const amountNano = String(new NanoSum().add(energyWh, price));
    return {
      seller,
      buyer,
      sentWh: energyWh,
      deliveredWh: energyWh,
      amountPaidNano: amountNano,
      amountReceivedNano: amountNano,
      feeNano: "0",
      lossWh: 0,
    };
  });
  const { fills, feedInWh, retailWh, welfare } = fillAll(orders, byId, price, localWh, tariffs);
  return {
    prices: { [node]: crossing === undefined ? null : { buy: price, sell: price } },
    fills,
    trades,
    edges: [],
    utilities: sortedById(orders.utilities).map((position) => {
      const utility = orders.utilities[position];
      return {
        id: utility?.id ?? "",
        boughtWh: utility === tariffs.feedIn ? feedInWh : 0,
        soldWh: utility === tariffs.retail ? retailWh : 0,
      };
    }),
    totals: {
      tradedWh: crossing?.volumeWh ?? 0,
      welfareNano: String(welfare),
      lossWh: 0,
      feeNano: "0",
      residueNano: "0",
    },
  };
}

/** What each order gets and pays, with participants and then with the utilities. */
function fillAll(
  { orders }: SlotOrders,
  byId: readonly number[],
  price: number,
  localWh: Float64Array,
  tariffs: BestTariffs,
) {
  const feedIn = tariffs.feedIn?.feedInMicroPerKwh ?? 0;
  const retail = tariffs.retail?.retailMicroPerKwh ?? 0;
  const welfare = new NanoSum();
  let feedInWh = 0;
  let retailWh = 0;
  const fills = byId.map((position) => {
    const order = at(orders, position);
    const amongWh = localWh[position] ?? 0;
    const utilityWh = leftoverWh(order, amongWh, tariffs);
    if (order.side === "buy") retailWh += utilityWh;
    else feedInWh += utilityWh;
    addWelfare(welfare, order, amongWh + utilityWh);
    const tariff = order.side === "buy" ? retail : feedIn;
    return {
      order: order.id,
      energyWh: amongWh + utilityWh,
      amountNano: String(new NanoSum().add(amongWh, price).add(utilityWh, tariff)),
    };
  });
  welfare.add(feedInWh, feedIn).add(-retailWh, retail);
  return { fills, feedInWh, retailWh, welfare };
}

function sortedById(items: readonly { readonly id: string }[]): number[] {
  return items
    .map((_, position) => position)
    .sort((a, b) => compareUtf8(at(items, a).id, at(items, b).id));
}
