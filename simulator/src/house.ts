import { Battery, type BatterySpec } from "./battery.js";
import { type ElectricalState, electricalState, type ThreePhases } from "./electrical.js";
import { SeededRandom } from "./random.js";
import { PowerCurve, type Series } from "./series.js";

/** What a simulated household consists of. */
export interface HouseSpec {
  readonly seed: string;
  readonly series: Series;
  /** Where in the series the playback starts, UTC. */
  readonly playFrom: string;
  /** Seconds of the series per real second. */
  readonly speed: number;
  readonly hasGeneration: boolean;
  readonly battery?: BatterySpec;
}

/** Energy registers of a meter as it would hold them without rounding, Wh. */
export interface EnergyWh {
  readonly importWh: number;
  readonly exportWh: number;
}

export type MeterPlace = "connection" | "generator";

const tickMs = 200;
const realHours = tickMs / 3_600_000;
/** Two hours of one sample a second. */
const historyLimit = 7200;

/**
 * A household behind its meters. Only the playback of the measured series runs fast, and with it
 * the battery; power is integrated over real time, so registers move as those of a real house.
 * The house advances in fixed ticks, so the same seed gives the same registers at the same moment
 * however often it is read.
 */
export class House {
  readonly #spec: HouseSpec;
  readonly #startedAtMs: number;
  readonly #playFromMs: number;
  readonly #production: PowerCurve;
  readonly #consumption: PowerCurve;
  readonly #battery: Battery | undefined;
  readonly #random: SeededRandom;
  readonly #loadShares: ThreePhases;
  readonly #accounts: Readonly<Record<MeterPlace, EnergyAccount>>;
  readonly #history: { atMs: number; readings: Record<MeterPlace, EnergyWh> }[] = [];
  #phasesW: Record<MeterPlace, ThreePhases> = { connection: [0, 0, 0], generator: [0, 0, 0] };
  #ticks = 0;

  constructor(spec: HouseSpec, startedAtMs: number) {
    const { seed, series } = spec;
    this.#spec = spec;
    this.#startedAtMs = startedAtMs;
    this.#playFromMs = Date.parse(spec.playFrom) - series.startMs;
    this.#production = new PowerCurve(series.productionWh, series.stepMs, 0.08, `${seed}/sun`);
    this.#consumption = new PowerCurve(series.consumptionWh, series.stepMs, 0.25, `${seed}/load`);
    this.#battery = spec.battery && new Battery(spec.battery);
    this.#random = new SeededRandom(seed);
    this.#loadShares = sharesOf(this.#random);
    this.#accounts = {
      connection: new EnergyAccount(this.#random.between(1_000_000, 4_000_000), 500_000),
      generator: new EnergyAccount(12, this.#random.between(600_000, 3_000_000)),
    };
    this.#tick();
  }

  /** Lives on until `nowMs`; a time before the last one changes nothing. */
  advance(nowMs: number): void {
    const due = Math.floor((nowMs - this.#startedAtMs) / tickMs);
    while (this.#ticks < due) this.#tick();
  }

  /** Everything a meter at this place would measure now, by quantity; energy in unrounded Wh. */
  measure(place: MeterPlace): ElectricalState {
    const account = this.#accounts[place];
    return electricalState({
      phasesW: this.#phasesW[place],
      total: account.total,
      phases: account.phases,
      noise: this.#random,
      second: Math.floor((this.#ticks * tickMs) / 1000),
    });
  }

  /** The true registers now. */
  registers(place: MeterPlace): EnergyWh {
    return { ...this.#accounts[place].total };
  }

  /**
   * The true registers as they were at `atMs`, to within a second; undefined where that is
   * before the start or longer ago than two hours.
   */
  registersAt(place: MeterPlace, atMs: number): EnergyWh | undefined {
    return this.#history.findLast((sample) => sample.atMs <= atMs)?.readings[place];
  }

  #tick(): void {
    const { hasGeneration, speed } = this.#spec;
    const playedMs = this.#playFromMs + this.#ticks * tickMs * speed;
    const productionW = hasGeneration ? this.#production.powerW(playedMs) : 0;
    const loadW = this.#consumption.powerW(playedMs);
    const batteryW = this.#battery?.step(productionW - loadW, realHours * speed) ?? 0;
    const [l1, l2, l3] = this.#loadShares;
    this.#phasesW = {
      connection: [loadW * l1 - productionW + batteryW, loadW * l2, loadW * l3],
      generator: [productionW === 0 ? 0 : -productionW, 0, 0],
    };
    this.#accounts.connection.add(this.#phasesW.connection);
    this.#accounts.generator.add(this.#phasesW.generator);
    this.#ticks += 1;
    if ((this.#ticks * tickMs) % 1000 === 0) this.#remember();
  }

  #remember(): void {
    this.#history.push({
      atMs: this.#startedAtMs + this.#ticks * tickMs,
      readings: {
        connection: this.registers("connection"),
        generator: this.registers("generator"),
      },
    });
    if (this.#history.length > historyLimit) this.#history.shift();
  }
}

/** Cumulative registers: of the sum of the phases, as meters for billing count, and of each phase. */
class EnergyAccount {
  readonly total: { importWh: number; exportWh: number };
  readonly phases = [0, 1, 2].map(() => ({ importWh: 0, exportWh: 0 }));

  constructor(importWh: number, exportWh: number) {
    this.total = { importWh, exportWh };
    for (const phase of this.phases) {
      phase.importWh = importWh / 3;
      phase.exportWh = exportWh / 3;
    }
  }

  add(phasesW: ThreePhases): void {
    count(this.total, phasesW[0] + phasesW[1] + phasesW[2]);
    for (const [index, phase] of this.phases.entries()) count(phase, phasesW[index] ?? 0);
  }
}

function count(register: { importWh: number; exportWh: number }, powerW: number): void {
  if (powerW > 0) register.importWh += powerW * realHours;
  else register.exportWh -= powerW * realHours;
}

function sharesOf(random: SeededRandom): ThreePhases {
  const [a, b, c] = [random.between(1, 2), random.between(1, 2), random.between(1, 2)];
  const total = a + b + c;
  return [a / total, b / total, c / total];
}
