import { at } from "./at.js";
import { type BestTariffs, bestTariffs } from "./book.js";
import { digestOf } from "./digest.js";
import { addWelfare, leftoverWh } from "./leftovers.js";
import type { Match, Rule } from "./match.js";
import { mcafee } from "./mcafee.js";
import { midMarketRate } from "./mid-market-rate.js";
import { NanoSum } from "./nano-sum.js";
import { byParticipants, type Pair, pair } from "./pair.js";
import { sortedById } from "./sorted-by-id.js";
import { hasEdges, onlyNode } from "./supported.js";
import { clearTree } from "./tree/clear-tree.js";
import type { Sha256, SlotOrders, SlotResult } from "./types.js";
import { payAsBid, uniform } from "./uniform.js";

const rules: Readonly<Record<SlotOrders["rule"], Rule>> = {
  uniform,
  "pay-as-bid": payAsBid,
  mcafee,
  "mid-market-rate": midMarketRate,
};

/**
 * Clears one slot, rules version 1: participants among themselves by the slot's rule, what is left
 * with the best utility. The same orders in any sequence give the same result, byte for byte.
 *
 * @param orders - as `parseOrders` returns them
 * @throws CodedError `market.not-supported` for a grid with edges by another rule than `uniform`, or
 *   `mid-market-rate` without a utility
 */
export function clear(orders: SlotOrders, sha256: Sha256): SlotResult {
  const result = hasEdges(orders) ? clearTree(orders, sha256) : clearNode(orders, sha256);
  return { ...result, digest: digestOf(result, sha256) };
}

function clearNode(orders: SlotOrders, sha256: Sha256): Omit<SlotResult, "digest"> {
  const node = onlyNode(orders);
  const tariffs = bestTariffs(orders.utilities);
  const match = rules[orders.rule](orders, tariffs, sha256);
  return compose(orders, node, match, tariffs);
}

function compose(
  orders: SlotOrders,
  node: string,
  match: Match,
  tariffs: BestTariffs,
): Omit<SlotResult, "digest"> {
  const byId = sortedById(orders.orders);
  const pairs = pair(orders.orders, byId, match);
  const { fills, feedInWh, retailWh, welfare } = fillAll(orders, byId, match, pairs, tariffs);
  const { prices, tradedWh } = match;
  return {
    prices: { [node]: prices },
    fills,
    trades: tradesOf(pairs, match),
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
      tradedWh,
      welfareNano: String(welfare),
      lossWh: 0,
      feeNano: "0",
      residueNano: String(
        prices === null ? 0 : new NanoSum().add(tradedWh, prices.buy - prices.sell),
      ),
    },
  };
}

/** Without a price, sellers receive what their buyers pay. */
function tradesOf(pairs: readonly Pair[], { prices }: Match): SlotResult["trades"] {
  return byParticipants(pairs).map(({ seller, buyer, energyWh, paid }) => ({
    seller,
    buyer,
    sentWh: energyWh,
    deliveredWh: energyWh,
    amountPaidNano: String(paid),
    amountReceivedNano: String(prices === null ? paid : new NanoSum().add(energyWh, prices.sell)),
    feeNano: "0",
    lossWh: 0,
  }));
}

/** What each order gets and pays, with participants and then with the utilities. */
function fillAll(
  { orders }: SlotOrders,
  byId: readonly number[],
  match: Match,
  pairs: readonly Pair[],
  tariffs: BestTariffs,
) {
  const feedIn = tariffs.feedIn?.feedInMicroPerKwh ?? 0;
  const retail = tariffs.retail?.retailMicroPerKwh ?? 0;
  const receivedNano = receivedBy(match, pairs);
  const welfare = new NanoSum();
  let feedInWh = 0;
  let retailWh = 0;
  const fills = byId.map((position) => {
    const order = at(orders, position);
    const amongWh = match.localWh[position] ?? 0;
    const utilityWh = leftoverWh(order, amongWh, tariffs);
    addWelfare(welfare, order, amongWh + utilityWh);
    let amount: NanoSum;
    if (order.side === "buy") {
      retailWh += utilityWh;
      amount = match.paid(position, 0, amongWh).add(utilityWh, retail);
    } else {
      feedInWh += utilityWh;
      amount = receivedNano(position, amongWh).add(utilityWh, feedIn);
    }
    return { order: order.id, energyWh: amongWh + utilityWh, amountNano: String(amount) };
  });
  welfare.add(feedInWh, feedIn).add(-retailWh, retail);
  return { fills, feedInWh, retailWh, welfare };
}

/** What a sell order receives from neighbours. */
function receivedBy({ prices }: Match, pairs: readonly Pair[]) {
  if (prices !== null) return (_: number, soldWh: number) => new NanoSum().add(soldWh, prices.sell);
  const sums = new Map<number, NanoSum>();
  for (const { sell, paid } of pairs) sums.set(sell, (sums.get(sell) ?? new NanoSum()).plus(paid));
  return (sell: number) => sums.get(sell) ?? new NanoSum();
}
