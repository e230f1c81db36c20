import { CodedError } from "../errors/index.js";
import { layOut, type Side } from "./book.js";
import { type Match, matchAt, type Rule } from "./match.js";
import { lotteryOf, ration } from "./ration.js";

/**
 * The floored middle of feed-in and retail for everybody whose limits accept it; the longer side
 * pro rata.
 *
 * @throws CodedError `market.not-supported` without a utility
 */
export const midMarketRate: Rule = (slot, tariffs, sha256): Match => {
  const { feedIn, retail } = tariffs;
  if (feedIn === undefined || retail === undefined) {
    throw new CodedError(
      "market.not-supported",
      '$.utilities: none; the rule "mid-market-rate" needs one',
    );
  }
  const price = Math.floor((feedIn.feedInMicroPerKwh + retail.retailMicroPerKwh) / 2);
  const willing = (side: Side): Map<number, number> => {
    const { order, limit, energyWh } = layOut(slot.orders, side, tariffs);
    const members = new Map<number, number>();
    limit.forEach((stepLimit, step) => {
      if (side === "buy" ? stepLimit < price : stepLimit > price) return;
      const position = order[step] ?? 0;
      members.set(position, (members.get(position) ?? 0) + (energyWh[step] ?? 0));
    });
    return members;
  };
  const buyers = willing("buy");
  const sellers = willing("sell");
  const tradedWh = Math.min(total(buyers), total(sellers));
  const lottery = lotteryOf(slot, sha256);
  const localWh = new Float64Array(slot.orders.length);
  ration(buyers, tradedWh, lottery, localWh);
  ration(sellers, tradedWh, lottery, localWh);
  return matchAt(localWh, tradedWh, { buy: price, sell: price });
};

function total(members: ReadonlyMap<number, number>): number {
  let sumWh = 0;
  for (const energyWh of members.values()) sumWh += energyWh;
  return sumWh;
}
