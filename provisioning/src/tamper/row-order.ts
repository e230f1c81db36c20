import type { Row } from "@powershare/domain/wiring";
import type { TableRow } from "./csv-table.js";

/** A clock set back by more is not a summer time or a zone that was set wrong. */
const longestSetBackMs = 3 * 3_600_000;

/**
 * The order of rows in time. After a clock was set back, rows are passed over until it shows again what
 * it had shown: nobody knows which of two rows for one hour is the true one. Whoever sets a clock back
 * reads on from there; a row that alone lies out of order is a mistake in the file.
 */
export class RowOrder {
  readonly #setBack: (line: number, untilLine: number) => void;
  #before: { line: number; endMs: number } | undefined;
  #repeating: { line: number; endMs: number; wrong: Error } | undefined;

  constructor(setBack: (line: number, untilLine: number) => void) {
    this.#setBack = setBack;
  }

  /** Whether the row is to be taken. @throws UnreadableInput `wiring.readings-order` */
  takes(row: Row, cells: TableRow): boolean {
    const { line } = cells.record;
    const endMs = row.startMs + row.seconds * 1000;
    const before = this.#before;
    if (before !== undefined && row.startMs < before.endMs) {
      const wrong = cells.outOfOrder(disorder(row, before));
      const overlapMs = before.endMs - row.startMs;
      const goesOn = row.startMs >= (this.#repeating?.endMs ?? row.startMs);
      if (overlapMs > longestSetBackMs || !goesOn) throw this.#repeating?.wrong ?? wrong;
      this.#repeating = { line, wrong, ...this.#repeating, endMs };
      return false;
    }
    if (this.#repeating !== undefined) this.#caughtUp(row, line, this.#repeating);
    this.#before = { line, endMs };
    return true;
  }

  /** @throws UnreadableInput `wiring.readings-order` where the last rows overlap those before */
  end(): void {
    if (this.#repeating !== undefined) throw this.#repeating.wrong;
  }

  #caughtUp(row: Row, line: number, repeated: { line: number; endMs: number; wrong: Error }): void {
    if (row.startMs > repeated.endMs) throw repeated.wrong;
    this.#setBack(repeated.line, line);
    this.#repeating = undefined;
  }
}

function disorder(row: Row, before: { line: number; endMs: number }): string {
  const [start, end] = [row.startMs, before.endMs].map((ms) => new Date(ms).toISOString());
  return `begins at ${start}, but the row of line ${before.line} lasts until ${end}; expected rows in order of time, without overlap`;
}
