import type { PlacementJudgement } from "@powershare/domain/ledger";
import type { Totals } from "./totals.js";

type Rule = PlacementJudgement["rules"][number];

/** What the aggregator comes to; undefined while it does not know. */
export interface Opinion extends Pick<PlacementJudgement, "verdict" | "fault" | "confidencePpm"> {
  readonly rules: readonly Rule[];
  /** What it was seen in, ms since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** A household, and those whose sun is the same, by what the ledger accepted of them in one placement epoch. */
export interface Household {
  readonly storage: "none" | "ac" | "dc";
  /** Of the connection point, oldest first. */
  readonly connection: readonly Totals[];
  /** Undefined where there is no generator. */
  readonly generator: readonly Totals[] | undefined;
  /** What the neighbours' generators gave together, in the same spans as `generator` where known. */
  readonly neighbours: readonly Totals[];
}

export const balanceRule: Rule = { id: "connection-balance", family: "balance" };
export const neighbourRule: Rule = { id: "neighbour-production", family: "neighbours" };

/** Rounding of two meters' registers at both ends, and one more, Wh; and their errors, class B both, in percent. */
const roundingWh = 3;
const errorPercent = 2;
/** Two meters of a house are not read at once: by so much together at both ends. */
const apartMs = 2_000;
/** A swap is looked for in the last so many spans and in all: old right ones must not hide it. */
const lookedAt = [8, 32, Number.POSITIVE_INFINITY] as const;
/** A generator at rest may take so much on average, W. */
const standbyW = 30;
/** With less, a likeness of curves means nothing. */
const fewestLikeSpans = 24;
const fewestSunnySpans = 4;
const unlikePermille = 200;
/** So many spans show which of two meters follows the sun, by so many standard deviations. */
const fewestTellingSpans = 16;
const tellingSigmas = 3.5;
const followsPermille = 800;
const certainPpm = 990_000;
const likelyPpm = 900_000;

/**
 * Judges the wiring of a household from interval evidence alone: whole numbers of Wh that all organisations
 * accepted. Physics: without storage a house gives the grid no more than its generator gives the house, a
 * generator takes next to nothing, and neighbours have the same sun. With the two meters' cables exchanged the
 * house seems to give what the panels give, and the panels what the house gives: less, by what it uses.
 */
export function judge(household: Household): Opinion | undefined {
  const { connection, generator, neighbours, storage } = household;
  if (generator === undefined) return storage === "none" ? judgeConsumer(connection) : undefined;
  const found = lookedAt.map((spans) =>
    judgeBoth(connection.slice(-spans), generator.slice(-spans), storage),
  );
  const unlike = judgeLikeness(generator, neighbours);
  const turned = storage === "none" ? judgeExchange(household) : undefined;
  const wrong = [...found, turned, unlike].filter((one) => one?.verdict === "held");
  const [first] = wrong;
  if (first !== undefined) {
    const rules = new Map(wrong.flatMap((one) => one?.rules ?? []).map((rule) => [rule.id, rule]));
    const families = new Set([...rules.values()].map(({ family }) => family));
    return {
      ...first,
      rules: [...rules.values()],
      verdict: families.size > 1 ? "manipulated" : "held",
    };
  }
  return storage === "none" ? found.at(-1) : sharesSun(generator, neighbours);
}

/** A house without a generator and without storage takes, and gives nothing. */
function judgeConsumer(connection: readonly Totals[]): Opinion | undefined {
  const { importWh, exportWh } = sum(connection);
  if (exportWh > roundingWh) return opinion("held", "reversed", balanceRule, connection);
  return importWh > roundingWh ? opinion("right", "none", balanceRule, connection) : undefined;
}

/** Both meters over the same spans. */
function judgeBoth(
  connection: readonly Totals[],
  generator: readonly Totals[],
  storage: Household["storage"],
): Opinion | undefined {
  const house = sum(connection);
  const made = sum(generator);
  const mostWh = Math.max(made.exportWh, house.exportWh);
  const apartWh = (mostWh * apartMs) / Math.max(1, made.ms);
  const marginWh = roundingWh + Math.ceil((mostWh * errorPercent) / 100 + apartWh);
  const takes = made.importWh - roundingWh;
  if (takes * 3_600_000 > standbyW * made.ms) {
    return opinion("held", house.exportWh > marginWh ? "swapped" : "other", balanceRule, generator);
  }
  if (storage !== "none") return undefined;
  // What the house used of its own.
  const usedWh = made.exportWh - house.exportWh;
  if (usedWh < -marginWh) return opinion("held", "swapped", balanceRule, connection);
  return usedWh > marginWh ? opinion("right", "none", balanceRule, connection) : undefined;
}

/** A battery may give more than the panels do, so only the sun is asked: whether this generator has the same. */
function sharesSun(
  generator: readonly Totals[],
  neighbours: readonly Totals[],
): Opinion | undefined {
  const sunny = pairs(generator, neighbours).filter(({ theirs }) => gives(theirs));
  const isShared = sunny.length >= fewestSunnySpans && sunny.every(({ own }) => gives(own));
  return isShared
    ? opinion(
        "right",
        "none",
        neighbourRule,
        sunny.map(({ own }) => own),
        likelyPpm,
      )
    : undefined;
}

/** A generator whose production does not follow the neighbours' is none on the sun. */
function judgeLikeness(
  generator: readonly Totals[],
  neighbours: readonly Totals[],
): Opinion | undefined {
  const both = pairs(generator, neighbours);
  if (both.length < fewestLikeSpans) return undefined;
  const theirs = both.map((one) => powerOf(one.theirs));
  // Under a sky that hardly changes all curves are alike, and none.
  if (2 * Math.min(...theirs) > Math.max(...theirs)) return undefined;
  const likeness = likenessPermille(
    both.map((one) => powerOf(one.own)),
    theirs,
  );
  return likeness < unlikePermille
    ? opinion(
        "held",
        "other",
        neighbourRule,
        both.map(({ own }) => own),
        likelyPpm,
      )
    : undefined;
}

/**
 * Of a house's two meters the generator's follows the neighbours' sun, the connection's has the house's loads in
 * it. Where it is the other way round, beyond chance (Fisher's z), their cables have changed places.
 */
function judgeExchange({ connection, generator = [], neighbours }: Household): Opinion | undefined {
  const houses = new Map(connection.map((one) => [one.toMs, one]));
  const all = pairs(generator, neighbours).flatMap((pair) => {
    const house = houses.get(pair.own.toMs);
    return house?.fromMs === pair.own.fromMs ? [{ ...pair, house }] : [];
  });
  if (all.length < fewestTellingSpans) return undefined;
  const theirs = all.map((one) => powerOf(one.theirs));
  const [house, own] = [all.map((one) => powerOf(one.house)), all.map((one) => powerOf(one.own))];
  const [houseLikeness, ownLikeness] = [
    likenessPermille(house, theirs),
    likenessPermille(own, theirs),
  ];
  if (houseLikeness < followsPermille) return undefined;
  const apart = fisherZ(houseLikeness) - fisherZ(ownLikeness);
  return apart > tellingSigmas * Math.sqrt(2 / (all.length - 3))
    ? opinion(
        "held",
        "swapped",
        neighbourRule,
        all.map((one) => one.own),
      )
    : undefined;
}

function fisherZ(permille: number): number {
  return Math.atanh(Math.max(-999, Math.min(999, permille)) / 1000);
}

function pairs(generator: readonly Totals[], neighbours: readonly Totals[]) {
  const byEnd = new Map(neighbours.map((one) => [one.toMs, one]));
  return generator.flatMap((own) => {
    const theirs = byEnd.get(own.toMs);
    return theirs === undefined || theirs.fromMs !== own.fromMs ? [] : [{ own, theirs }];
  });
}

/** Pearson's correlation in thousandths; 0 where one does not move. */
export function likenessPermille(a: readonly number[], b: readonly number[]): number {
  const n = a.length;
  const total = (of: (i: number) => number) => a.reduce((sum, _, i) => sum + of(i), 0);
  const [meanA, meanB] = [total((i) => a[i] ?? 0) / n, total((i) => b[i] ?? 0) / n];
  const offA = (i: number) => (a[i] ?? 0) - meanA;
  const offB = (i: number) => (b[i] ?? 0) - meanB;
  const scale = Math.sqrt(total((i) => offA(i) ** 2) * total((i) => offB(i) ** 2));
  return scale > 0 ? Math.round((1000 * total((i) => offA(i) * offB(i))) / scale) : 0;
}

function gives({ exportWh, fromMs, toMs }: Totals): boolean {
  return exportWh * 3_600_000 > standbyW * (toMs - fromMs);
}

/** Whole W. */
function powerOf({ exportWh, fromMs, toMs }: Totals): number {
  return Math.round((exportWh * 3_600_000) / (toMs - fromMs));
}

function sum(totals: readonly Totals[]) {
  const add = (of: (one: Totals) => number) => totals.reduce((all, one) => all + of(one), 0);
  return {
    importWh: add(({ importWh }) => importWh),
    exportWh: add(({ exportWh }) => exportWh),
    ms: add(({ fromMs, toMs }) => toMs - fromMs),
  };
}

function opinion(
  verdict: Opinion["verdict"],
  fault: Opinion["fault"],
  rule: Rule,
  seen: readonly Totals[],
  confidencePpm = certainPpm,
): Opinion {
  const [fromMs, toMs] = [seen[0]?.fromMs ?? 0, seen.at(-1)?.toMs ?? 0];
  return { verdict, fault, rules: [rule], confidencePpm, fromMs, toMs };
}
