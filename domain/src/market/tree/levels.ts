import { compare, type Fraction, lesser } from "./fraction.js";

/** Energy of one party at one price. */
export interface Offer {
  readonly price: Fraction;
  /** Takes the place of a trade inside the party: only for gain, and after all others at the price. */
  readonly displaces: boolean;
  readonly energyWh: bigint;
}

/** Offers of several parties at one price. */
export interface Level extends Offer {
  readonly parts: readonly { readonly party: number; readonly energyWh: bigint }[];
}

/** Offers of all parties, best first: sells rising, buys falling. */
export function merge(parties: readonly (readonly Offer[])[], side: "sell" | "buy"): Level[] {
  const sign = side === "sell" ? 1 : -1;
  const all = parties.flatMap((offers, party) => offers.map((offer) => ({ ...offer, party })));
  all.sort(
    (a, b) =>
      sign * compare(a.price, b.price) ||
      Number(a.displaces) - Number(b.displaces) ||
      a.party - b.party,
  );
  const levels: (Offer & { parts: { party: number; energyWh: bigint }[] })[] = [];
  for (const { party, price, displaces, energyWh } of all) {
    if (energyWh === 0n) continue;
    const last = levels.at(-1);
    if (last !== undefined && last.displaces === displaces && compare(last.price, price) === 0) {
      const part = last.parts.at(-1);
      if (part?.party === party) part.energyWh += energyWh;
      else last.parts.push({ party, energyWh });
      levels[levels.length - 1] = { ...last, energyWh: last.energyWh + energyWh };
    } else {
      levels.push({ price, displaces, energyWh, parts: [{ party, energyWh }] });
    }
  }
  return levels;
}

/** Greatest volume among greatest welfare. */
export function crossLevels(buys: readonly Offer[], sells: readonly Offer[]): bigint {
  let buy = 0;
  let sell = 0;
  let boughtWh = 0n;
  let soldWh = 0n;
  let volumeWh = 0n;
  for (;;) {
    const bid = buys[buy];
    const ask = sells[sell];
    if (bid === undefined || ask === undefined) return volumeWh;
    const gain = compare(bid.price, ask.price);
    if (gain < 0 || (gain === 0 && (bid.displaces || ask.displaces))) return volumeWh;
    const openBuy = bid.energyWh - boughtWh;
    const openSell = ask.energyWh - soldWh;
    const tradedWh = lesser(openBuy, openSell);
    volumeWh += tradedWh;
    boughtWh += tradedWh;
    soldWh += tradedWh;
    if (boughtWh === bid.energyWh) {
      buy += 1;
      boughtWh = 0n;
    }
    if (soldWh === ask.energyWh) {
      sell += 1;
      soldWh = 0n;
    }
  }
}

/** The first `volumeWh` of offers, and what follows. */
export function splitAt(offers: readonly Offer[], volumeWh: bigint): [Offer[], Offer[]] {
  const before: Offer[] = [];
  const after: Offer[] = [];
  let leftWh = volumeWh;
  for (const offer of offers) {
    const takenWh = lesser(leftWh, offer.energyWh);
    if (takenWh > 0n) before.push({ ...offer, energyWh: takenWh });
    if (takenWh < offer.energyWh) after.push({ ...offer, energyWh: offer.energyWh - takenWh });
    leftWh -= takenWh;
  }
  return [before, after];
}
