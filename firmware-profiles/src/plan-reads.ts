import { pairedQuantity } from "./quantities.js";
import type { PollClass, Profile, Register, Table } from "./schema.js";

/** One request: `count` registers of a table from `address`. */
export interface PlannedRead {
  readonly table: Table;
  readonly address: number;
  readonly count: number;
}

export interface PlanOptions {
  /** Only these quantities (identity ones too). Default: all of the poll classes asked for. */
  readonly quantities?: readonly string[];
  /** Default: ["fast"]. */
  readonly pollClasses?: readonly (PollClass | "identity")[];
  /** Of the line, default the profile's factory setting. */
  readonly baudRate?: number;
  /** What the meter needs before each answer, ms. Default 0. */
  readonly turnaroundMs?: number;
}

/** Characters of request and answer beyond the registers' own bytes. */
const frameCharacters = 13;

/** What a further request costs, in registers: frames, two silences and the meter's turnaround. */
function requestCost(profile: Profile, { baudRate, turnaroundMs = 0 }: PlanOptions): number {
  const { serial } = profile;
  const bits = serial.parity === "none" ? 10 : 11;
  const baud = baudRate ?? serial.baudRate;
  const characterMs = (bits * 1000) / baud;
  const silence = baud > 19_200 ? 1.75 / characterMs : 3.5;
  return (frameCharacters + 2 * silence + turnaroundMs / characterMs) / 2;
}

function chosen(profile: Profile, { quantities, pollClasses = ["fast"] }: PlanOptions): Register[] {
  const all = [...profile.registers, ...profile.identity];
  return quantities
    ? all.filter(({ quantity }) => quantities.includes(quantity))
    : all.filter(({ pollClass }) => pollClasses.includes(pollClass));
}

/** Whether a request may end before `sorted[cut]`: not between import and export of one energy. */
function maySplit(sorted: readonly Register[], cut: number): boolean {
  const behind = new Set(sorted.slice(cut).map(({ quantity }) => quantity));
  return !sorted
    .slice(0, cut)
    .some(({ quantity }) => behind.has(pairedQuantity(quantity) ?? quantity));
}

interface Best {
  readonly cost: number;
  readonly reads: readonly PlannedRead[];
}

/** Least time on the wire for the registers of one table, sorted by address: best[n] reads the first n. */
function planTable(sorted: readonly Register[], max: number, requestCost: number): Best["reads"] {
  const best: (Best | undefined)[] = [{ cost: 0, reads: [] }];
  for (const [last, { table, address, length }] of sorted.entries()) {
    const candidates = sorted.slice(0, last + 1).map((register, first): Best | undefined => {
      const before = best[first];
      const count = address + length - register.address;
      if (!before || count > max || !maySplit(sorted, first)) return undefined;
      const read = { table, address: register.address, count };
      return { cost: before.cost + requestCost + count, reads: [...before.reads, read] };
    });
    // At equal cost the first candidate wins: the longest block, so fewer requests.
    best.push(
      candidates.reduce(
        (found, next) => (next && next.cost < (found?.cost ?? Infinity) ? next : found),
        undefined,
      ),
    );
  }
  return best.at(-1)?.reads ?? [];
}

/**
 * Lengthens blocks, by whole values, until no two of the plan have equally long answers: RTU
 * answers carry no address, and a stale one of another length is recognised. Only within the span
 * of the measured registers, where a meter answers, and up to the maker's maximum.
 */
function withUniqueLengths(reads: readonly PlannedRead[], { registers, maxRegisters }: Profile) {
  const taken = new Set<string>();
  return reads.map(({ table, address, count }): PlannedRead => {
    const measured = registers.filter((register) => register.table === table);
    const end = Math.max(0, ...measured.map((register) => register.address + register.length));
    const step = Math.min(...measured.map(({ length }) => length));
    const limit = Math.min(maxRegisters, end - address);
    let length = count;
    while (taken.has(`${table} ${length}`) && length + step <= limit) length += step;
    const unique = taken.has(`${table} ${length}`) ? count : length;
    taken.add(`${table} ${unique}`);
    return { table, address, count: unique };
  });
}

/**
 * The requests that read the chosen registers in the least time on the wire: within the maker's
 * maximum, across a hole where that costs less than another request (10 registers plus the
 * meter's turnaround, up to 19200 Bd), import and export of an energy never apart, answers of
 * unequal length where possible.
 */
export function planReads(profile: Profile, options: PlanOptions = {}): PlannedRead[] {
  const registers = chosen(profile, options).toSorted((a, b) => a.address - b.address);
  const cost = requestCost(profile, options);
  const reads = (["input", "holding"] as const).flatMap((table) =>
    planTable(
      registers.filter((register) => register.table === table),
      profile.maxRegisters,
      cost,
    ),
  );
  return withUniqueLengths(reads, profile);
}
