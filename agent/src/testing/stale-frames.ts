import type { RegisterValues } from "@powershare/domain/evidence";
import { encode, parseProfile } from "@powershare/firmware-profiles";
import { LiveMeters } from "../app/live-meters.js";
import { MeterEpochs } from "../app/meter-epochs.js";
import { MeterPoller } from "../app/meter-poller.js";
import { ReadingLog } from "../app/reading-log.js";
import { Health } from "../app/watch-health.js";
import type { Bus, BusRead } from "../ports/bus.js";
import type { Clock } from "../ports/clock.js";
import type { StoredEntry } from "../ports/store.js";
import { seeded } from "./seeded.js";

const slotMs = 900_000;
/** 1 % of the slot (PTB-A 50.8). */
const toleranceMs = 9_000;
const answerMs = 60;
const profile = parseProfile(`
id: test/meter
maker: Test
model: Meter
firmware: any
source: { title: none }
captures: constructed
serial: { baudRate: 9600, parity: none }
maxRegisters: 20
defaults: { table: input, type: u32, wordOrder: big }
registers:
  - { quantity: activePowerW, address: 0, type: s32, unit: W, pollClass: fast }
  - { quantity: activeEnergyImportWh, address: 2, unit: Wh, pollClass: fast }
  - { quantity: activeEnergyExportWh, address: 4, unit: Wh, pollClass: fast }
identity:
  - { quantity: serialNumber, address: 16 }
`);

export interface StaleCounts {
  boundaries: number;
  injected: number;
  /** Boundaries with a good reading within the tolerance. */
  closed: number;
  rejected: number;
  /** Signed register values that are off by more than the energy of the tolerance and a register step. */
  wrong: number;
}

/**
 * Polls a meter around slot boundaries while its line hands out older answers of the same shape.
 * @param confirm false: no second read, as a negative control
 */
export async function runStaleFrames(
  injections: number,
  seed: number,
  { confirm = true } = {},
): Promise<StaleCounts> {
  const line = new StaleLine(seed);
  const counts: StaleCounts = { boundaries: 0, injected: 0, closed: 0, rejected: 0, wrong: 0 };
  const poller = pollerOn(line, confirm ? slotMs / 1000 : 1e12);
  await poller.poll();
  while (line.injected < injections) {
    counts.boundaries += 1;
    const boundaryMs = (Math.floor(line.nowMs() / slotMs) + 1) * slotMs;
    line.powerW = line.between(-8_000, 20_000);
    // The last poll before the boundary; sometimes the meter was silent for long before it.
    line.passUntil(boundaryMs - line.pick([300, 900, 30_000, 600_000]));
    line.staleShare = 0;
    await poller.poll();
    line.passUntil(boundaryMs + line.between(0, 900));
    const taken = line.kept.length;
    line.staleNext = true;
    line.staleShare = 0.3;
    while (line.nowMs() < boundaryMs + toleranceMs && !line.hasGoodSince(taken)) {
      await poller.poll();
      line.pass(1_000 - answerMs);
    }
    line.staleShare = 0;
    await poller.poll();
    counts.rejected += line.rejectedSince(taken);
    const first = line.goodSince(taken);
    if (first === undefined || first.atMs > boundaryMs + toleranceMs) continue;
    counts.closed += 1;
    if (line.isWrong(first)) counts.wrong += 1;
    line.forget();
  }
  counts.injected = line.injected;
  return counts;
}

interface Good {
  readonly atMs: number;
  readonly energy: RegisterValues;
}

/** A meter, its line, the time, and what the agent kept. */
class StaleLine implements Pick<Bus, "read"> {
  powerW = 1_000;
  /** Of answers that are older ones of the same shape. */
  staleShare = 0;
  staleNext = false;
  injected = 0;
  kept: StoredEntry[] = [];
  readonly #random: () => number;
  readonly #answers = new Map<string, Uint8Array[]>();
  #ms = 0;
  readonly #startMs = Date.parse("2026-06-01T12:00:00Z");
  #importWh = 1_000_000;
  #exportWh = 500_000;
  /** True registers and power at the times at which the agent stamped. */
  #truth: { atMs: number; importWh: number; exportWh: number; powerW: number }[] = [];

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  nowMs(): number {
    return this.#startMs + this.#ms;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  between(least: number, most: number): number {
    return least + this.#random() * (most - least);
  }

  pick(from: readonly [number, ...number[]]): number {
    return from[Math.floor(this.#random() * from.length)] ?? from[0];
  }

  passUntil(untilMs: number): void {
    this.pass(Math.max(0, untilMs - this.nowMs()));
  }

  pass(ms: number): void {
    const whole = Math.round(ms);
    this.#ms += whole;
    const wh = (Math.abs(this.powerW) * whole) / 3_600_000;
    if (this.powerW > 0) this.#importWh += wh;
    else this.#exportWh += wh;
    this.#truth.push({ atMs: this.nowMs(), ...this.#registers(), powerW: this.powerW });
  }

  async read({ table, address, count }: BusRead): Promise<Uint8Array> {
    const shape = `${table} ${address} ${count}`;
    const older = this.#answers.get(shape) ?? [];
    const fresh = encode(profile, {
      activePowerW: Math.round(this.powerW),
      activeEnergyImportWh: Math.floor(this.#importWh),
      activeEnergyExportWh: Math.floor(this.#exportWh),
      serialNumber: 7,
    }).read(table, address, count);
    this.pass(answerMs);
    const stale = older.length > 0 && (this.staleNext || this.#random() < this.staleShare);
    this.staleNext = false;
    this.#answers.set(shape, [...older, fresh ?? new Uint8Array()].slice(-6));
    if (!stale) return fresh ?? new Uint8Array();
    this.injected += 1;
    // Most often the newest one before: the answer to a request that was given up.
    const back = this.#random() < 0.6 ? 1 : 1 + Math.floor(this.#random() * older.length);
    return older.at(-back) ?? new Uint8Array();
  }

  #registers(): RegisterValues {
    return { importWh: Math.floor(this.#importWh), exportWh: Math.floor(this.#exportWh) };
  }

  goodSince(taken: number): Good | undefined {
    for (const entry of this.kept.slice(taken)) {
      if ("reading" in entry && entry.energy !== null) {
        return { atMs: Date.parse(entry.reading.at), energy: entry.energy };
      }
    }
    return undefined;
  }

  hasGoodSince(taken: number): boolean {
    return this.goodSince(taken) !== undefined;
  }

  rejectedSince(taken: number): number {
    return this.kept.slice(taken).filter((entry) => "reading" in entry && entry.energy === null)
      .length;
  }

  isWrong({ atMs, energy }: Good): boolean {
    const truth = this.#truth.findLast((one) => one.atMs <= atMs);
    if (truth === undefined) return true;
    const allowedWh = 1 + Math.abs(truth.powerW) * (toleranceMs / 3_600_000);
    return (
      Math.abs(energy.importWh - truth.importWh) > allowedWh ||
      Math.abs(energy.exportWh - truth.exportWh) > allowedWh
    );
  }

  forget(): void {
    this.#truth = this.#truth.slice(-1);
    this.kept = [];
  }
}

function pollerOn(line: StaleLine, slotSeconds: number): MeterPoller {
  const clock: Clock = {
    nowMs: () => line.nowMs(),
    monotonicMs: () => line.monotonicMs(),
    moment: () => ({ utcMs: line.nowMs(), monotonicMs: line.monotonicMs() }),
    bootId: "b",
    quality: () => "synchronised",
    status: () => ({
      quality: "synchronised",
      keeper: null,
      syncedAgoMs: null,
      contradictions: [],
    }),
    resume: () => {},
    sleep: async () => {},
  };
  let last = 0;
  const store = {
    lastSequence: () => last,
    lastEntry: () => undefined,
    insertReadings: (entries: readonly StoredEntry[]) => {
      line.kept.push(...entries);
      last += entries.length;
    },
    lastGood: () => undefined,
    pins: () => new Map<string, string>(),
    pinMeter: (_place: string, meter: string) => meter,
    epochs: () => [],
    saveEpoch: () => {},
    pinSetup: (_meter: string, setup: string) => setup,
    fallen: () => [],
    saveFallen: () => {},
  };
  const health = new Health(clock, { debug() {}, info() {}, warn() {}, error() {} });
  const readings = new ReadingLog({
    store,
    clock,
    health,
    slotSeconds: 900,
    pollIntervalMs: 5_000,
  });
  const epochs = new MeterEpochs({ store, readings, clock });
  const poller = new MeterPoller(
    {
      place: "line1/1",
      unit: 1,
      profile,
      role: "connection",
      serialNumber: undefined,
      fuseA: 63,
      phases: 3,
    },
    {
      bus: { ...unused, read: (request) => line.read(request) },
      store,
      readings,
      epochs,
      meters: new LiveMeters(),
      clock,
      health,
      slotSeconds,
      timeoutMs: 300,
      baudRate: 9600,
    },
  );
  const poll = poller.poll.bind(poller);
  poller.poll = async () => {
    const refused = await poll();
    readings.save();
    return refused;
  };
  return poller;
}

const unused: Omit<Bus, "read"> = {
  statistics: () => {
    throw new Error("not asked for");
  },
  confirmPort: () => {},
  leavePort: () => false,
  close: async () => {},
};
