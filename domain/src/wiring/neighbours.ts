import { type Day, dayBook, dayGatherSeconds } from "./days.js";
import { leastShare } from "./envelope.js";
import { median, quantile } from "./quantiles.js";
import type { Site } from "./site.js";
import type { Finding, NeighbourProduction, Row, Rule, RuleRun } from "./types.js";
import { instantText, percentText } from "./wording.js";

/**
 * The same sun and the same clouds are over the street. What a household produces in a day against what
 * each neighbour does hardly changes from one week to the next, by its own weather least of all; so a
 * share that is lost or added shows sooner than against one's own history, and in clouded weeks too.
 * Snow lies on all roofs, but melts from them on different days, and an inverter may fail: so the new
 * ratio has to be the same from day to day, and against most neighbours; days of next to nothing are left
 * to the rule on dead channels.
 */
export const neighbourRatio: Rule = {
  id: "neighbours",
  family: "neighbours",
  needs: ["production"],
  gatherSeconds: dayGatherSeconds,
  start: (site) => (site.neighbours === null || site.storage === "dc" ? undefined : run(site)),
};

/** A street is not longer, and a rule's memory not larger. */
const mostNeighbours = 32;
const keptDays = 32;
const afterDays = 7;
const fewestAfter = 5;
const beforeDays = 25;
const fewestBefore = 12;
/** A ratio that falls below, or rises above its inverse, is no honest roof's; two suspicions before. */
const certainRatio = 0.7;
const possibleRatio = 0.78;
/** Logarithm: scatter of the ratio on a street of like roofs. A lost share adds none. */
const steadyWithin = 0.2;
/** Days on which a neighbour gave less than this of his best tell little. */
const brightShare = 0.15;
const sameWithin = 1.25;

interface Street {
  readonly index: number;
  readonly own: number;
  readonly of: ReadonlyMap<string, number>;
}

function run(site: Site): RuleRun {
  const book = dayBook(site, 1);
  const pending = new Map<number, Map<string, number>>();
  let streets: readonly Street[] = [];
  let factor = 1;
  let fromMs = 0;
  let finding: Finding = { says: "nothing" };
  const look = (day: Day) => {
    const street = streetOf(day, pending.get(day.index));
    for (const index of pending.keys()) if (index <= day.index) pending.delete(index);
    if (street === undefined) return;
    streets = [...streets.slice(1 - keptDays), street];
    const ratio = ratioOf(streets, day.index);
    if (ratio?.certain) {
      const whole = factor * ratio.value;
      factor = whole < sameWithin && whole > 1 / sameWithin ? 1 : whole;
      streets = streets.filter(({ index }) => index > day.index - afterDays);
      fromMs = day.startMs - (afterDays - 1) * 86_400_000;
    }
    finding = judge(ratio, { factor, fromMs, toMs: day.endMs });
  };
  return {
    push: (row: Row) => {
      const day = book.push(row);
      if (day !== undefined) look(day);
      for (const one of row.neighbours ?? []) note(pending, dayIndex(site, one), one);
    },
    finding: () => finding,
  };
}

function dayIndex(site: Site, { startMs }: NeighbourProduction): number {
  return Math.floor((startMs + site.longitude * 240_000) / 86_400_000);
}

/** Days that are not over yet: the present one, and what a neighbour's interval reaches into the next. */
function note(
  pending: Map<number, Map<string, number>>,
  index: number,
  one: NeighbourProduction,
): void {
  const day = pending.get(index) ?? new Map<string, number>();
  if (!pending.has(index) && pending.size < 3) pending.set(index, day);
  if (day.size < mostNeighbours || day.has(one.household)) {
    day.set(one.household, (day.get(one.household) ?? 0) + one.productionWh);
  }
}

function streetOf(day: Day, of: ReadonlyMap<string, number> | undefined): Street | undefined {
  const watts = [...day.watts.production].filter(Number.isFinite);
  // A ratio needs the whole day of both.
  if (of === undefined || watts.length < 0.9 * day.clear.length) return undefined;
  return { index: day.index, own: watts.reduce((sum, one) => sum + Math.max(0, one), 0), of };
}

interface Ratio {
  readonly value: number;
  readonly certain: boolean;
  readonly possible: boolean;
  readonly neighbours: number;
}

/** How production against the neighbours' has changed in the last days, by the middle one of them. */
function ratioOf(streets: readonly Street[], last: number): Ratio | undefined {
  const names = [...(streets.at(-1)?.of.keys() ?? [])];
  const changes = names.flatMap((name) => changeAgainst(streets, name, last) ?? []);
  if (changes.length === 0) return undefined;
  const change = median(changes.map((one) => one.change));
  const agree = changes.filter((one) => Math.abs(one.change - change) < 0.2 && one.steady);
  const most = agree.length >= 0.6 * changes.length;
  // Snow that comes or goes on one roof alone makes more of a difference.
  const isShare = Math.abs(change) < -Math.log(leastShare);
  const beyond = (ratio: number) => most && isShare && Math.abs(change) > -Math.log(ratio);
  return {
    value: Math.exp(change),
    // One neighbour could be the one with the fault.
    certain: changes.length > 1 && beyond(certainRatio),
    possible: beyond(possibleRatio),
    neighbours: changes.length,
  };
}

function changeAgainst(
  streets: readonly Street[],
  name: string,
  last: number,
): { readonly change: number; readonly steady: boolean } | undefined {
  const best = quantile(
    streets.map(({ of }) => of.get(name) ?? 0),
    0.9,
  );
  const alive =
    0.02 *
    quantile(
      streets.map(({ own }) => own),
      0.9,
    );
  const bright = streets.filter(
    ({ own, of }) => own > alive && (of.get(name) ?? 0) > brightShare * best,
  );
  const first = last - afterDays + 1;
  const ratios = (among: readonly Street[]) =>
    among.map(({ own, of }) => Math.log(Math.max(own, 1) / Math.max(of.get(name) ?? 0, 1)));
  const before = ratios(bright.filter(({ index }) => index < first && index >= first - beforeDays));
  const after = ratios(bright.filter(({ index }) => index >= first));
  if (before.length < fewestBefore || after.length < fewestAfter) return undefined;
  const change = median(after) - median(before);
  const usual = Math.max(steadyWithin, scatterOf(before));
  const steady = scatterOf(after) < 1.2 * usual && Math.abs(change) > 1.2 * usual;
  return { change, steady };
}

function scatterOf(values: readonly number[]): number {
  return quantile(values, 0.8) - quantile(values, 0.2);
}

function judge(
  ratio: Ratio | undefined,
  {
    factor,
    fromMs,
    toMs,
  }: { readonly factor: number; readonly fromMs: number; readonly toMs: number },
): Finding {
  if (factor !== 1) return wrong("held", factor, fromMs, toMs);
  if (ratio === undefined) return { says: "nothing" };
  if (ratio.possible && !ratio.certain)
    return wrong("suspect", ratio.value, toMs - afterDays * 86_400_000, toMs);
  return { says: "right", confidence: 0.9, fromMs: toMs - afterDays * 86_400_000 };
}

function wrong(verdict: "suspect" | "held", factor: number, fromMs: number, toMs: number): Finding {
  return {
    says: "wrong",
    verdict,
    fault: factor < 1 ? "partial" : "scaled",
    confidence: verdict === "held" ? 0.95 : 0.6,
    fromMs,
    toMs,
    explanation: `Since about ${instantText(fromMs)} production against the neighbours' is ${percentText(factor)} of what it was before, each day alike.`,
  };
}
