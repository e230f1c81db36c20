import { at } from "./at.js";
import { type BestTariffs, countedLimit } from "./book.js";
import type { Findings } from "./findings.js";
import { NanoSum } from "./nano-sum.js";
import { classOf, lotteryOf, ration, sellClasses } from "./ration.js";
import type { Order, Sha256, SlotOrders, SlotResult } from "./types.js";
import { gainAt } from "./verify-optimum.js";

/** What a price and a volume mean for each order, by position. */
export interface Service {
  readonly localWh: Float64Array;
  /** Of that, what gains at the price. */
  readonly insideWh: Float64Array;
  /** Steps that the best utility's tariff satisfies. */
  readonly acceptableWh: Float64Array;
  /** Limits × energy of what is served, sells subtracted; without the utilities' terms. */
  readonly value: NanoSum;
}

/** Follows from the claimed price and volume alone: no merit order is built. */
export function serviceAt(
  slot: SlotOrders,
  tariffs: BestTariffs,
  price: number | undefined,
  volumeWh: number,
  sha256: Sha256,
): Service {
  const { orders } = slot;
  const service: Service = {
    localWh: new Float64Array(orders.length),
    insideWh: new Float64Array(orders.length),
    acceptableWh: new Float64Array(orders.length),
    value: new NanoSum(),
  };
  const tied = { buy: emptyClasses(), sell: emptyClasses() };
  const leftWh = { buy: volumeWh, sell: volumeWh };
  orders.forEach((order, position) => {
    const { insideWh, atWh } = placeOrder(order, position, tariffs, price, service);
    leftWh[order.side] -= insideWh;
    if (atWh > 0) at(tied[order.side], classOf(order)).set(position, atWh);
  });
  const lottery = lotteryOf(slot, sha256);
  for (const side of ["buy", "sell"] as const) {
    for (const members of tied[side]) {
      leftWh[side] -= ration(members, Math.max(0, leftWh[side]), lottery, service.localWh);
    }
  }
  addTiedValue(orders, tariffs, price ?? 0, tied, service);
  return service;
}

/** Energy by order, for each class in the order in which they are served. */
function emptyClasses(): Map<number, number>[] {
  return sellClasses.map(() => new Map<number, number>());
}

/** Adds what is certain of an order; returns its energy that gains at the price, and that at the price. */
function placeOrder(
  { side, steps }: Order,
  position: number,
  tariffs: BestTariffs,
  price: number | undefined,
  { localWh, insideWh: gainingWh, acceptableWh, value }: Service,
): { insideWh: number; atWh: number } {
  const sign = side === "buy" ? 1 : -1;
  let insideWh = 0;
  let atWh = 0;
  let byUtilityWh = 0;
  for (const { energyWh, limitMicroPerKwh } of steps) {
    const gain =
      price === undefined ? -1 : gainAt(price, side, countedLimit(side, limitMicroPerKwh, tariffs));
    const acceptable = accepts(side, limitMicroPerKwh, tariffs);
    if (gain > 0) insideWh += energyWh;
    if (gain === 0) atWh += energyWh;
    if (acceptable) byUtilityWh += energyWh;
    if (gain > 0 || acceptable) value.add(sign * energyWh, limitMicroPerKwh);
  }
  localWh[position] = insideWh;
  gainingWh[position] = insideWh;
  acceptableWh[position] = byUtilityWh;
  return { insideWh, atWh };
}

/** Tied steps at a utility's tariff are served in any case and valued already; all others are worth the price. */
function addTiedValue(
  orders: readonly Order[],
  tariffs: BestTariffs,
  price: number,
  tied: Record<Order["side"], readonly Map<number, number>[]>,
  { localWh, insideWh, value }: Service,
): void {
  for (const position of [...tied.buy, ...tied.sell].flatMap((members) => [...members.keys()])) {
    const order = at(orders, position);
    if (accepts(order.side, price, tariffs)) continue;
    const tiedWh = (localWh[position] ?? 0) - (insideWh[position] ?? 0);
    value.add(order.side === "buy" ? tiedWh : -tiedWh, price);
  }
}

function accepts(side: Order["side"], limit: number, { retail, feedIn }: BestTariffs): boolean {
  return side === "buy"
    ? retail !== undefined && limit >= retail.retailMicroPerKwh
    : feedIn !== undefined && limit <= feedIn.feedInMicroPerKwh;
}

/** Compares fills, utilities and welfare with the service that price and volume mean. */
export function checkService(
  slot: SlotOrders,
  result: SlotResult,
  tariffs: BestTariffs,
  price: number,
  positions: readonly number[],
  { localWh, acceptableWh, value }: Service,
  wrong: Findings,
): void {
  const traded = { buy: 0, sell: 0 };
  const tariff = {
    buy: tariffs.retail?.retailMicroPerKwh ?? 0,
    sell: tariffs.feedIn?.feedInMicroPerKwh ?? 0,
  };
  result.fills.forEach((fill, index) => {
    const position = at(positions, index);
    const { side } = at(slot.orders, position);
    const amongWh = localWh[position] ?? 0;
    const utilityWh = Math.max(0, (acceptableWh[position] ?? 0) - amongWh);
    traded[side] += utilityWh;
    const path = `fills[${index}] (order "${fill.order}")`;
    wrong.equal(fill.energyWh, amongWh + utilityWh, `${path}.energyWh`);
    const amount = new NanoSum().add(amongWh, price).add(utilityWh, tariff[side]);
    wrong.equal(fill.amountNano, String(amount), `${path}.amountNano`);
  });
  result.utilities.forEach(({ id, boughtWh, soldWh }, index) => {
    const path = `utilities[${index}] ("${id}")`;
    wrong.equal(boughtWh, id === tariffs.feedIn?.id ? traded.sell : 0, `${path}.boughtWh`);
    wrong.equal(soldWh, id === tariffs.retail?.id ? traded.buy : 0, `${path}.soldWh`);
  });
  value.add(traded.sell, tariff.sell).add(-traded.buy, tariff.buy);
  wrong.equal(result.totals.welfareNano, String(value), "totals.welfareNano");
}
