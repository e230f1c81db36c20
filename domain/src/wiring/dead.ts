import { type Day, dayBook, dayGatherSeconds, type Flow, flows } from "./days.js";
import { nightWatts } from "./night-level.js";
import { quantileOfSorted } from "./quantiles.js";
import type { Site } from "./site.js";
import type { Finding, Row, Rule, RuleRun, WrongFinding } from "./types.js";
import { instantText, percentText } from "./wording.js";

/**
 * A channel reads zero, or nothing, from some time on, while the others show that what it measures goes
 * on. Snow, a dark week, an inverter that is out and an empty house bring zeros too, so zeros alone are
 * at most suspected, and held is what contradicts them:
 * - production is zero, and the house feeds in, or takes less from the grid at noon than it needs at night
 * - consumption is zero for days, which no house is, or equals production to the watt: nothing is added to it
 * - import is zero in nights without storage
 * - export is zero in hours in which the house takes nothing: it would need just what it produces
 * Without a contradiction zeros are held after twelve days: by then there is nothing left to withhold.
 */
export const dead: Rule = {
  id: "dead",
  family: "balance",
  needs: [],
  gatherSeconds: dayGatherSeconds,
  start: run,
};

/** Days before that tell how the house usually is. */
const keptDays = 14;

/** What has spoken for and against a channel's silence so far. */
interface Silence {
  readonly fromMs: number;
  toMs: number;
  /** Nothing was measured, rather than zero. */
  readonly empty: boolean;
  days: number;
  /** Days on which another channel was alive. */
  livelyDays: number;
  readonly usual: Usual;
  /** Sunny hours in which the silence could be contradicted, and was. */
  hours: number;
  hoursAgainst: number;
  daysAgainst: number;
}

function run(site: Site): RuleRun {
  const book = dayBook(site, keptDays);
  const silences = new Map<Flow, Silence>();
  const heard = new Set<Flow>();
  let copying: Silence | undefined;
  const look = (day: Day) => {
    const usual = usualOf(book.days.slice(0, -1));
    for (const flow of flows) {
      const kind = kindOf(site, day, flow);
      if (kind === "alive") heard.add(flow);
      const known = heard.has(flow) || (kind === "zero" && isChannel(site, flow));
      if (kind === "alive" || !known) silences.delete(flow);
      else
        silences.set(flow, extend(site, flow, day, silences.get(flow) ?? begin(day, kind, usual)));
    }
    copying = isCopy(site, day)
      ? extend(site, "consumption", day, copying ?? begin(day, "zero", usual))
      : undefined;
  };
  return {
    push: (row: Row) => {
      const day = book.push(row);
      if (day !== undefined) look(day);
    },
    finding: () => {
      const found = [...silences].map(([flow, one]) => judge(site, flow, one));
      if (copying !== undefined) found.push(judgeCopy(copying));
      return worst(found);
    },
  };
}

function isChannel(site: Site, flow: Flow): boolean {
  return site.channels.some((one) => one === flow);
}

type Kind = "alive" | "zero" | "empty";

/** Below this nothing is meant: noise and standby. */
function nothingW(site: Site, flow: Flow): number {
  // A dead export meter says zero; on dull days a house leaves little more.
  const share = { production: 0.003, export: 0.0003, consumption: 0, import: 0 }[flow];
  return share === 0 ? 0.5 : Math.max(2, share * (site.pv?.peakW ?? 0));
}

/** Production counts while the sun is up: a meter that rests in the dark is no news. */
function kindOf(site: Site, day: Day, flow: Flow): Kind {
  const within = flow === "production" ? sunny(day) : [...day.clear.keys()];
  const measured = within.map((bin) => watts(day, flow, bin)).filter(Number.isFinite);
  if (measured.length === 0) return "empty";
  if (measured.length < 0.3 * within.length) return "alive";
  return Math.max(...measured) <= nothingW(site, flow) ? "zero" : "alive";
}

/** Hours in which a clear sky gives at least half of what it gives at noon. */
function sunny(day: Day): readonly number[] {
  const top = Math.max(...day.clear);
  return [...day.clear.keys()].filter((bin) => top > 0.05 && (day.clear[bin] ?? 0) >= 0.5 * top);
}

function watts(day: Day, flow: Flow, bin: number): number {
  return day.watts[flow][bin] ?? Number.NaN;
}

/** How a house was before. */
interface Usual {
  /** Well below the least that it draws at night, W; NaN where that is not known. */
  readonly baseW: Readonly<Record<"consumption" | "import", number>>;
  /** Import at which it takes next to nothing, W. */
  readonly importRestW: number;
  /** Share of sunny hours in which it consumed less than it ever does; undefined where that is not measured. */
  readonly restedShare: number | undefined;
  /** Share of sunny hours without import in which it fed in nothing either. */
  readonly keptShare: number;
}

function usualOf(days: readonly Day[]): Usual {
  const least = (flow: Flow, share: number) =>
    0.25 * quantileOfSorted(nightWatts(days, flow), share);
  const baseW = { consumption: least("consumption", 0.1), import: least("import", 0.1) };
  const importRestW = 0.4 * least("import", 0.25);
  const hours = days.flatMap((day) => sunny(day).map((bin) => ({ day, bin })));
  const of = (flow: Flow) => (hour: (typeof hours)[number]) => watts(hour.day, flow, hour.bin);
  const consuming = hours.map(of("consumption")).filter(Number.isFinite);
  const without = hours.filter((hour) => of("import")(hour) <= importRestW);
  return {
    baseW,
    importRestW,
    restedShare:
      consuming.length === 0
        ? undefined
        : shareOf(consuming, (consumption) => consumption < baseW.consumption),
    keptShare: shareOf(without, (hour) => of("export")(hour) <= 0),
  };
}

/** Too few tell nothing, and count as all. */
function shareOf<T>(items: readonly T[], is: (item: T) => boolean): number {
  return items.length < 10 ? 1 : items.filter(is).length / items.length;
}

function begin(day: Day, kind: Kind, usual: Usual): Silence {
  const counts = { days: 0, livelyDays: 0, hours: 0, hoursAgainst: 0, daysAgainst: 0 };
  return { fromMs: day.startMs, toMs: day.endMs, empty: kind === "empty", usual, ...counts };
}

function extend(site: Site, flow: Flow, day: Day, silence: Silence): Silence {
  silence.toMs = day.endMs;
  silence.days += 1;
  if (flows.some((other) => other !== flow && kindOf(site, day, other) === "alive"))
    silence.livelyDays += 1;
  let against = 0;
  for (const bin of sunny(day)) {
    const speaks = contradicts(site, flow, day, bin, silence.usual);
    if (speaks === undefined) continue;
    silence.hours += day.binMs / 3_600_000;
    if (speaks) against += day.binMs / 3_600_000;
  }
  silence.hoursAgainst += against;
  if (against > 0) silence.daysAgainst += 1;
  return silence;
}

/** Whether a sunny hour cannot be as a silent channel has it; undefined where it says nothing. */
function contradicts(
  site: Site,
  flow: Flow,
  day: Day,
  bin: number,
  usual: Usual,
): boolean | undefined {
  if (site.storage !== "none") return undefined;
  const imported = watts(day, "import", bin);
  if (flow === "production") {
    if (watts(day, "export", bin) > 0.05 * (site.pv?.peakW ?? 0)) return true;
    if (imported >= 0 && usual.baseW.import > 0) return imported < usual.baseW.import;
    const consumption = watts(day, "consumption", bin);
    const known = consumption >= 0 && usual.baseW.consumption > 0;
    return known ? consumption < usual.baseW.consumption : undefined;
  }
  if (flow !== "export" || usual.keptShare > 0.1) return undefined;
  const produced = watts(day, "production", bin);
  // Where the sun bears most of a large load, little is taken from the grid and nothing given.
  const takesNothing = imported <= usual.importRestW && !(imported > 0.05 * produced);
  return takesNothing ? true : undefined;
}

/** A day on which consumption is production to the watt: derived, with a grid meter that adds nothing. */
function isCopy(site: Site, day: Day): boolean {
  // A battery can keep the grid's power at nothing.
  if (site.storage !== "none" || kindOf(site, day, "production") !== "alive") return false;
  const bins = [...day.clear.keys()].filter((bin) => watts(day, "consumption", bin) >= 0);
  const same = bins.filter(
    (bin) =>
      Math.abs(watts(day, "consumption", bin) - watts(day, "production", bin)) <=
      0.5 + 0.005 * watts(day, "production", bin),
  );
  return bins.length > 0 && same.length >= 0.98 * bins.length;
}

const fewDays = 2;
/** Nothing read for so long is no gap in a radio link. */
const emptyDays = 3;
/** Snow and repairs last so long at times. */
const doubtedDays = 5;
/** And hardly so long. Holding then takes nothing from anybody, as nothing is produced, and ends with the first production. */
const longDays = 12;
const hoursNeeded = 5;
/** Some derived consumption falls to nothing at noon as it is; a meter that misses the sun does so on many more hours. */
function shareNeeded({ restedShare }: Usual): number {
  return restedShare === undefined ? 0.25 : 0.12 + 5 * restedShare;
}

const reasons: Readonly<Record<Flow, string>> = {
  production: "while the house needed less from the grid at noon than it does at night",
  consumption: "though every house needs some power, and other meters went on",
  import: "also at night, though there is no storage",
  export: "also in hours in which the house took nothing from the grid",
};

function judge(site: Site, flow: Flow, silence: Silence): Finding {
  if (silence.days < fewDays) return { says: "nothing" };
  const lively = silence.livelyDays >= (silence.empty ? emptyDays : fewDays);
  const proven = silence.empty ? lively : provenZero(site, flow, silence, lively);
  if (proven)
    return wrong(
      flow,
      silence,
      "held",
      silence.empty ? "though other meters were read" : reasons[flow],
    );
  if (flow === "export" || silence.days < doubtedDays) return { says: "nothing" };
  if (flow === "import" && site.storage !== "none") return { says: "nothing" };
  const isSure = silence.days >= longDays && !(flow === "production" && mayRest(site));
  const verdict = isSure ? "held" : "suspect";
  return wrong(flow, silence, verdict, "which may be the meter, or what it measures");
}

/**
 * Whether production may be nothing for weeks without its meter being dead: a battery behind the generator's
 * inverter takes all that the sun gives, or the grid's meter would have shown what the other one misses.
 */
function mayRest({ storage, channels }: Site): boolean {
  return storage === "dc" || channels.some((one) => one !== "production" && one !== "consumption");
}

function provenZero(site: Site, flow: Flow, silence: Silence, lively: boolean): boolean {
  switch (flow) {
    case "consumption":
      return lively;
    case "import":
      return lively && site.storage === "none";
    case "production":
    case "export":
      return (
        silence.daysAgainst >= fewDays &&
        silence.hoursAgainst >= hoursNeeded &&
        silence.hoursAgainst >= shareNeeded(silence.usual) * silence.hours
      );
  }
}

function judgeCopy(copying: Silence): Finding {
  if (copying.days < fewDays) return { says: "nothing" };
  return wrong(
    "consumption",
    copying,
    "held",
    "beyond what was produced: the grid's meter adds nothing",
  );
}

function wrong(
  flow: Flow,
  silence: Silence,
  verdict: WrongFinding["verdict"],
  reason: string,
): WrongFinding {
  const { fromMs, toMs, hours, hoursAgainst } = silence;
  const share =
    hoursAgainst > 0 ? ` (${percentText(hoursAgainst / hours)} of the sunny hours)` : "";
  return {
    says: "wrong",
    verdict,
    fault: "dead",
    confidence: verdict === "held" ? 0.98 : 0.6,
    fromMs,
    toMs,
    explanation: `From ${instantText(fromMs)} to ${instantText(toMs)} no ${flow} was measured, ${reason}${share}.`,
  };
}

function worst(found: readonly Finding[]): Finding {
  const wrongs = found.filter((one): one is WrongFinding => one.says === "wrong");
  return wrongs.find(({ verdict }) => verdict === "held") ?? wrongs[0] ?? { says: "nothing" };
}
