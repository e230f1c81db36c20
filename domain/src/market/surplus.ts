import { sharesByLargestRemainder } from "../money/index.js";
import { at } from "./at.js";

/** Energy that goes from one participant to another, by position. */
interface Flow {
  readonly from: number;
  readonly to: number;
  readonly energyWh: number;
}

/**
 * Spreads surplus over the uncontracted import of others: as much as can go to somebody else, pro
 * rata on the side that has more, and nobody trades with itself although a household may well have
 * both in one slot.
 *
 * @param surplusWh - by participant
 * @param wantedWh - by participant, the same positions
 */
export function spreadSurplus(surplusWh: readonly number[], wantedWh: readonly number[]): Flow[] {
  const { sold, bought } = balance(surplusWh, wantedWh);
  return link(sold, bought);
}

/** Shares of either side with equal sums, where no participant's own two exceed that sum. */
function balance(surplusWh: readonly number[], wantedWh: readonly number[]) {
  const surplusTotal = total(surplusWh);
  const wantedTotal = total(wantedWh);
  /** What all others could do without participant i. */
  const others = (i: number) => surplusTotal - at(surplusWh, i) + wantedTotal - at(wantedWh, i);
  const volume = surplusWh.reduce(
    (least, _, i) => Math.min(least, others(i)),
    Math.min(surplusTotal, wantedTotal),
  );
  const sold = shares(volume, surplusWh);
  const bought = shares(volume, wantedWh);
  const torn = sold.findIndex((energyWh, i) => energyWh + at(bought, i) > volume);
  if (torn < 0) return { sold, bought };
  // One so large that pro rata would have it trade with itself trades with all others, and they only
  // with it.
  const most = Math.min(at(surplusWh, torn), wantedTotal - at(wantedWh, torn));
  const least = volume - Math.min(at(wantedWh, torn), surplusTotal - at(surplusWh, torn));
  const itSells = Math.max(least, Math.min(most, at(sold, torn)));
  return {
    sold: sharesBeside(torn, itSells, volume, surplusWh),
    bought: sharesBeside(torn, volume - itSells, volume, wantedWh),
  };
}

function sharesBeside(
  fixed: number,
  fixedWh: number,
  volume: number,
  weights: readonly number[],
): number[] {
  const rest = shares(volume - fixedWh, weights.with(fixed, 0));
  return rest.with(fixed, fixedWh);
}

function shares(volume: number, weights: readonly number[]): number[] {
  return sharesByLargestRemainder(volume, weights, (a, b) => a - b);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/**
 * Lays sellers and buyers end to end on two circles and turns the buyers' by the least angle at
 * which nobody lies opposite itself. Such an angle exists because nobody's two shares exceed the circle.
 */
function link(sold: readonly number[], bought: readonly number[]): Flow[] {
  let soldTo = 0;
  let boughtTo = 0;
  let turn = 0;
  sold.forEach((energyWh, i) => {
    soldTo += energyWh;
    if (energyWh > 0 && at(bought, i) > 0) turn = Math.max(turn, soldTo - boughtTo);
    boughtTo += at(bought, i);
  });
  const circle = soldTo;
  const flows = new Map<string, Flow>();
  let buyer = 0;
  let openWh = bought[0] ?? 0;
  /** Moves on along the buyers' circle, at most to the end of the present buyer. */
  const advance = (mostWh: number): { to: number; energyWh: number } => {
    while (openWh === 0) {
      buyer = (buyer + 1) % bought.length;
      openWh = at(bought, buyer);
    }
    const step = { to: buyer, energyWh: Math.min(mostWh, openWh) };
    openWh -= step.energyWh;
    return step;
  };
  for (let skipWh = circle - turn; skipWh > 0; ) skipWh -= advance(skipWh).energyWh;
  sold.forEach((energyWh, from) => {
    for (let leftWh = energyWh; leftWh > 0; ) {
      const step = advance(leftWh);
      leftWh -= step.energyWh;
      const key = `${from} ${step.to}`;
      const before = flows.get(key)?.energyWh ?? 0;
      flows.set(key, { from, to: step.to, energyWh: before + step.energyWh });
    }
  });
  return [...flows.values()];
}
