import type { BestTariffs } from "./book.js";
import { NanoSum } from "./nano-sum.js";
import type { Sha256, SlotOrders } from "./types.js";

/** What participants trade among themselves under a rule. */
export interface Match {
  /** By position of the order; its best steps first. Sells and buys have equal sums. */
  readonly localWh: Float64Array;
  readonly tradedWh: number;
  /** The node's prices, micro-coin/kWh; null where there are none. */
  readonly prices: Prices | null;
  /** What a buy order pays neighbours for `energyWh` of its energy from `fromWh` on. */
  readonly paid: (buy: number, fromWh: number, energyWh: number) => NanoSum;
}

export interface Prices {
  readonly buy: number;
  readonly sell: number;
}

/** A market rule at one node. */
export type Rule = (orders: SlotOrders, tariffs: BestTariffs, sha256: Sha256) => Match;

/** A match where all buyers pay one price and all sellers receive one. */
export function matchAt(localWh: Float64Array, tradedWh: number, prices: Prices): Match {
  return {
    localWh,
    tradedWh,
    prices: tradedWh > 0 ? prices : null,
    paid: (_buy, _fromWh, energyWh) => new NanoSum().add(energyWh, prices.buy),
  };
}

export function noMatch({ orders }: SlotOrders): Match {
  return matchAt(new Float64Array(orders.length), 0, { buy: 0, sell: 0 });
}
