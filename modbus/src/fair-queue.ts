/** What waits for its turn on a bus. */
export interface Waiting {
  readonly unit: number;
}

export type Turn<T> =
  | { readonly kind: "job"; readonly job: T }
  /** Nothing may be sent before this instant. */
  | { readonly kind: "wait"; readonly untilMs: number }
  | { readonly kind: "empty" };

/**
 * Requests that wait for one bus, a row per meter. The meters are served in turn, one request
 * each, so that none waits longer for a neighbour than one exchange; what may not be sent yet is
 * passed over.
 */
export class FairQueue<T extends Waiting> {
  readonly #rows = new Map<number, T[]>();
  #size = 0;
  #lastUnit = 0;

  get size(): number {
    return this.#size;
  }

  /** At the end of its meter's row, or in front: for what must be tried again. */
  add(job: T, where: "last" | "first" = "last"): void {
    const row = this.#rows.get(job.unit);
    if (!row) this.#rows.set(job.unit, [job]);
    else if (where === "first") row.unshift(job);
    else row.push(job);
    this.#size++;
  }

  remove(job: T): void {
    const row = this.#rows.get(job.unit);
    const index = row?.indexOf(job) ?? -1;
    if (row && index >= 0) this.#take(row, index);
  }

  removeAll(): T[] {
    const jobs = [...this.#rows.values()].flat();
    this.#rows.clear();
    this.#size = 0;
    return jobs;
  }

  /** Takes out the next job whose time has come by `readyAtMs`. */
  next(nowMs: number, readyAtMs: (job: T) => number): Turn<T> {
    let untilMs = Number.POSITIVE_INFINITY;
    for (const row of this.#round()) {
      for (const [index, job] of row.entries()) {
        const atMs = readyAtMs(job);
        if (atMs <= nowMs) {
          this.#lastUnit = job.unit;
          this.#take(row, index);
          return { kind: "job", job };
        }
        untilMs = Math.min(untilMs, atMs);
      }
    }
    return this.#size === 0 ? { kind: "empty" } : { kind: "wait", untilMs };
  }

  /** The rows, that of the meter served last at the end. */
  #round(): Iterable<T[]> {
    const last = this.#rows.get(this.#lastUnit);
    if (!last || this.#rows.size === 1) return this.#rows.values();
    this.#rows.delete(this.#lastUnit);
    this.#rows.set(this.#lastUnit, last);
    return this.#rows.values();
  }

  #take(row: T[], index: number): void {
    const [job] = row.splice(index, 1);
    this.#size--;
    if (!job) return;
    if (row.length === 0) this.#rows.delete(job.unit);
  }
}
