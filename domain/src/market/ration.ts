import { fromHex, utf8 } from "../evidence/bytes.js";
import { sharesByLargestRemainder } from "../money/index.js";
import { at } from "./at.js";
import type { Steps } from "./book.js";
import type { Order, Sha256, SlotOrders } from "./types.js";

/** Classes of sell orders, the first served first. */
export const sellClasses = ["green", "storage", "other"] as const;

/** Class in which an order is served among equal limits; buys have none. */
export function classOf({ side, source }: Order): number {
  return side === "buy" ? 0 : sellClasses.indexOf(source ?? "other");
}

/**
 * Order among equal remainders: ascending SHA-256(seed ‖ order id), so that neither time of arrival
 * nor sequence of input decides. Each hash is taken once, and only where it is needed.
 */
export function lotteryOf({ seed, orders }: SlotOrders, sha256: Sha256) {
  const prefix = fromHex(seed);
  const tickets = new Map<number, Uint8Array>();
  const ticket = (order: number): Uint8Array => {
    const known = tickets.get(order);
    if (known !== undefined) return known;
    const id = utf8(orders[order]?.id ?? "");
    const message = new Uint8Array(prefix.length + id.length);
    message.set(prefix);
    message.set(id, prefix.length);
    const fresh = sha256(message);
    tickets.set(order, fresh);
    return fresh;
  };
  return (a: number, b: number): number => compareBytes(ticket(a), ticket(b));
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const differs = a.findIndex((byte, index) => byte !== b[index]);
  return differs < 0 ? 0 : (a[differs] ?? 0) - (b[differs] ?? 0);
}

/**
 * Spreads what one side trades over its orders: better limits wholly, the marginal limit by class,
 * inside a class pro rata.
 *
 * @param lastLimit - the worst limit that trades
 * @param localWh - by order; what this side's orders trade is added
 */
export function serve(
  steps: Steps,
  { orders }: SlotOrders,
  volumeWh: number,
  lastLimit: number,
  lottery: (a: number, b: number) => number,
  localWh: Float64Array,
): void {
  const tied = sellClasses.map(() => new Map<number, number>());
  let leftWh = volumeWh;
  steps.limit.forEach((limit, step) => {
    const order = steps.order[step] ?? 0;
    const energyWh = steps.energyWh[step] ?? 0;
    if (limit === lastLimit) {
      const members = tied[classOf(at(orders, order))];
      members?.set(order, (members.get(order) ?? 0) + energyWh);
    } else if (steps.side === "buy" ? limit > lastLimit : limit < lastLimit) {
      localWh[order] = (localWh[order] ?? 0) + energyWh;
      leftWh -= energyWh;
    }
  });
  for (const members of tied) leftWh -= ration(members, leftWh, lottery, localWh);
}

/** Serves one class at one limit; returns the energy it took. */
export function ration(
  members: ReadonlyMap<number, number>,
  availableWh: number,
  lottery: (a: number, b: number) => number,
  localWh: Float64Array,
): number {
  const order = [...members.keys()];
  const wantedWh = [...members.values()];
  const totalWh = wantedWh.reduce((sum, energyWh) => sum + energyWh, 0);
  const givenWh = Math.min(availableWh, totalWh);
  const shares =
    givenWh === totalWh
      ? wantedWh
      : sharesByLargestRemainder(givenWh, wantedWh, (a, b) =>
          lottery(order[a] ?? 0, order[b] ?? 0),
        );
  order.forEach((position, index) => {
    localWh[position] = (localWh[position] ?? 0) + (shares[index] ?? 0);
  });
  return givenWh;
}
