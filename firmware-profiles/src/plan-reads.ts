import { declaredRuns, isPartial, readableAs, undeclaredBetween, valuePlaces } from "./map.js";
import { planTable, type Stop } from "./plan-table.js";
import type { Table } from "./schema.js";
import { headerLength, shiftsOf } from "./sunspec.js";
import type { Place, PollClass, Profile, Register } from "./types.js";
import { requestCostRegisters } from "./wire-time.js";

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
  /** What the meter needs before each answer, ms. Default: what the profile says, or 0. */
  readonly turnaroundMs?: number;
}

function chosen(profile: Profile, { quantities, pollClasses = ["fast"] }: PlanOptions): Register[] {
  const all = [...profile.registers, ...profile.identity];
  return quantities
    ? all.filter(({ quantity }) => quantities.includes(quantity))
    : all.filter(({ pollClass }) => pollClasses.includes(pollClass));
}

/** What has to be read for the registers, at the meter's addresses: also their factors and SunSpec headers. */
function stopsFor(profile: Profile, registers: readonly Register[]): Stop[] {
  const { model, common } = shiftsOf(profile);
  const stops = new Map<string, Stop>();
  const add = (place: Place, shift: number, quantity?: string) => {
    const { table, address, length } = readableAs(profile, place);
    const key = `${table} ${address + shift} ${length}`;
    const quantities = [...(stops.get(key)?.quantities ?? []), ...(quantity ? [quantity] : [])];
    stops.set(key, { table, address: address + shift, length, quantities });
  };
  for (const register of registers) {
    const shift = register.pollClass === "identity" ? common : model;
    if (profile.sunspec) add({ table: register.table, address: 0, length: headerLength }, shift);
    add(register, shift, register.quantity);
    for (const place of register.plus) add(place, shift, register.quantity);
    for (const factor of register.factors) add(factor, model);
  }
  return [...stops.values()].toSorted((a, b) => a.address - b.address);
}

/** Whether one request may read all from `from` to before `to`: as far as the meter allows, and no value in part. */
function mayRead(profile: Profile) {
  const { model } = shiftsOf(profile);
  const values = valuePlaces(profile);
  const cuts = (table: Table, at: number) =>
    values.some(
      (value) => value.table === table && value.address < at && at < value.address + value.length,
    );
  const runs = {
    input: declaredRuns(profile, "input"),
    holding: declaredRuns(profile, "holding"),
  };
  return (table: Table, from: number, to: number) =>
    to - from <= profile.maxRegisters &&
    !cuts(table, from - model) &&
    !cuts(table, to - model) &&
    !isPartial(profile, { table, address: from - model, length: to - from }) &&
    (profile.gaps === "readable" ||
      undeclaredBetween(runs[table], from - model, to - model) === undefined);
}

function plan(profile: Profile, registers: readonly Register[], options: PlanOptions) {
  const stops = stopsFor(profile, registers);
  const rules = {
    mayRead: mayRead(profile),
    requestCost: requestCostRegisters(profile, options),
    isTogether: profile.importExport === "together",
    boundaries: stopsFor(profile, profile.registers),
  };
  return (["input", "holding"] as const).flatMap((table) =>
    planTable(
      stops.filter((stop) => stop.table === table),
      rules,
    ),
  );
}

/**
 * The requests that read the chosen registers and their factors in the least time on the wire:
 * within the maker's maximum; across a hole where the meter allows it and it costs less than
 * another request (10 registers plus the meter's turnaround, up to 19200 Bd); import and export of
 * an energy never apart; answers of unequal length where that costs no request more. Where a
 * serial number fits into a request for energy for less than a request of its own, a fast plan reads it too, so
 * that each answer says which meter gave it.
 * Throws ProfileError `profile.unresolved` for a SunSpec profile that no live meter was asked for.
 */
export function planReads(profile: Profile, options: PlanOptions = {}): PlannedRead[] {
  const registers = chosen(profile, options);
  const reads = plan(profile, registers, options);
  return withSerialNumber(profile, registers, reads, options) ?? reads;
}

const total = (reads: readonly PlannedRead[]) => reads.reduce((sum, { count }) => sum + count, 0);

/** The plan with the serial number in it; undefined where that would cost a request, or as much as one. */
function withSerialNumber(
  profile: Profile,
  registers: readonly Register[],
  reads: readonly PlannedRead[],
  options: PlanOptions,
): PlannedRead[] | undefined {
  const serialNumber = profile.identity.find(({ quantity }) => quantity === "serialNumber");
  const hasEnergy = registers.some(({ quantity }) => quantity.startsWith("activeEnergy"));
  if (options.quantities || !serialNumber || !hasEnergy || registers.includes(serialNumber)) return;
  const more = plan(profile, [...registers, serialNumber], options);
  const cost = total(more) - total(reads);
  const isCheap = more.length === reads.length && cost <= requestCostRegisters(profile, options);
  return isCheap ? more : undefined;
}
