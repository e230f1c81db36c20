import { at } from "./at.js";
import type { Findings } from "./findings.js";
import { NanoSum } from "./nano-sum.js";
import type { Order, SlotOrders, SlotResult } from "./types.js";

/**
 * Checks who trades with whom: on one line of energy, sellers and buyers lie end to end in the order
 * of their ids, and two trade what they overlap.
 *
 * @param positions - of the orders, in the order of their ids
 */
export function checkTrades(
  { orders }: SlotOrders,
  { trades }: SlotResult,
  price: number,
  positions: readonly number[],
  localWh: Float64Array,
  wrong: Findings,
): void {
  const expected = overlaps(orders, positions, localWh);
  trades.forEach((trade, index) => {
    const path = `trades[${index}] ("${trade.seller}" to "${trade.buyer}")`;
    const energyWh = expected.get(trade.seller)?.get(trade.buyer) ?? 0;
    expected.get(trade.seller)?.delete(trade.buyer);
    const amountNano = String(new NanoSum().add(energyWh, price));
    wrong.expect(energyWh > 0, () => `${path}: their orders do not meet`);
    wrong.equal(trade.sentWh, energyWh, `${path}.sentWh`);
    wrong.equal(trade.deliveredWh, energyWh, `${path}.deliveredWh`);
    wrong.equal(trade.amountPaidNano, amountNano, `${path}.amountPaidNano`);
    wrong.equal(trade.amountReceivedNano, amountNano, `${path}.amountReceivedNano`);
    wrong.equal(trade.feeNano, "0", `${path}.feeNano`);
    wrong.equal(trade.lossWh, 0, `${path}.lossWh`);
  });
  for (const [seller, buyers] of expected) {
    for (const [buyer, energyWh] of buyers) {
      wrong.expect(
        false,
        () => `trades: ${energyWh} Wh from "${seller}" to "${buyer}" are missing`,
      );
    }
  }
}

function overlaps(
  orders: readonly Order[],
  positions: readonly number[],
  localWh: Float64Array,
): Map<string, Map<string, number>> {
  const line = (side: Order["side"]) => positions.filter((p) => at(orders, p).side === side);
  const buyers = line("buy");
  const energy = new Map<string, Map<string, number>>();
  let next = 0;
  let buyerEndWh = 0;
  let reachedWh = 0;
  let sellerEndWh = 0;
  for (const position of line("sell")) {
    sellerEndWh += localWh[position] ?? 0;
    const seller = at(orders, position).participant;
    while (reachedWh < sellerEndWh) {
      while (buyerEndWh <= reachedWh) {
        buyerEndWh += localWh[at(buyers, next)] ?? 0;
        next += 1;
      }
      const buyer = at(orders, at(buyers, next - 1)).participant;
      const endWh = Math.min(sellerEndWh, buyerEndWh);
      const row = energy.get(seller) ?? new Map<string, number>();
      energy.set(seller, row.set(buyer, (row.get(buyer) ?? 0) + endWh - reachedWh));
      reachedWh = endWh;
    }
  }
  return energy;
}
