import type { Day } from "./days.js";

/** A lasting change of a channel by a factor, between two spans of days. */
export interface Step {
  /** After divided by before. */
  readonly factor: number;
  /** Index of the first day after it. */
  readonly fromDay: number;
  /** Whether honest houses do not get there. */
  readonly certain: boolean;
}

/** Days before and after a step that are compared with one another. */
export interface Windows {
  readonly before: readonly Day[];
  readonly after: readonly Day[];
}

/** Of each span so much must have been measured. */
const enough = 0.8;

interface Span {
  readonly before: number;
  readonly after: number;
  /** Fewest days before; where it is left out, most of them. */
  readonly least?: number;
}

/** The last `after` calendar days and the `before` ones ahead of them; undefined where too many are missing. */
export function windows(
  days: readonly Day[],
  { before, after, least = enough * before }: Span,
): Windows | undefined {
  const last = days.at(-1)?.index ?? 0;
  const first = last - after + 1;
  const found = {
    before: days.filter((day) => day.index < first && day.index >= first - before),
    after: days.filter((day) => day.index >= first),
  };
  const known = found.after.length >= enough * after && found.before.length >= least;
  return known ? found : undefined;
}
