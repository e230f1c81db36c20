import type { Curve } from "./curve.js";

/** Where the two curves of a node cross. */
export interface Crossing {
  /** Greatest volume among greatest welfare: pairs without gain trade. */
  readonly volumeWh: number;
  /** Worst limits that trade, wholly or partly, and their positions in the curves. */
  readonly lastBuy: number;
  readonly lastSell: number;
  readonly lastBuyAt: number;
  readonly lastSellAt: number;
  /** Uniform price at half of the competitive interval, micro-coin/kWh. */
  readonly price: number;
}

/** Matches best against best while the buyer's limit is not below the seller's; undefined where nothing trades. */
export function cross(buys: Curve, sells: Curve): Crossing | undefined {
  let buy = 0;
  let sell = 0;
  let buyLeftWh = buys.energyWh[0] ?? 0;
  let sellLeftWh = sells.energyWh[0] ?? 0;
  let volumeWh = 0;
  let lastBuy = 0;
  let lastSell = 0;
  let lastBuyAt = 0;
  let lastSellAt = 0;
  for (;;) {
    const bid = buys.limit[buy];
    const ask = sells.limit[sell];
    if (bid === undefined || ask === undefined || bid < ask) break;
    const tradedWh = Math.min(buyLeftWh, sellLeftWh);
    volumeWh += tradedWh;
    lastBuy = bid;
    lastSell = ask;
    lastBuyAt = buy;
    lastSellAt = sell;
    buyLeftWh -= tradedWh;
    sellLeftWh -= tradedWh;
    if (buyLeftWh === 0) {
      buy += 1;
      buyLeftWh = buys.energyWh[buy] ?? 0;
    }
    if (sellLeftWh === 0) {
      sell += 1;
      sellLeftWh = sells.energyWh[sell] ?? 0;
    }
  }
  if (volumeWh === 0) return undefined;
  // A level that traded in part is still where the pointer stands, so it counts as both.
  const lo = Math.max(lastSell, buys.limit[buy] ?? Number.NEGATIVE_INFINITY);
  const hi = Math.min(lastBuy, sells.limit[sell] ?? Number.POSITIVE_INFINITY);
  return { volumeWh, lastBuy, lastSell, lastBuyAt, lastSellAt, price: midpoint(lo, hi) };
}

/** Floored middle of the competitive interval, or its lower end where cuts have turned it round. */
function midpoint(lo: number, hi: number): number {
  return lo > hi ? lo : Math.floor((lo + hi) / 2);
}
