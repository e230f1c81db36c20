import type { Order, SlotOrders } from "../types.js";

/**
 * The rule `uniform` at one node, spelled out Wh by Wh for small cases: slow, and by another way than
 * `clear`. Amounts are exact as numbers.
 */
export function reference(slot: SlotOrders, ticket: (order: string) => string) {
  const buys = unitsOf(slot, "buy");
  const sells = unitsOf(slot, "sell");
  let volume = 0;
  while ((buys[volume]?.limit ?? -1) >= (sells[volume]?.limit ?? Infinity)) volume += 1;
  const countedWelfare =
    sum(buys.slice(0, volume).map(({ limit }) => limit)) -
    sum(sells.slice(0, volume).map(({ limit }) => limit));
  const lo = Math.max(sells[volume - 1]?.limit ?? 0, buys[volume]?.limit ?? 0);
  const hi = Math.min(buys[volume - 1]?.limit ?? Infinity, sells[volume]?.limit ?? Infinity);
  const price = volume === 0 ? null : Math.floor((lo + hi) / 2);
  const local = new Map([...serviceOf(buys, volume, ticket), ...serviceOf(sells, volume, ticket)]);
  return { volume, countedWelfare, price, local };
}

/** One Wh of an order. */
interface Unit {
  readonly order: string;
  readonly group: number;
  readonly limit: number;
}

/** All Wh of a side, best counted limit first. */
function unitsOf({ orders, utilities }: SlotOrders, side: Order["side"]): Unit[] {
  const feedIn = Math.max(...utilities.map((one) => one.feedInMicroPerKwh), 0);
  const retail = Math.min(...utilities.map((one) => one.retailMicroPerKwh), Infinity);
  const counted = (limit: number) =>
    side === "buy" ? Math.min(limit, retail) : Math.max(limit, feedIn);
  const group = ({ source }: Order) =>
    side === "buy" ? 0 : ["green", "storage", "other"].indexOf(source ?? "other");
  return orders
    .filter((one) => one.side === side)
    .flatMap((one) =>
      one.steps.flatMap(({ energyWh, limitMicroPerKwh }) =>
        Array.from({ length: energyWh }, () => ({
          order: one.id,
          group: group(one),
          limit: counted(limitMicroPerKwh),
        })),
      ),
    )
    .sort((a, b) => (side === "buy" ? b.limit - a.limit : a.limit - b.limit));
}

/** Energy of each order of a side that trades `volume`. */
function serviceOf(
  side: readonly Unit[],
  volume: number,
  ticket: (order: string) => string,
): Map<string, number> {
  const last = side[volume - 1]?.limit;
  const better = side.slice(0, volume).filter(({ limit }) => limit !== last);
  const served = new Map<string, number>();
  const add = (order: string, energyWh: number) =>
    served.set(order, (served.get(order) ?? 0) + energyWh);
  for (const { order } of better) add(order, 1);
  let left = volume - better.length;
  for (const group of [0, 1, 2]) {
    const tied = side.filter((unit) => unit.limit === last && unit.group === group);
    const given = Math.min(left, tied.length);
    for (const [order, share] of shareOut(given, tied, ticket)) add(order, share);
    left -= given;
  }
  return served;
}

/** Floors, then one each to whoever lacks most, the lower ticket first. */
function shareOut(
  given: number,
  tied: readonly Unit[],
  ticket: (order: string) => string,
): Map<string, number> {
  const names = [...new Set(tied.map(({ order }) => order))];
  const wanted = (name: string) => tied.filter(({ order }) => order === name).length;
  const shares = new Map(
    names.map((name) => [name, Math.floor((given * wanted(name)) / tied.length)]),
  );
  const lack = (name: string) => (given * wanted(name)) % tied.length;
  names.sort((a, b) => lack(b) - lack(a) || (ticket(a) < ticket(b) ? -1 : 1));
  const rest = given - sum([...shares.values()]);
  for (const name of names.slice(0, rest)) shares.set(name, (shares.get(name) ?? 0) + 1);
  return shares;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
