import type { OrderRequest } from "../ledger/records.js";
import { amountNano } from "../money/index.js";
import type { Order, Utility } from "./types.js";

/** What a household has said once, for all slots. */
export interface Criteria {
  readonly sell: { readonly enabled: boolean; readonly minMicroPerKwh: number };
  readonly buy: { readonly enabled: boolean; readonly maxMicroPerKwh: number };
}

/** Energy expected at the connection point in the next slot, integer Wh from 0. */
export interface Forecast {
  readonly importWh: number;
  readonly exportWh: number;
}

const mostPerStepWh = 1_000_000_000;

/**
 * The order for the next slot: one step for the net of the forecast, on the side of the greater.
 * Its limit is the criterion's, but never worse than the own utility's tariff, since the market counts it
 * so anyway and a buyer then sets aside no more coins than the energy can cost.
 *
 * @returns null where the net is nothing, or the household does not trade on that side
 */
export function ordersFromCriteria(
  { sell, buy }: Criteria,
  { importWh, exportWh }: Forecast,
  {
    feedInMicroPerKwh,
    retailMicroPerKwh,
  }: Pick<Utility, "feedInMicroPerKwh" | "retailMicroPerKwh">,
): OrderRequest | null {
  const netWh = exportWh - importWh;
  const energyWh = Math.min(Math.abs(netWh), mostPerStepWh);
  if (netWh > 0 && sell.enabled) {
    const limitMicroPerKwh = Math.max(sell.minMicroPerKwh, feedInMicroPerKwh);
    return { side: "sell", steps: [{ energyWh, limitMicroPerKwh }] };
  }
  if (netWh < 0 && buy.enabled) {
    const limitMicroPerKwh = Math.min(buy.maxMicroPerKwh, retailMicroPerKwh);
    return { side: "buy", steps: [{ energyWh, limitMicroPerKwh }] };
  }
  return null;
}

/** The most that a buy order can cost if all its steps are served, each at its own limit, in nano-coin. */
export function coverNano({ steps }: Pick<Order, "steps">): bigint {
  return steps.reduce(
    (sum, { energyWh, limitMicroPerKwh }) => sum + amountNano(energyWh, limitMicroPerKwh),
    0n,
  );
}
