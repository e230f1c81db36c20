import type { Profile } from "@powershare/firmware-profiles";
import { BusError, type RegisterReader, type Table } from "@powershare/modbus";

/** A register that most meters of a setting have, of one table. */
export interface Probe {
  readonly table: Table;
  readonly address: number;
}

export interface SweepOptions {
  readonly reader: RegisterReader;
  readonly units: readonly number[];
  readonly probes: readonly Probe[];
  /** How long a meter may think, ms; one that takes longer is noticed by its late answer. */
  readonly patienceMs: number;
  readonly stop: AbortSignal;
  /** Told after each probe. */
  readonly onProbe: () => void;
  /** Waits, after the last probe, for what may still be on its way. */
  readonly settle: () => Promise<void>;
  /** A sound frame of the unit came; a refusal is one. */
  readonly onPresent: (unit: number) => Promise<void>;
}

/** Registers of each probe; two are one float32, and what every map has. */
export const probeCount = 2;
/** A meter that was noticed late, or garbled, is asked again with this patience. */
const longPatienceMs = 700;
/** Refusals by a gateway in a meter's stead (Modbus Application Protocol V1.1b3, 7). */
const gatewayCodes: readonly number[] = [10, 11];

export type Reply = "present" | "silent" | "damaged";

/**
 * Asks each unit for something small, with little patience. RTU answers name their unit, so a late
 * one is still known for whose it is: such a unit is asked again with patience.
 * @returns units at whose turn damaged bytes came, and nothing else so far
 * Rejects with BusError where the port or the connection itself fails.
 */
export async function sweepUnits(options: SweepOptions): Promise<number[]> {
  const { reader, units, probes, patienceMs, stop, onProbe, onPresent, settle } = options;
  const replies = new Map<number, Reply>();
  const note = async (unit: number, reply: Reply) => {
    if (reply !== "silent" || !replies.has(unit)) replies.set(unit, reply);
    if (reply === "present") await onPresent(unit);
  };
  for (const probe of probes) {
    for (const unit of units) {
      if (stop.aborted) break;
      if (replies.get(unit) === "present") continue;
      const reply = await askOnce(reader, unit, probe, patienceMs);
      onProbe();
      await note(unit, reply);
    }
  }
  if (!stop.aborted) await settle();
  const isLate = (unit: number) =>
    replies.get(unit) !== "present" && reader.statistics(unit).lateAnswers > 0;
  for (const unit of units.filter(isLate)) {
    if (!stop.aborted) await note(unit, await askPatiently(reader, unit, probes));
  }
  return units.filter((unit) => replies.get(unit) === "damaged");
}

/** Asks a unit with much patience, and once more where only damage came; one sound frame is enough. */
export async function askPatiently(
  reader: RegisterReader,
  unit: number,
  probes: readonly Probe[],
): Promise<Reply> {
  let reply: Reply = "silent";
  for (let time = 0; time < 2; time++) {
    for (const probe of probes) {
      const answer = await askOnce(reader, unit, probe, longPatienceMs);
      if (answer === "present") return answer;
      if (answer === "damaged") reply = answer;
    }
    if (reply === "silent") break;
  }
  return reply;
}

async function askOnce(
  reader: RegisterReader,
  unit: number,
  probe: Probe,
  timeoutMs: number,
): Promise<Reply> {
  try {
    await reader.read({ unit, ...probe, count: probeCount, timeoutMs });
    return "present";
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    const { code, exceptionCode } = error;
    if (code === "bus.exception") {
      return gatewayCodes.includes(exceptionCode ?? 0) ? "silent" : "present";
    }
    if (code === "bus.crc") return "damaged";
    if (code === "bus.timeout" || code === "bus.deadline") return "silent";
    throw error;
  }
}

/** One register of each table: that which most of the profiles read at every poll. */
export function probesFor(profiles: readonly Profile[]): Probe[] {
  const votes = new Map<string, { probe: Probe; count: number; total: number }>();
  const ofTable = (table: Table) =>
    profiles.filter(({ registers }) => registers.some((each) => each.table === table)).length;
  for (const { registers, sunspec } of profiles) {
    const first = registers.find(({ quantity }) => quantity === "voltageL1V") ?? registers[0];
    if (!first) continue;
    const { table } = first;
    // Models lie where only the meter knows: its marker is what can be asked for.
    const address = sunspec ? (sunspec.bases[0] ?? 40_000) : first.address;
    const key = `${table} ${address}`;
    const count = 1 + (votes.get(key)?.count ?? 0);
    votes.set(key, { probe: { table, address }, count, total: ofTable(table) });
  }
  const sorted = [...votes.values()].toSorted((a, b) => b.total - a.total || b.count - a.count);
  const isFirst = ({ probe }: { probe: Probe }, index: number) =>
    sorted.findIndex((each) => each.probe.table === probe.table) === index;
  return sorted.filter(isFirst).map(({ probe }) => probe);
}
