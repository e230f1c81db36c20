import { type Day, dayBook, type Flow } from "./days.js";
import type { Site } from "./site.js";
import type { Finding, Row, RuleRun } from "./types.js";
import { instantText, percentText } from "./wording.js";

/** How each channel counts in production + import − export − consumption, which is zero in a house without storage. */
const signs: Readonly<Record<Flow, 1 | -1>> = {
  production: 1,
  import: 1,
  export: -1,
  consumption: -1,
};
const flows = Object.keys(signs) as readonly Flow[];

/** Days in which the balance has to be off. */
const spanDays = 3;
/** Meters of one house agree within a few percent of what flows. */
const agreeWithin = 0.08;
/** One channel's factor has to account for so much of what is missing. */
const explained = 0.9;
/** Factors nearer to 1 are the meters' own errors. */
const leastFactor = 1.15;

/**
 * Where all four channels are measured, each by itself, they have to balance. If what is missing is the
 * same multiple of one channel in all hours, that channel is off by a factor that follows from it.
 */
export function channelIdentity(site: Site): RuleRun {
  const book = dayBook(site, spanDays);
  let finding: Finding = { says: "nothing" };
  return {
    push: (row: Row) => {
      if (site.storage !== "none" || book.push(row) === undefined) return;
      finding = book.days.length < spanDays ? finding : judge(book.days);
    },
    finding: () => finding,
  };
}

interface Hour extends Readonly<Record<Flow, number>> {
  readonly missing: number;
}

function judge(days: readonly Day[]): Finding {
  const hours = days.flatMap(hoursOf);
  const flowing = sum(hours.map((hour) => hour.production + hour.import));
  const missing = sum(hours.map((hour) => Math.abs(hour.missing)));
  if (hours.length < 24 || flowing <= 0) return { says: "nothing" };
  if (missing < agreeWithin * flowing)
    return { says: "right", confidence: 0.9, fromMs: days[0]?.startMs ?? 0 };
  const [best] = flows.map((flow) => fit(hours, flow)).sort((a, b) => b.explained - a.explained);
  if (best === undefined || best.explained < explained || !(best.factor > 0.02))
    return { says: "nothing" };
  if (best.factor < leastFactor && best.factor > 1 / leastFactor) return { says: "nothing" };
  return wrong(days, best);
}

function hoursOf({ watts }: Day): readonly Hour[] {
  return Array.from(watts.production, (_, bin) => {
    const at = (flow: Flow) => watts[flow][bin] ?? Number.NaN;
    const hour = {
      production: at("production"),
      import: at("import"),
      export: at("export"),
      consumption: at("consumption"),
    };
    return { ...hour, missing: sum(flows.map((flow) => signs[flow] * hour[flow])) };
  }).filter(({ missing }) => Number.isFinite(missing));
}

interface Fit {
  readonly flow: Flow;
  /** Reading over truth. */
  readonly factor: number;
  /** Share of the squared imbalance that it accounts for. */
  readonly explained: number;
}

/** With a channel's reading r = f·x, what is missing is its sign times (f − 1)·x, or (1 − 1/f)·r. */
function fit(hours: readonly Hour[], flow: Flow): Fit {
  const own = sum(hours.map((hour) => hour[flow] ** 2));
  const both = sum(hours.map((hour) => hour[flow] * hour.missing));
  const all = sum(hours.map(({ missing }) => missing ** 2));
  if (own === 0 || all === 0) return { flow, factor: 1, explained: 0 };
  const slope = (signs[flow] * both) / own;
  return { flow, factor: 1 / (1 - slope), explained: both ** 2 / (own * all) };
}

function wrong(days: readonly Day[], { flow, factor }: Fit): Finding {
  const fromMs = days[0]?.startMs ?? 0;
  const toMs = days.at(-1)?.endMs ?? 0;
  return {
    says: "wrong",
    verdict: "held",
    fault: factor < 1 ? "partial" : "scaled",
    confidence: 0.97,
    fromMs,
    toMs,
    explanation: `Between ${instantText(fromMs)} and ${instantText(toMs)} production, consumption, import and export do not balance; they would if the ${flow} meter read ${percentText(factor)} of the truth.`,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
