import { SeededRandom } from "../random.js";
import { type Appliances, dayOf, type Paint } from "./appliances.js";
import { type GridStrength, grids, type LineSpec, type Sensitivity, sensitivity } from "./line.js";
import { type MainsSpec, mains, ordinaryMains } from "./mains.js";
import { secondsPerDay } from "./noise.js";
import { sky } from "./sky.js";

export interface FeederSpec {
  readonly seed: string;
  readonly grid: GridStrength;
  /** Homes besides the one that is measured, spread along the line. */
  readonly neighbours: number;
  /** Of the measured home, which stands at the end of the line. */
  readonly phases: 1 | 3;
  readonly pvW: number;
  /** Uses of kettles, ovens and the like on a mean day in the measured home. */
  readonly uses?: number;
  readonly mains?: MainsSpec;
  /** A battery in the measured home that answers the voltage with so much power, W per V. */
  readonly regulatingWPerV?: number;
  /** All neighbours have 5 kW of panels, none of them on the measured home's phase. */
  readonly sunOnOtherPhases?: boolean;
  /** Something on the same node takes this share of the home's change less, two seconds later. */
  readonly mirroredShare?: number;
}

/** One day at the measured home's meters, second by second: L1, or L1 to L3. */
export interface FeederDay {
  /** + is import. */
  readonly gridW: readonly Float32Array[];
  readonly voltageV: readonly Float32Array[];
  readonly productionW: Float32Array;
}

const nominalV = 230;
const mostRegulatedW = 3000;
const mirrorSeconds = 2;
/** Reactive over active power. */
const tangent = { resistive: 0, motor: 0.5, electronic: 0.1 };
const threeArrays = () => [0, 1, 2].map(() => new Float32Array(secondsPerDay));

interface Home {
  readonly appliances: Appliances;
  readonly pvW: number;
  readonly node: number;
}

/** A transformer, a line, and homes on it that live each their day; the same seed gives the same voltages. */
export class Feeder {
  readonly #spec: FeederSpec;
  readonly #line: LineSpec;
  readonly #neighbours: readonly Home[];
  readonly #home: Home;

  constructor(spec: FeederSpec) {
    this.#spec = spec;
    this.#line = grids[spec.grid];
    const random = new SeededRandom(`${spec.seed}/homes`);
    const { nodes } = this.#line;
    this.#home = { ...homeOf(random, nodes - 1, spec.phases), pvW: spec.pvW };
    this.#neighbours = Array.from({ length: spec.neighbours }, (_, index) => {
      const node = index % nodes;
      if (spec.sunOnOtherPhases) return { ...homeOf(random, node, 1, 1 + (index % 2)), pvW: 5000 };
      return homeOf(random, node, random.next() < 0.4 ? 3 : 1, Math.floor(random.next() * 3));
    });
  }

  day(index: number): FeederDay {
    const random = (of: string) => new SeededRandom(`${this.#spec.seed}/${index}/${of}`);
    const sun = sky(random("sky"));
    const drops = threeArrays();
    for (const [number, home] of this.#neighbours.entries()) {
      this.#drop(home, random(`neighbour/${number}`), sun, drops);
    }
    const volts = mains(this.#spec.mains ?? ordinaryMains, random("mains"));
    return this.#measured(random("home"), { sun, drops, volts });
  }

  /** What a neighbour's day takes off the measured home's voltages. */
  #drop(home: Home, random: SeededRandom, sun: Float32Array, drops: Float32Array[]): void {
    const seen = sensitivity(this.#line, this.#line.nodes - 1, home.node, false);
    dayOf(home.appliances, random, (from, to, phase, watts, kind) => {
      const [own, other] = dropsOf(seen, watts, watts * tangent[kind]);
      for (const [index, drop] of drops.entries())
        add(drop, from, to, index === phase ? own : other);
    });
    if (home.pvW === 0) return;
    const [own, other] = dropsOf(seen, -home.pvW, 0);
    const phase = home.appliances.phases[0] ?? 0;
    for (const [index, drop] of drops.entries()) {
      const share = index === phase ? own : other;
      for (let s = 0; s < secondsPerDay; s += 1) drop[s] = at(drop, s) + share * at(sun, s);
    }
  }

  #measured(
    random: SeededRandom,
    { sun, drops, volts }: { sun: Float32Array; drops: Float32Array[]; volts: Float32Array },
  ): FeederDay {
    const resistive = threeArrays();
    const other = threeArrays();
    const reactive = threeArrays();
    const uses = this.#spec.uses ?? this.#home.appliances.uses;
    const paint: Paint = (from, to, phase, watts, kind) => {
      add((kind === "resistive" ? resistive : other)[phase], from, to, watts);
      add(reactive[phase], from, to, watts * tangent[kind]);
    };
    dayOf({ ...this.#home.appliances, uses }, random, paint);
    const { phases } = this.#spec;
    const seen = sensitivity(this.#line, this.#home.node, this.#home.node, true);
    const gridW = threeArrays();
    const voltageV = threeArrays();
    const before = [nominalV, nominalV, nominalV];
    const extraW = this.#extras(gridW);
    for (let s = 0; s < secondsPerDay; s += 1) {
      const producedW = (this.#home.pvW * at(sun, s)) / phases;
      for (let phase = 0; phase < phases; phase += 1) {
        const stretch = ((before[phase] ?? nominalV) / nominalV) ** 2;
        const watts = at(resistive[phase], s) * stretch + at(other[phase], s) - producedW;
        set(gridW[phase], s, watts + extraW.behind(before[phase] ?? nominalV, phase));
      }
      for (let phase = 0; phase < 3; phase += 1) {
        let volt = at(volts, s) - at(drops[phase], s);
        for (let from = 0; from < phases; from += 1) {
          const [own, lifted] = dropsOf(
            seen,
            at(gridW[from], s) + extraW.beside(s, from),
            at(reactive[from], s),
          );
          volt -= from === phase ? own : lifted;
        }
        set(voltageV[phase], s, volt);
        before[phase] = volt;
      }
    }
    const productionW = sun.map((share) => share * this.#home.pvW);
    return { gridW: gridW.slice(0, phases), voltageV: voltageV.slice(0, phases), productionW };
  }

  /** What does not follow the appliances: a battery behind the meter, something beside it. */
  #extras(gridW: readonly Float32Array[]) {
    const { regulatingWPerV = 0, mirroredShare = 0 } = this.#spec;
    return {
      behind: (voltage: number, phase: number) =>
        phase === 0
          ? Math.max(-mostRegulatedW, Math.min(mostRegulatedW, regulatingWPerV * (voltage - 231)))
          : 0,
      beside: (second: number, phase: number) =>
        second < mirrorSeconds ? 0 : -mirroredShare * at(gridW[phase], second - mirrorSeconds),
    };
  }
}

function homeOf(random: SeededRandom, node: number, phases: 1 | 3, first = 0): Home {
  const three = phases === 3;
  const appliances: Appliances = {
    phases: three
      ? Array.from({ length: 8 }, (_, i) => (i < 3 ? i : Math.floor(random.next() * 3)))
      : [first],
    heatPump: random.next() < 0.3,
    evW: random.next() < 0.25 ? (three ? 11_000 : 3700) : 0,
    uses: random.between(6, 24),
  };
  return { appliances, node, pvW: random.next() < 0.4 ? random.between(2000, 6000) : 0 };
}

function dropsOf({ ownPhase, otherPhase }: Sensitivity, watts: number, vars: number) {
  return [
    watts * ownPhase.r + vars * ownPhase.x,
    watts * otherPhase.r + vars * otherPhase.x,
  ] as const;
}

function add(to: Float32Array | undefined, from: number, until: number, value: number): void {
  const end = Math.min(secondsPerDay, Math.round(until));
  for (let s = Math.max(0, Math.round(from)); s < end; s += 1) set(to, s, at(to, s) + value);
}

function at(values: Float32Array | undefined, index: number): number {
  return values?.[index] ?? 0;
}

function set(values: Float32Array | undefined, index: number, value: number): void {
  if (values !== undefined) values[index] = value;
}
