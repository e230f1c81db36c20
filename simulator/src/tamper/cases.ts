import type { NeighbourProduction, Row, Site } from "@powershare/domain/wiring";
import { SeededRandom } from "../random.js";
import { faultVariants } from "./faults.js";
import type { Home } from "./homes.js";
import { withoutSun } from "./honest.js";
import type { InjectedFault, Variant } from "./injection.js";
import { withStorage } from "./storage.js";
import { homeIn, type View, viewsOf } from "./views.js";
import { type Weather, WeatherOf } from "./weather.js";

/** When the fault begins: with the first row, or after at least 30 clean days. */
export type Onset = "first" | "later";

/** What is replayed, and what should be said of it. */
export interface Case {
  readonly id: string;
  readonly home: string;
  readonly minutes: number;
  /** `clean` is a window as measured, `no-sun` an honest one with days without production. */
  readonly fault: InjectedFault | "clean" | "no-sun";
  readonly variant: string;
  readonly view: View;
  readonly onset: Onset;
  readonly weather: Weather;
  readonly storage: Site["storage"];
  readonly site: Site;
  readonly rows: readonly Row[];
  /** Empty where the case is without them. */
  readonly neighbours: readonly NeighbourProduction[];
  /** Start of the first row that is not as measured. */
  readonly faultMs?: number;
}

export interface CasePlan {
  readonly seed: string;
  readonly faults: readonly InjectedFault[];
  /** Windows of each home, resolution and fault, of either onset. */
  readonly windows: number;
}

const dayMs = 86_400_000;
/** In days, one day to four months. */
const windowDays = [14, 3, 30, 7, 2, 14, 120, 1];
const cleanDays = { least: 30, most: 50 };
/** A little more than the two weeks in which the targets want a fault found. */
const faultyDays = 16;
/** Share of the windows that have declared storage. */
const storageShare = 0.25;

/** A home's rows at one resolution. */
export interface HomeAt {
  readonly home: Home;
  readonly minutes: number;
}

/** All cases of a home with its faults and honest troubles, one after the other: each is made when it is its turn. */
export function* casesOf({ home, minutes }: HomeAt, plan: CasePlan): Generator<Case> {
  const maker = new CaseMaker(home, minutes, plan);
  for (let number = 0; number < plan.windows; number += 1) {
    yield* maker.honest(number);
    for (const fault of plan.faults) {
      yield* maker.faulty(fault, "later", number);
      if (fault !== "clock-shift" && fault !== "replayed") {
        yield* maker.faulty(fault, "first", number);
      }
    }
  }
}

class CaseMaker {
  readonly #homeId: string;
  readonly #minutes: number;
  readonly #plan: CasePlan;
  readonly #views: ReadonlyMap<View, Home>;
  readonly #weather: WeatherOf;

  constructor(home: Home, minutes: number, plan: CasePlan) {
    this.#homeId = home.id;
    this.#minutes = minutes;
    this.#plan = plan;
    const views = viewsOf(home);
    this.#views = new Map(
      views.map((view) => [view, homeIn(view, home, `${plan.seed}/${home.id}`)]),
    );
    this.#weather = new WeatherOf(home.rows, home.site.longitude);
  }

  /** A window as measured and, where production is, one with days without sun. */
  *honest(number: number): Generator<Case> {
    const [view, home] = [...this.#views][number % this.#views.size] ?? [];
    if (view === undefined || home === undefined) return;
    const said = { view, variant: view };
    yield { ...this.#window(home, `clean/${view}`, "first", number).case, ...said, fault: "clean" };
    if (!home.site.channels.includes("production")) return;
    const window = this.#window(home, `no-sun/${view}`, "later", number);
    const rows = withoutSun(window.case.rows, window.from, window.random);
    yield { ...window.case, ...said, fault: "no-sun", rows };
  }

  *faulty(fault: InjectedFault, onset: Onset, number: number): Generator<Case> {
    const ways = [...this.#views].flatMap(([view, home]) =>
      faultVariants[fault]
        .filter(({ applies }) => applies(home.site.channels, view))
        .map((variant) => ({ view, home, variant })),
    );
    // Every way in its turn, and homes begin with different ones.
    const { seed } = this.#plan;
    const first = new SeededRandom(`${seed}/${this.#homeId}/${this.#minutes}/${fault}/${onset}`);
    const way = ways[(number + Math.floor(ways.length * first.next())) % Math.max(1, ways.length)];
    if (way === undefined) return;
    const { view, home, variant } = way;
    const window = this.#window(home, `${fault}/${onset}`, onset, number);
    const injected = this.#inject(window, variant);
    const faultMs = injected.rows[injected.from]?.startMs ?? 0;
    yield { ...window.case, fault, variant: variant.name, view, rows: injected.rows, faultMs };
  }

  #inject({ case: { rows, site }, from, random }: Window, variant: Variant) {
    return variant.inject(rows, from, random, site);
  }

  #window(home: Home, name: string, onset: Onset, number: number): Window {
    const id = `${home.id}/${this.#minutes}/${name}/${number}`;
    const random = new SeededRandom(`${this.#plan.seed}/${id}`);
    const span = this.#span(home, onset, random);
    const measured = within(home.rows, span);
    const storage = name.startsWith("storage") ? "none" : storageOf(home, random);
    const rows = storage === "none" ? measured : withStorage(measured, storage, random, home.site);
    const from = onset === "first" ? 0 : indexFrom(rows, span.faultMs);
    const commissionedAt = new Date(rows[0]?.startMs ?? 0).toISOString();
    return {
      random,
      from,
      case: {
        id,
        home: home.id,
        minutes: this.#minutes,
        onset,
        weather: this.#weather.at(span.faultMs),
        storage,
        site: { ...home.site, storage, commissionedAt },
        rows,
        neighbours: random.next() < 0.5 ? [] : within(home.neighbours, span),
      },
    };
  }

  /** Of three places in the year the one with the clearest, the cloudiest or any weather after the fault. */
  #span(home: Home, onset: Onset, random: SeededRandom): Span {
    const days = windowDays[Math.floor(windowDays.length * random.next())] ?? 14;
    const before = onset === "first" ? 0 : random.between(cleanDays.least, cleanDays.most);
    const lengthMs = (onset === "first" ? days : before + faultyDays) * dayMs;
    const [firstMs, lastMs] = [home.rows[0]?.startMs ?? 0, home.rows.at(-1)?.startMs ?? 0];
    const spans = [0, 1, 2].map(() => {
      const startMs = random.between(firstMs, Math.max(firstMs, lastMs - lengthMs));
      return { startMs, faultMs: startMs + before * dayMs, endMs: startMs + lengthMs };
    });
    const sorted = spans.toSorted(
      (a, b) => this.#weather.clearness(b.faultMs) - this.#weather.clearness(a.faultMs),
    );
    const [any = spans[0], clearest = any, , cloudiest = any] = [spans[0], ...sorted];
    return [any, clearest, cloudiest][Math.floor(3 * random.next())] as Span;
  }
}

interface Span {
  readonly startMs: number;
  readonly faultMs: number;
  readonly endMs: number;
}

interface Window {
  readonly random: SeededRandom;
  readonly from: number;
  readonly case: Omit<Case, "fault" | "variant" | "view">;
}

/** Those that begin in the span, of a list in order of their starts. */
function within<T extends { readonly startMs: number }>(list: readonly T[], span: Span): T[] {
  return list.slice(indexFrom(list, span.startMs), indexFrom(list, span.endMs));
}

/** Index of the first that does not begin before `ms`. */
function indexFrom(list: readonly { readonly startMs: number }[], ms: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.startMs ?? ms) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How a battery's power is shared among phases is not known. */
function storageOf({ site }: Home, random: SeededRandom): Site["storage"] {
  const has = site.channels.includes("production") && site.phases === 1;
  if (!has || random.next() >= storageShare) return "none";
  return random.next() < 0.5 ? "ac" : "dc";
}
