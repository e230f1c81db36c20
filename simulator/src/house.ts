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
  /** Of the service, and of the inverter; three and one where it is left out. */
  readonly phases?: { readonly connection: 1 | 3; readonly generator: 1 | 3 };
  readonly battery?: BatterySpec;
}

/** Energy registers of a meter as it would hold them without rounding, Wh. */
export interface EnergyWh {
  readonly importWh: number;
  readonly exportWh: number;
}

export type MeterPlace = "connection" | "generator";

/** What an installer switches: a heater on every phase, the generator; `quiet` leaves all else as it is. */
export interface Switches {
  readonly heater: boolean;
  readonly generator: boolean;
  readonly quiet: boolean;
}

interface Played {
  readonly sunW: number;
  readonly loadW: number;
}

const heaterW = 2000;
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
  /** What the cables carry; which meter measures which is another question. */
  #phasesW: Record<MeterPlace, ThreePhases> = { connection: [0, 0, 0], generator: [0, 0, 0] };
  #switches: Switches = { heater: false, generator: true, quiet: false };
  #held: Played | undefined;
  #isSwapped = false;
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
    const shares = sharesOf(this.#random);
    this.#loadShares = spec.phases?.connection === 1 ? [1, 0, 0] : shares;
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
      phasesW: this.#phasesW[this.#cableAt(place)],
      lineW: this.#phasesW.connection,
      total: account.total,
      phases: account.phases,
      noise: this.#random,
      second: Math.floor((this.#ticks * tickMs) / 1000),
    });
  }

  /** From now on. */
  switch(switches: Switches): void {
    this.#switches = switches;
  }

  /** Connection's and generator's cables change places: each meter goes on with what the other measured. */
  swapCables(): void {
    this.#isSwapped = !this.#isSwapped;
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
    const { generator, quiet } = this.#switches;
    const { sunW, loadW } = this.#played(playedMs);
    const productionW = hasGeneration && generator ? sunW : 0;
    // An installer puts it on standby.
    const batteryW = quiet ? 0 : (this.#battery?.step(productionW - loadW, realHours * speed) ?? 0);
    this.#phasesW = this.#flows(productionW, loadW, batteryW);
    for (const place of ["connection", "generator"] as const) {
      this.#accounts[place].add(this.#phasesW[this.#cableAt(place)]);
    }
    this.#ticks += 1;
    if ((this.#ticks * tickMs) % 1000 === 0) this.#remember();
  }

  /** In the minute of a test neither sun nor loads move much; played so fast they would, so they are held. */
  #played(playedMs: number): Played {
    const [sunW, loadW] = [this.#production.powerW(playedMs), this.#consumption.powerW(playedMs)];
    this.#held = this.#switches.quiet ? (this.#held ?? { sunW, loadW }) : undefined;
    return this.#held ?? { sunW, loadW };
  }

  #flows(productionW: number, loadW: number, batteryW: number): Record<MeterPlace, ThreePhases> {
    const { connection, generator } = this.#spec.phases ?? { connection: 3, generator: 1 };
    const made = (phase: number) =>
      generator === 3 ? productionW / 3 : phase === 0 ? productionW : 0;
    const heats = (phase: number) => (this.#switches.heater && phase < connection ? heaterW : 0);
    const house = (phase: 0 | 1 | 2) =>
      loadW * this.#loadShares[phase] - made(phase) + heats(phase) + (phase === 0 ? batteryW : 0);
    const given = (phase: number) => (made(phase) === 0 ? 0 : -made(phase));
    return {
      connection: [house(0), house(1), house(2)],
      generator: [given(0), given(1), given(2)],
    };
  }

  /** The cable that a meter measures. */
  #cableAt(place: MeterPlace): MeterPlace {
    if (!this.#isSwapped) return place;
    return place === "connection" ? "generator" : "connection";
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
