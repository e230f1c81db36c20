import { ProfileError } from "./errors.js";
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

/** Plans tried before answers of equal length are left so. */
const mostPlans = 64;

/**
 * The requests of least cost for the stops of one table, sorted by address. Among plans of as many
 * requests that cost less than one more, one without equally long answers is taken, where there is one.
 * Throws ProfileError `profile.invalid` where no requests can read all stops.
 */
export function planTable(stops: readonly Stop[], rules: Rules): readonly Read[] {
  const splits = stops.map((_, cut) => !rules.isTogether || maySplit(stops, cut));
  const first = planWithout(new Set(), stops, rules, splits);
  if (!first) {
    const places = stops.map(({ address }) => address).join(", ");
    throw new ProfileError("profile.invalid", `no requests within its limits read ${places}`);
  }
  let best = first;
  const waiting = [first];
  for (let tried = 1; tried < mostPlans && best.repeated.length > 0; ) {
    const plan = waiting.shift();
    if (!plan) break;
    for (const { read } of plan.repeated) {
      const next = planWithout(new Set([...plan.banned, keyOf(read)]), stops, rules, splits);
      tried += 1;
      const isAsGood =
        next &&
        next.reads.length === first.reads.length &&
        total(next.reads) < total(first.reads) + rules.requestCost;
      if (!isAsGood) continue;
      if (next.repeated.length < best.repeated.length) best = next;
      waiting.push(next);
    }
  }
  return best.reads;
}

interface Plan {
  readonly reads: readonly Read[];
  /** Requests, before they were lengthened, whose answers are as long as another's. */
  readonly repeated: readonly { readonly read: Read }[];
  readonly banned: ReadonlySet<string>;
}

const keyOf = ({ address, count }: Read) => `${address} ${count}`;
const total = (reads: readonly Read[]) => reads.reduce((sum, { count }) => sum + count, 0);

function planWithout(
  banned: ReadonlySet<string>,
  stops: readonly Stop[],
  rules: Rules,
  splits: readonly boolean[],
): Plan | undefined {
  const least = leastCost(stops, splits, {
    ...rules,
    mayRead: (table, from, to) =>
      !banned.has(keyOf({ table, address: from, count: to - from })) &&
      rules.mayRead(table, from, to),
  });
  if (!least) return undefined;
  const reads = withUniqueLengths(least, rules);
  const repeated = reads
    .map((each, index) => ({ count: each.count, read: least[index] ?? each }))
    .filter(({ count }) => reads.filter((other) => other.count === count).length > 1);
  return { reads, repeated, banned };
}

/** best[n] reads the first n stops. */
function leastCost(
  stops: readonly Stop[],
  splits: readonly boolean[],
  rules: Rules,
): readonly Read[] | undefined {
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

/** Whether a request may end before `stops[cut]`: not between import and export of one energy, nor in a sum. */
function maySplit(stops: readonly Stop[], cut: number): boolean {
  const behind = new Set(stops.slice(cut).flatMap(({ quantities }) => quantities));
  return !stops
    .slice(0, cut)
    .flatMap(({ quantities }) => quantities)
    .some((quantity) => behind.has(quantity) || behind.has(pairedQuantity(quantity) ?? ""));
}

/**
 * Lengthens blocks, by whole values, until no two of a table have equally long answers: RTU
 * answers carry no address, and a stale one of another length is recognised. Only where a meter
 * answers, and up to the maker's maximum.
 */
function withUniqueLengths(reads: readonly Read[], rules: Rules): Read[] {
  const taken = new Set<number>();
  // Those with the least room choose first.
  const choices = reads
    .map((read) => ({ read, longer: longerReads(read, rules) }))
    .toSorted((a, b) => a.longer.length - b.longer.length || b.read.count - a.read.count);
  const changed = choices.map(({ read, longer }) => {
    const unique = longer.find(({ count }) => !taken.has(count)) ?? read;
    taken.add(unique.count);
    return unique;
  });
  return changed.toSorted((a, b) => a.address - b.address);
}

/** The request, then those that begin or end some values on, shortest first; none costs as much as another request. */
function longerReads(read: Read, rules: Rules): Read[] {
  const { boundaries, requestCost } = rules;
  const near = boundaries.filter(({ table }) => table === read.table);
  const to = read.address + read.count;
  // What lies in a hole most likely is as long as the values around it.
  const step = Math.max(1, ...near.map(({ length }) => Math.min(length, 2)));
  const [low, high] = [
    Math.min(read.address, ...near.map(({ address }) => address)),
    Math.max(to, ...near.map(end)),
  ];
  const steps = [1, 2, 3, 4].map((n) => n * step);
  const starts = [...near.map(({ address }) => address), ...steps.map((n) => read.address - n)];
  const ends = [...near.map(end), ...steps.map((n) => to + n)];
  return [read.address, ...new Set(starts.filter((at) => low <= at && at < read.address))]
    .flatMap((address) =>
      [to, ...new Set(ends.filter((at) => to < at && at <= high))].map((at) => ({
        table: read.table,
        address,
        count: at - address,
      })),
    )
    .filter(({ count }) => count < read.count + requestCost)
    .filter(({ address, count }) => rules.mayRead(read.table, address, address + count))
    .toSorted((a, b) => a.count - b.count || b.address - a.address);
}
