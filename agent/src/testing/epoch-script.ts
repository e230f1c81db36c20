import { type MeteredRegisters, serialMeterOf } from "@powershare/domain/metering";
import { MeterEpochs } from "../app/meter-epochs.js";
import { type Judgement, MeterJudge, type Observed } from "../app/meter-judge.js";
import type { EpochStore, StoredEpoch } from "../ports/epochs.js";
import type { StoredReading } from "../ports/store.js";
import { seeded } from "./seeded.js";

const limits = { fuseA: 63, phases: 3, registerStepWh: 1 };
const mostW = limits.fuseA * 230 * limits.phases;
const stepsPerSequence = 60;
const startMs = Date.parse("2026-06-01T12:00:00Z");

export interface EpochCounts {
  sequences: number;
  resets: number;
  replacements: number;
  rollovers: number;
  outages: number;
  restarts: number;
  glitches: number;
  confirmed: number;
  /** Good readings under the id of another count than they are of. */
  guesses: number;
  /** Ids whose billed energy is more than 1 Wh from what their meter counted between the same readings. */
  unequal: number;
  /** Sequences that end with a meter whose readings are not good although it kept counting. */
  stuck: number;
}

/** What stands for the judge: replaced for a negative control. */
export type Judge = Pick<MeterJudge, "judge" | "kept">;
export type MakeJudge = (options: ConstructorParameters<typeof MeterJudge>[0]) => Judge;

interface Seen {
  readonly count: number;
  /** True count in whole Wh, unwrapped. */
  readonly trueWh: number;
}

/** Runs sequences of resets, replacements, rollovers, outages, restarts and single wrong readings, as a seed says. */
export function runEpochs(
  sequences: number,
  seed: number,
  make: MakeJudge = (options) => new MeterJudge(options),
): EpochCounts {
  const counts: EpochCounts = {
    sequences,
    resets: 0,
    replacements: 0,
    rollovers: 0,
    outages: 0,
    restarts: 0,
    glitches: 0,
    confirmed: 0,
    guesses: 0,
    unequal: 0,
    stuck: 0,
  };
  const random = seeded(seed);
  for (let n = 0; n < sequences; n += 1) new Sequence(random, counts, make).run();
  return counts;
}

class Sequence {
  readonly #random: () => number;
  readonly #counts: EpochCounts;
  readonly #make: MakeJudge;
  readonly #rollsOverAtWh: number;
  readonly #saved = new Map<string, StoredEpoch>();
  readonly #lastGood = new Map<string, StoredReading>();
  readonly #fallen = new Map<string, MeteredRegisters[]>();
  readonly #seen = new Map<number, Seen>();
  /** First and last good reading under each id. */
  readonly #billed = new Map<string, { first: number; last: number; energyWh: number[] }>();
  #epochs: MeterEpochs;
  #judge: Judge;
  #ms = 0;
  #bootId = "b0";
  #sequence = 0;
  /** Which physical count it is; a reset or another meter begins a new one. */
  #count = 0;
  #serial = 1;
  #trueWh: number;

  constructor(random: () => number, counts: EpochCounts, make: MakeJudge) {
    this.#random = random;
    this.#counts = counts;
    this.#make = make;
    this.#rollsOverAtWh = this.#pick([2 ** 32, 100_000_000, 1_000_000_000]);
    const nearEnd = random() < 0.4;
    this.#trueWh = nearEnd
      ? this.#rollsOverAtWh - random() * 5_000
      : 20_000_000 + random() * 20_000_000;
    this.#epochs = this.#loadEpochs();
    this.#judge = this.#load();
  }

  run(): void {
    this.#read(1_000);
    for (let step = 0; step < stepsPerSequence; step += 1) this.#step();
    // Whatever happened last: the meter goes on, and the household answers.
    for (let n = 0; n < 12; n += 1) this.#read(1_000);
    this.#answer();
    const last = this.#read(1_000);
    if (last.quality !== "good") this.#counts.stuck += 1;
    this.#balance();
  }

  #step(): void {
    const chance = this.#random();
    if (chance < 0.03) this.#reset();
    else if (chance < 0.05) this.#replace();
    else if (chance < 0.08) this.#outage();
    else if (chance < 0.11) this.#restart();
    else if (chance < 0.15) this.#glitch();
    else if (chance < 0.25) this.#answer();
    this.#read(1_000 + Math.floor(this.#random() * 2_000));
  }

  /** Not where a reset looks exactly like a rollover: nobody could tell. */
  #reset(): void {
    const shownWh = this.#trueWh % this.#rollsOverAtWh;
    if (shownWh > this.#rollsOverAtWh - 2_000_000 || shownWh < 2_000) return;
    this.#counts.resets += 1;
    this.#count += 1;
    this.#trueWh = this.#random() < 0.7 ? 0 : Math.floor(this.#random() * 1_000);
  }

  #replace(): void {
    this.#counts.replacements += 1;
    this.#count += 1;
    this.#serial += 1;
    this.#trueWh = 3_000_000 + Math.floor(this.#random() * 30_000_000);
  }

  #outage(): void {
    this.#counts.outages += 1;
    this.#flow(Math.floor(this.#random() * 6 * 3_600_000));
  }

  /** The agent's memory is gone, the disk is not; sometimes the machine was off as well. */
  #restart(): void {
    this.#counts.restarts += 1;
    if (this.#random() < 0.5) {
      this.#flow(Math.floor(this.#random() * 3_600_000));
      this.#bootId = `b${this.#ms}`;
    }
    this.#epochs = this.#loadEpochs();
    this.#judge = this.#load();
  }

  #glitch(): void {
    this.#counts.glitches += 1;
    this.#ms += 500;
    const wrong = Math.floor(this.#random() * this.#rollsOverAtWh);
    this.#take(this.#observed(wrong), undefined);
  }

  #answer(): void {
    for (const { meter, opening } of this.#epochs.pending) {
      this.#epochs.decide(meter, "confirm", opening);
      this.#counts.confirmed += 1;
    }
  }

  #read(afterMs: number): Judgement {
    this.#flow(afterMs);
    const trueWh = Math.floor(this.#trueWh);
    return this.#take(this.#observed(trueWh % this.#rollsOverAtWh), {
      count: this.#count,
      trueWh,
    });
  }

  #take(observed: Observed, seen: Seen | undefined): Judgement {
    const { rollsOverAtWh } = { rollsOverAtWh: this.#rollsOverAtWh };
    const judgement = this.#judge.judge(observed, "a/b:1", {
      ...limits,
      rollsOverAtWh: { importWh: rollsOverAtWh, exportWh: rollsOverAtWh },
    });
    this.#sequence += 1;
    if (seen !== undefined) this.#seen.set(this.#sequence, seen);
    this.#judge.kept(this.#sequence, judgement);
    if (judgement.quality === "good") this.#bill(judgement, observed);
    return judgement;
  }

  #bill({ meter, energy }: Extract<Judgement, { quality: "good" }>, observed: Observed): void {
    const known = this.#billed.get(meter);
    const last = this.#sequence;
    this.#billed.set(meter, {
      first: known?.first ?? last,
      last,
      energyWh: [known?.energyWh[0] ?? energy.importWh, energy.importWh],
    });
    const { serialMeter: _s, setup: _u, importWh: _i, exportWh: _e, ...stamp } = observed;
    const reading = {
      v: 1 as const,
      meter,
      sequence: last,
      ...stamp,
      profile: "ab".repeat(32),
      registers: [],
      quality: "good" as const,
    };
    this.#lastGood.set(meter, { reading, energy });
  }

  /** Every id holds readings of one count, and its energy is what that count grew by. */
  #balance(): void {
    for (const [meter, { first, last, energyWh }] of this.#billed) {
      const epoch = this.#saved.get(meter);
      const from = this.#seen.get(epoch?.opening.reading ?? first);
      const to = this.#seen.get(last);
      const [firstWh = 0, lastWh = 0] = energyWh;
      const billedWh = lastWh - (epoch?.opening.importWh ?? firstWh);
      if (from === undefined || to === undefined || from.count !== to.count) {
        this.#counts.guesses += 1;
      } else if (Math.abs(billedWh - (to.trueWh - from.trueWh)) > 1) {
        this.#counts.unequal += 1;
      }
    }
  }

  #flow(ms: number): void {
    const before = Math.floor(this.#trueWh / this.#rollsOverAtWh);
    this.#ms += ms;
    this.#trueWh += this.#random() * ((mostW * ms) / 3_600_000);
    if (Math.floor(this.#trueWh / this.#rollsOverAtWh) > before) this.#counts.rollovers += 1;
  }

  #observed(importWh: number): Observed {
    return {
      serialMeter: `a/b:${this.#serial}`,
      setup: undefined,
      at: new Date(startMs + this.#ms).toISOString(),
      monotonicMs: this.#ms,
      bootId: this.#bootId,
      clock: "synchronised",
      importWh,
      exportWh: 0,
    };
  }

  #loadEpochs(): MeterEpochs {
    const store: EpochStore = {
      epochs: () => [...this.#saved.values()],
      saveEpoch: (epoch) => void this.#saved.set(epoch.meter, epoch),
      pinSetup: (_meter, setup) => setup,
      fallen: () => [],
      saveFallen: () => {},
    };
    const clock = {
      nowMs: () => startMs + this.#ms,
      monotonicMs: () => this.#ms,
      bootId: this.#bootId,
      quality: () => "synchronised" as const,
    };
    return new MeterEpochs({ store, readings: { record: () => true, save: () => {} }, clock });
  }

  #load(): Judge {
    return this.#make({
      place: "line1/1",
      role: "connection",
      profile: "ab".repeat(32),
      epochs: this.#epochs,
      store: {
        lastGood: (meter) => this.#lastGood.get(meter),
        pins: () => new Map([["line1/1", "a/b:1"]]),
        pinSetup: (_meter, setup) => setup,
        fallen: (meter) => this.#fallen.get(meter) ?? [],
        saveFallen: (meter, fallen) => void this.#fallen.set(meter, [...fallen]),
      },
    });
  }

  #pick(from: readonly [number, ...number[]]): number {
    return from[Math.floor(this.#random() * from.length)] ?? from[0];
  }
}

/** Takes whatever a meter of the same serial number shows: a negative control. */
export class CredulousJudge implements Judge {
  judge({ serialMeter, importWh, exportWh }: Observed): Judgement {
    const meter = serialMeterOf(serialMeter);
    return { quality: "good", meter, energy: { importWh, exportWh } };
  }

  kept(): void {}
}
