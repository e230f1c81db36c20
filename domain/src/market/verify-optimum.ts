import { type BestTariffs, countedLimit, type Side } from "./book.js";
import type { Findings } from "./findings.js";
import type { SlotOrders } from "./types.js";

/** One side as it stands to a price. Gain is what a Wh saves or earns against the limit, micro-coin/kWh. */
interface SideAtPrice {
  insideWh: number;
  atWh: number;
  /** Least gain above zero, and greatest below it. */
  leastGain: number;
  nearestMiss: number;
}

/** What a step gains at a price. */
export function gainAt(price: number, side: Side, countedLimitMicroPerKwh: number): number {
  return side === "buy" ? countedLimitMicroPerKwh - price : price - countedLimitMicroPerKwh;
}

/**
 * Proves price and volume by complementary slackness, in one pass over the steps: every step that
 * gains at the price trades wholly, none that would lose trades, and no more could trade. The price
 * is then the dual solution, so the welfare is the greatest there is, and the volume the greatest with it.
 *
 * @param price - claimed, micro-coin/kWh
 * @param volumeWh - claimed
 */
export function checkOptimum(
  { orders }: SlotOrders,
  tariffs: BestTariffs,
  price: number,
  volumeWh: number,
  wrong: Findings,
): void {
  const sides = { buy: emptySide(), sell: emptySide() };
  for (const { side, steps } of orders) {
    for (const { energyWh, limitMicroPerKwh } of steps) {
      if (energyWh === 0) continue;
      place(
        sides[side],
        energyWh,
        gainAt(price, side, countedLimit(side, limitMicroPerKwh, tariffs)),
      );
    }
  }
  const { buy, sell } = sides;
  const mostWh = Math.min(buy.insideWh + buy.atWh, sell.insideWh + sell.atWh);
  wrong.equal(volumeWh, mostWh, "totals.tradedWh");
  wrong.expect(
    volumeWh >= buy.insideWh && volumeWh >= sell.insideWh,
    () => `prices: ${price} leaves orders unserved that would gain at it`,
  );
  wrong.expect(volumeWh > 0, () => `prices: ${price} where nothing trades; expected null`);
  checkMidpoint(buy, sell, price, volumeWh, wrong);
}

function emptySide(): SideAtPrice {
  return {
    insideWh: 0,
    atWh: 0,
    leastGain: Number.POSITIVE_INFINITY,
    nearestMiss: Number.NEGATIVE_INFINITY,
  };
}

function place(side: SideAtPrice, energyWh: number, gain: number): void {
  if (gain > 0) {
    side.insideWh += energyWh;
    side.leastGain = Math.min(side.leastGain, gain);
  } else if (gain === 0) {
    side.atWh += energyWh;
  } else {
    side.nearestMiss = Math.max(side.nearestMiss, gain);
  }
}

/** The price is the floored middle of the interval in which it would clear the same. */
function checkMidpoint(
  buy: SideAtPrice,
  sell: SideAtPrice,
  price: number,
  volumeWh: number,
  wrong: Findings,
): void {
  const worstTraded = (side: SideAtPrice) => (volumeWh > side.insideWh ? 0 : side.leastGain);
  const bestUntraded = (side: SideAtPrice) =>
    volumeWh < side.insideWh + side.atWh ? 0 : side.nearestMiss;
  const below = Math.min(worstTraded(sell), -bestUntraded(buy));
  const above = Math.min(worstTraded(buy), -bestUntraded(sell));
  // The floored middle of [price - below, price + above] is the price where the gaps differ by 0 or 1.
  wrong.expect(
    above === below || above === below + 1,
    () =>
      `prices: ${price} is not the floored middle of ${price - below} and ${price + above}, between which the same orders trade`,
  );
}

/** Where no price is claimed, the best buyer must be below the best seller. */
export function checkNoTrade({ orders }: SlotOrders, tariffs: BestTariffs, wrong: Findings): void {
  let bestBuy = Number.NEGATIVE_INFINITY;
  let bestSell = Number.POSITIVE_INFINITY;
  for (const { side, steps } of orders) {
    for (const { energyWh, limitMicroPerKwh } of steps) {
      if (energyWh === 0) continue;
      const limit = countedLimit(side, limitMicroPerKwh, tariffs);
      if (side === "buy") bestBuy = Math.max(bestBuy, limit);
      else bestSell = Math.min(bestSell, limit);
    }
  }
  wrong.expect(
    bestBuy < bestSell,
    () => `prices: null, but a buyer at ${bestBuy} and a seller at ${bestSell} could trade`,
  );
}
