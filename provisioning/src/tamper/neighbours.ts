import type { NeighbourProduction, Row } from "@powershare/domain/wiring";
import { UnreadableInput } from "../output.js";
import { readTable } from "./csv-table.js";

/** Ten homes' minutes of a year. They are kept whole, as a file may list one home after the other. */
const mostIntervals = 6_000_000;

/**
 * Neighbours' production in the order in which it became known, so that no row of readings sees an
 * interval that had not ended with it.
 */
export class Neighbours {
  readonly #intervals: readonly NeighbourProduction[];
  #next = 0;
  /** Start of the first row. */
  #sinceMs: number | undefined;

  constructor(intervals: readonly NeighbourProduction[]) {
    this.#intervals = intervals.toSorted((a, b) => endOf(a) - endOf(b));
  }

  /** Those that ended since the row before, or since the first row's start, until this row's end. */
  endedBy({ startMs, seconds }: Row): NeighbourProduction[] {
    this.#sinceMs ??= startMs;
    const ended: NeighbourProduction[] = [];
    for (
      let each = this.#intervals[this.#next];
      each && endOf(each) <= startMs + seconds * 1000;
    ) {
      if (endOf(each) > this.#sinceMs) ended.push(each);
      this.#next += 1;
      each = this.#intervals[this.#next];
    }
    return ended;
  }
}

const endOf = ({ startMs, seconds }: NeighbourProduction) => startMs + seconds * 1000;

/**
 * Reads the file of neighbours' production. Rows of the household itself are passed over with a warning.
 *
 * @throws UnreadableInput with line and column, and where the file has more intervals than are kept
 */
export async function readNeighbours(
  path: string,
  householdId: string,
  warn: (sentence: string) => void,
): Promise<Neighbours> {
  const names = ["ts_utc", "seconds", "household", "production_wh"];
  const intervals: NeighbourProduction[] = [];
  let own = 0;
  await readTable(path, { required: names, optional: [] }, warn, (cells) => {
    const household = cells.text("household");
    const productionWh = cells.number("production_wh");
    if (household === "") throw cells.wrongCell("household", "a household's name");
    if (household === householdId) own += 1;
    else if (productionWh !== undefined) {
      intervals.push({ household, ...cells.interval(), productionWh });
    }
    if (intervals.length > mostIntervals) {
      throw new UnreadableInput(`${path}: more than ${mostIntervals} intervals of neighbours`);
    }
  });
  if (own > 0) {
    const rows = own === 1 ? "1 row" : `${own} rows`;
    warn(`${path}: ${rows} of ${householdId} itself ${own === 1 ? "was" : "were"} passed over`);
  }
  return new Neighbours(intervals);
}
