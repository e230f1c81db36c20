import type { Fault } from "@powershare/domain/wiring";
import { percentile } from "../statistics.js";
import type { Case } from "./cases.js";
import type { InjectedFault } from "./injection.js";
import { type Share, wilson } from "./intervals.js";
import { firstAt, type Level, namedAt, type Said } from "./run-case.js";

const hourMs = 3_600_000;

/** Times in which the targets want a fault found, in hours. */
export const horizonsHours = [16, 24, 40, 7 * 24, 14 * 24] as const;

/** What became of a case. */
export interface Outcome
  extends Pick<
    Case,
    "id" | "home" | "minutes" | "fault" | "variant" | "view" | "onset" | "weather" | "storage"
  > {
  readonly neighbours: boolean;
  /** From the fault, or from the first row of an honest window, to the last row's end. */
  readonly hours: number;
  readonly levels: Readonly<Record<Level, LevelOutcome>>;
}

export interface LevelOutcome {
  /** From the fault to the first verdict at that level; of an honest window, from its first row. */
  readonly afterHours?: number;
  readonly rule?: string;
  readonly firstNamed?: Fault;
  readonly lastNamed?: Fault;
  /** Said of clean time before the fault. */
  readonly before?: { readonly named: Fault; readonly rule: string };
}

export function outcomeOf(each: Case, said: readonly Said[]): Outcome {
  const { id, home, minutes, fault, variant, view, onset, weather, storage, rows } = each;
  const sinceMs = each.faultMs ?? rows[0]?.startMs ?? 0;
  const last = rows.at(-1);
  const hours = last ? (last.startMs + last.seconds * 1000 - sinceMs) / hourMs : 0;
  const neighbours = each.neighbours.length > 0;
  const levels = {
    suspect: levelOf(said, "suspect", sinceMs),
    held: levelOf(said, "held", sinceMs),
  };
  return {
    id,
    home,
    minutes,
    fault,
    variant,
    view,
    onset,
    weather,
    storage,
    neighbours,
    hours,
    levels,
  };
}

function levelOf(said: readonly Said[], level: Level, sinceMs: number): LevelOutcome {
  const first = firstAt(said, level, sinceMs);
  const earlier = firstAt(said, level, Number.NEGATIVE_INFINITY);
  const before = earlier && earlier.atMs <= sinceMs ? earlier : undefined;
  const lastNamed = namedAt(said, level, sinceMs).at(-1);
  return {
    ...(first && {
      afterHours: (first.atMs - sinceMs) / hourMs,
      rule: first.rule,
      firstNamed: first.fault,
    }),
    ...(lastNamed && { lastNamed }),
    ...(before && { before: { named: before.fault, rule: before.rule } }),
  };
}

/** How well one fault is found, at one level of verdict. */
export interface FaultScore {
  readonly n: number;
  /** By horizon, of the cases that last so long after the fault. */
  readonly recall: readonly Share[];
  readonly named: Share;
  readonly medianHours?: number;
  readonly p95Hours?: number;
}

export function scoreOf(outcomes: readonly Outcome[], level: Level): FaultScore {
  const found = outcomes.flatMap(({ levels, fault }) => {
    const { afterHours, lastNamed } = levels[level];
    return afterHours === undefined ? [] : [{ afterHours, right: lastNamed === fault }];
  });
  const times = found.map(({ afterHours }) => afterHours);
  const [medianHours, p95Hours] = [percentile(times, 0.5), percentile(times, 0.95)];
  return {
    n: outcomes.length,
    recall: horizonsHours.map((horizon) => recallWithin(outcomes, level, horizon)),
    named: wilson(found.filter(({ right }) => right).length, found.length),
    ...(medianHours !== undefined && { medianHours }),
    ...(p95Hours !== undefined && { p95Hours }),
  };
}

/** Of the cases that last so long, the share found in that time. */
export function recallWithin(outcomes: readonly Outcome[], level: Level, hours: number): Share {
  const long = outcomes.filter((outcome) => outcome.hours >= hours);
  const hits = long.filter(({ levels }) => (levels[level].afterHours ?? Infinity) <= hours);
  return wilson(hits.length, long.length);
}

/** Of the cases whose first verdict at that level names the fault, the share that has it. */
export function precisionOf(
  fault: InjectedFault,
  outcomes: readonly Outcome[],
  level: Level,
): Share {
  const named = outcomes.filter(({ levels }) => firstNameOf(levels[level]) === fault);
  const right = named.filter((outcome) => outcome.fault === fault && !outcome.levels[level].before);
  return wilson(right.length, named.length);
}

function firstNameOf({ before, firstNamed }: LevelOutcome): Fault | undefined {
  return before?.named ?? firstNamed;
}
