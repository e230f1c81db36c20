import type { BestTariffs } from "./book.js";
import type { NanoSum } from "./nano-sum.js";
import type { Order } from "./types.js";

/** Energy of an order that its own limits let it trade with the best utility. */
function acceptableWh({ side, steps }: Order, { retail, feedIn }: BestTariffs): number {
  let energyWh = 0;
  for (const step of steps) {
    const accepts =
      side === "buy"
        ? retail !== undefined && step.limitMicroPerKwh >= retail.retailMicroPerKwh
        : feedIn !== undefined && step.limitMicroPerKwh <= feedIn.feedInMicroPerKwh;
    if (accepts) energyWh += step.energyWh;
  }
  return energyWh;
}

/**
 * What an order trades with the utility after `localWh` with participants. What a utility's tariff
 * satisfies are the order's best steps, and those were served first.
 */
export function leftoverWh(order: Order, localWh: number, tariffs: BestTariffs): number {
  return Math.max(0, acceptableWh(order, tariffs) - localWh);
}

/** An order's steps in the sequence in which they are served. */
export function bestFirst({ side, steps }: Order): Order["steps"] {
  if (steps.length === 1) return steps;
  const sign = side === "buy" ? 1 : -1;
  return steps.toSorted((a, b) => sign * (b.limitMicroPerKwh - a.limitMicroPerKwh));
}

/** Adds limits × energy of the steps that `servedWh` reaches, best first: buys count, sells are subtracted. */
export function addWelfare(welfare: NanoSum, order: Order, servedWh: number): void {
  const sign = order.side === "buy" ? 1 : -1;
  let leftWh = servedWh;
  for (const step of bestFirst(order)) {
    const energyWh = Math.min(leftWh, step.energyWh);
    welfare.add(sign * energyWh, step.limitMicroPerKwh);
    leftWh -= energyWh;
  }
}
