import { type Day, dayBook, type Flow } from "./days.js";
import { findEnvelopeStep } from "./envelope.js";
import { findFeedInStep } from "./feed-in-step.js";
import { type Step, windows } from "./levels.js";
import { findNightStep, quantileShifts } from "./night-level.js";
import { median, quantile } from "./quantiles.js";
import type { Channel, Site } from "./site.js";
import type { Row } from "./types.js";

/** Where a channel stands against its beginning. */
export interface Level {
  readonly flow: Flow;
  /** Product of all certain steps: 1 at first, and again after a step back. */
  readonly factor: number;
  /** A step that may yet be one. */
  readonly possible: Step | undefined;
  /** All channels took the last step together. */
  readonly together: boolean;
  /** Since when; where it never changed, since the first day that is kept. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ChannelLevels {
  readonly push: (row: Row) => void;
  readonly levels: () => readonly Level[];
}

/** Days kept: those of the longest comparison, and some to spare. */
const keptDays = 60;
/** Steps whose product is within this of 1 have taken back one another. */
const sameWithin = 1.25;

/**
 * Follows what production's meter makes of the sun, and what the house's meter makes of its nights, step
 * by step. A certain step begins a new span, in which the next is looked for, so that a repair is seen too.
 */
export function channelLevels(site: Site): ChannelLevels {
  const house: Flow = site.channels.includes("consumption") ? "consumption" : "import";
  const followers = [
    follower(
      site,
      "production",
      (days, factor) => findEnvelopeStep(days, "production", factor, site.pv?.peakW),
      house,
    ),
    follower(site, house, (days) => findNightStep(days, house), undefined),
    follower(site, "export", findFeedInStep, undefined, 1),
  ].filter(({ flow }) => measures(site, flow));
  return {
    push: (row) => {
      for (const follower of followers) follower.push(row);
    },
    levels: () => followers.map((follower) => follower.level()),
  };
}

/**
 * A channel of its own, or the grid's power, which has two. A battery changes what is left of a flow that
 * passes it, from one day to the next as its owner likes.
 */
function measures({ channels, storage }: Site, flow: Flow): boolean {
  const has = (...some: readonly Channel[]) => some.every((one) => channels.includes(one));
  switch (flow) {
    case "production":
      return has("production") && storage !== "dc";
    case "consumption":
      return has("consumption") && storage === "none";
    case "import":
      return (has("import") || has("grid")) && storage === "none";
    case "export":
      return has("production") && (has("import", "export") || has("grid")) && storage === "none";
  }
}

function follower(
  site: Site,
  flow: Flow,
  find: (days: readonly Day[], factor: number) => Step | undefined,
  beside: Flow | undefined,
  /** A channel that rises may only be another that fell. */
  most = Number.POSITIVE_INFINITY,
) {
  const book = dayBook(site, keptDays);
  let level: Level = { flow, factor: 1, possible: undefined, together: false, fromMs: 0, toMs: 0 };
  const look = () => {
    const step = find(book.days, level.factor);
    const toMs = book.days.at(-1)?.endMs ?? 0;
    if (!step?.certain) {
      const fromMs = level.factor === 1 ? (book.days[0]?.startMs ?? 0) : level.fromMs;
      level = { ...level, possible: step, fromMs, toMs };
      return;
    }
    const factor = Math.min(most, settled(level.factor * step.factor));
    const together = beside !== undefined && movedToo(book.days, beside, step);
    book.forgetBefore(step.fromDay);
    level = {
      flow,
      factor,
      possible: undefined,
      together,
      fromMs: book.days[0]?.startMs ?? 0,
      toMs,
    };
  };
  return {
    flow,
    push: (row: Row) => {
      if (book.push(row) !== undefined) look();
    },
    level: () => level,
  };
}

function settled(factor: number): number {
  return factor < sameWithin && factor > 1 / sameWithin ? 1 : factor;
}

/**
 * Whether the house's nights have moved by the step's factor too, each quantile alike, against the
 * fortnight as against the month before. Houses change by themselves, so it has to be near.
 */
function movedToo(days: readonly Day[], flow: Flow, step: Step): boolean {
  const after = (days.at(-1)?.index ?? 0) - step.fromDay + 1;
  return [Math.max(after, 7), 25].every((before) => {
    const found = windows(days, { before, after });
    const shifts = found === undefined ? [] : quantileShifts(found.before, found.after, flow);
    const shares = shifts.map((shift) => shift / Math.log(step.factor));
    const middle = median(shares);
    const spread = quantile(shares, 0.85) - quantile(shares, 0.15);
    return middle > 0.6 && middle < 1.5 && spread < 0.8;
  });
}
