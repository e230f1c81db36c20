import type { Findings } from "./findings.js";
import { addWelfare } from "./leftovers.js";
import { NanoSum } from "./nano-sum.js";
import type { SlotOrders, SlotResult } from "./types.js";

/**
 * Checks by the result alone what holds under every rule at one node: nobody trades more than he
 * offered or against his limits, energy and coins are neither made nor lost.
 */
export function checkBooks({ orders, utilities }: SlotOrders, result: SlotResult, wrong: Findings) {
  const byId = new Map(orders.map((order) => [order.id, order]));
  const tariffs = new Map(utilities.map((utility) => [utility.id, utility]));
  let coins = 0n;
  let energyWh = 0;
  result.fills.forEach(({ order: id, energyWh: filledWh, amountNano }, index) => {
    const order = byId.get(id);
    if (order === undefined) return;
    const sign = order.side === "buy" ? 1 : -1;
    const offeredWh = order.steps.reduce((sum, step) => sum + step.energyWh, 0);
    const worth = new NanoSum();
    addWelfare(worth, order, filledWh);
    const signed = BigInt(sign) * BigInt(amountNano);
    const path = `fills[${index}] (order "${id}")`;
    wrong.expect(filledWh <= offeredWh, () => `${path}: ${filledWh} Wh of ${offeredWh} Wh offered`);
    wrong.expect(signed <= worth.value, () => `${path}: ${amountNano} is against the limits`);
    coins += signed;
    energyWh += sign * filledWh;
  });
  result.utilities.forEach(({ id, boughtWh, soldWh }) => {
    const { feedInMicroPerKwh = 0, retailMicroPerKwh = 0 } = tariffs.get(id) ?? {};
    const sum = new NanoSum().add(boughtWh, feedInMicroPerKwh).add(-soldWh, retailMicroPerKwh);
    coins += sum.value;
    energyWh += boughtWh - soldWh;
  });
  wrong.equal(energyWh, 0, "what is bought less what is sold, in Wh,");
  wrong.equal(String(coins), result.totals.residueNano, "what is paid less what is received");
}
