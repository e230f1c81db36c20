import { pairedQuantity } from "./quantities.js";
import type { Table } from "./schema.js";

/** Registers that have to be read, at the meter's addresses. */
export interface Stop {
  readonly table: Table;
  readonly address: number;
  readonly length: number;
  readonly quantities: readonly string[];
}

interface Read {
  readonly table: Table;
  readonly address: number;
  readonly count: number;
}

export interface Rules {
  /** Whether one request may read all from `from` to before `to`. */
  mayRead(table: Table, from: number, to: number): boolean;
  /** What a request costs, in registers. */
  readonly requestCost: number;
  /** Whether import and export of an energy have to come in one answer. */
  readonly isTogether: boolean;
  /** All measured registers: where a request may begin and end beside the stops. */
  readonly boundaries: readonly Stop[];
}

interface Best {
  readonly cost: number;
  readonly reads: readonly Read[];
}

const end = ({ address, length }: Stop) => address + length;

/** The requests of least cost for the stops of one table, sorted by address. */
export function planTable(stops: readonly Stop[], rules: Rules): readonly Read[] {
  const reads = leastCost(stops, rules) ?? [];
  return withUniqueLengths(reads, rules);
}

/** best[n] reads the first n stops. */
function leastCost(stops: readonly Stop[], rules: Rules): readonly Read[] | undefined {
  const splits = stops.map((_, cut) => !rules.isTogether || maySplit(stops, cut));
  const best: (Best | undefined)[] = [{ cost: 0, reads: [] }];
  for (const last of stops.keys()) {
    let found: Best | undefined;
    for (const [first, begin] of stops.slice(0, last + 1).entries()) {
      const before = best[first];
      const to = Math.max(...stops.slice(first, last + 1).map(end));
      if (!before || !splits[first] || !rules.mayRead(begin.table, begin.address, to)) continue;
      const count = to - begin.address;
      const cost = before.cost + rules.requestCost + count;
      // At equal cost the first found wins: the longest block, so fewer requests.
      if (found && cost >= found.cost) continue;
      found = {
        cost,
        reads: [...before.reads, { table: begin.table, address: begin.address, count }],
      };
    }
    best.push(found);
  }
  return best.at(-1)?.reads;
}

/** Whether a request may end before `stops[cut]`: not between import and export of one energy. */
function maySplit(stops: readonly Stop[], cut: number): boolean {
  const behind = new Set(stops.slice(cut).flatMap(({ quantities }) => quantities));
  return !stops
    .slice(0, cut)
    .flatMap(({ quantities }) => quantities)
    .some((quantity) => behind.has(pairedQuantity(quantity) ?? ""));
}

/**
 * Lengthens blocks, by whole values, until no two of a table have equally long answers: RTU
 * answers carry no address, and a stale one of another length is recognised. Only where a meter
 * answers, and up to the maker's maximum.
 */
function withUniqueLengths(reads: readonly Read[], rules: Rules): Read[] {
  const taken = new Set<number>();
  // The longest first: they have the least room, and a shorter one is lengthened for less.
  const byLength = reads.toSorted((a, b) => b.count - a.count);
  const changed = byLength.map((read) => {
    const unique = longerReads(read, rules).find(({ count }) => !taken.has(count)) ?? read;
    taken.add(unique.count);
    return unique;
  });
  return changed.toSorted((a, b) => a.address - b.address);
}

/** The request, then those that end or begin with one more measured value, shortest first. */
function longerReads(read: Read, { boundaries, mayRead, requestCost }: Rules): Read[] {
  const near = boundaries.filter(({ table }) => table === read.table);
  const to = read.address + read.count;
  const starts = [
    read.address,
    ...near.map(({ address }) => address).filter((at) => at < read.address),
  ];
  const last = Math.max(to, ...near.map(end));
  const step = Math.min(...near.map(({ length }) => length));
  const inHole = [to + step, to + 2 * step, to + 3 * step].filter((at) => at <= last);
  const ends = [to, ...near.map(end).filter((at) => at > to), ...inHole];
  return starts
    .flatMap((address) => ends.map((at) => ({ table: read.table, address, count: at - address })))
    .filter(({ count }) => count <= read.count + requestCost)
    .filter(({ address, count }) => mayRead(read.table, address, address + count))
    .toSorted((a, b) => a.count - b.count || b.address - a.address);
}
