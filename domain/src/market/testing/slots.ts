import type { Order, SlotOrders, Utility } from "../types.js";

/** A utility at the one node; prices in micro-coin/kWh. */
export function utility(id: string, feedIn: number, retail: number): Utility {
  return {
    id,
    node: "root",
    feedInMicroPerKwh: feedIn,
    retailMicroPerKwh: retail,
    energyWh: null,
  };
}

/** An order of the participant of the same name, with steps of [Wh, limit]. */
export function order(
  id: string,
  side: Order["side"],
  steps: readonly (readonly [energyWh: number, limit: number])[],
  rest: Partial<Order> = {},
): Order {
  return {
    id,
    participant: id,
    node: "root",
    side,
    steps: steps.map(([energyWh, limitMicroPerKwh]) => ({ energyWh, limitMicroPerKwh })),
    ...rest,
  };
}

/** A slot at one node under `uniform`. */
export function slotOf(
  orders: Order[],
  utilities: Utility[] = [],
  rest: Partial<SlotOrders> = {},
): SlotOrders {
  return {
    slot: { start: "2026-06-01T12:00:00Z", seconds: 900 },
    seed: "00",
    rule: "uniform",
    rulesVersion: 1,
    grid: { nodes: [{ id: "root" }] },
    utilities,
    orders,
    ...rest,
  };
}
