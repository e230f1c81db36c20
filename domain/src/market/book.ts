import type { Order, SlotOrders, Utility } from "./types.js";
import { compareUtf8 } from "./utf8-order.js";

export type Side = Order["side"];

/** Steps of one side at one node, laid flat; steps without energy are left out. */
export interface Steps {
  readonly side: Side;
  /** Position in `SlotOrders.orders`. */
  readonly order: Int32Array;
  /** As counted for merit order, prices and service, micro-coin/kWh. */
  readonly limit: Float64Array;
  readonly energyWh: Float64Array;
}

/** The utility that pays most for feed-in, and the one that sells cheapest; of equal ones the lower id. */
export interface BestTariffs {
  readonly feedIn: Utility | undefined;
  readonly retail: Utility | undefined;
}

export function bestTariffs(utilities: readonly Utility[]): BestTariffs {
  const byId = utilities.toSorted((a, b) => compareUtf8(a.id, b.id));
  return {
    // Sorting is stable: equal tariffs stay in the order of ids.
    feedIn: byId.toSorted((a, b) => b.feedInMicroPerKwh - a.feedInMicroPerKwh)[0],
    retail: byId.toSorted((a, b) => a.retailMicroPerKwh - b.retailMicroPerKwh)[0],
  };
}

/**
 * A limit as it counts among participants: nobody pays neighbours more, or takes less from them,
 * than the utilities would.
 */
export function countedLimit(side: Side, limitMicroPerKwh: number, tariffs: BestTariffs): number {
  return side === "buy"
    ? Math.min(limitMicroPerKwh, tariffs.retail?.retailMicroPerKwh ?? Number.POSITIVE_INFINITY)
    : Math.max(limitMicroPerKwh, tariffs.feedIn?.feedInMicroPerKwh ?? 0);
}

export function layOut(orders: SlotOrders["orders"], side: Side, tariffs: BestTariffs): Steps {
  let count = 0;
  for (const order of orders) if (order.side === side) count += order.steps.length;
  const order = new Int32Array(count);
  const limit = new Float64Array(count);
  const energyWh = new Float64Array(count);
  let next = 0;
  orders.forEach((one, position) => {
    if (one.side !== side) return;
    for (const step of one.steps) {
      if (step.energyWh === 0) continue;
      order[next] = position;
      limit[next] = countedLimit(side, step.limitMicroPerKwh, tariffs);
      energyWh[next] = step.energyWh;
      next += 1;
    }
  });
  return {
    side,
    order: order.subarray(0, next),
    limit: limit.subarray(0, next),
    energyWh: energyWh.subarray(0, next),
  };
}
