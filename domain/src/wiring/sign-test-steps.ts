import type { MeterPhase, SignTestMeter, SignTestSample } from "./sign-test-types.js";

/** Readings averaged on either side of a step. */
const side = 3;
/** A window that took longer says nothing about a step: the meters fell silent in between. */
const longestMs = 180_000;
/** A power that moves by less than this share of the asked step is taken as at rest. */
const restShare = 0.1;
/** Both sides of a step have to be level within this share of it. */
const levelShare = 0.25;
const fewestRests = 12;
/** Standard deviation of a difference between two values that a display of step 1 rounds. */
const roundingSd = 0.41;

export interface PowerStep {
  /** + where the meter's power rises towards import, W. */
  readonly changeW: number;
  /** Signed power on the side where there is more of it, W. */
  readonly largerW: number;
  /** How much the voltage of L1, L2, L3 fell per noise while power rose, or rose while it fell. */
  readonly responses: readonly (number | undefined)[];
}

/**
 * Finds steps of one phase's power and measures how far each phase's voltage moved along, against
 * how much it moves while that power rests. Holds one window of readings.
 */
export class PowerSteps {
  readonly #meter: SignTestMeter;
  readonly #index: number;
  readonly #leastW: number;
  readonly #length: number;
  readonly #noise = [new VoltageNoise(), new VoltageNoise(), new VoltageNoise()];
  #window: SignTestSample[] = [];
  #sinceRest = 0;

  /** `transition`: readings between the two sides, in which the power may be on its way. */
  constructor(meter: SignTestMeter, index: number, leastW: number, transition: number) {
    this.#meter = meter;
    this.#index = index;
    this.#leastW = leastW;
    this.#length = 2 * side + transition;
  }

  /** The step that this reading completes, if any. */
  push(sample: SignTestSample): PowerStep | undefined {
    this.#window.push(sample);
    if (this.#window.length < this.#length) return undefined;
    while (this.#window.length > this.#length) this.#window.shift();
    if (sample.atMs - (this.#window[0]?.atMs ?? 0) > longestMs) return undefined;
    const before = this.#level(this.#meter, this.#index, 0);
    const after = this.#level(this.#meter, this.#index, this.#length - side);
    if (before === undefined || after === undefined) return undefined;
    const changeW = after.powerW - before.powerW;
    if (Math.abs(changeW) < restShare * this.#leastW) this.#rest();
    const spreadW = Math.max(before.spreadW, after.spreadW);
    if (Math.abs(changeW) < this.#leastW || spreadW > levelShare * Math.abs(changeW)) {
      return undefined;
    }
    if (this.#isOfGenerator(changeW)) return undefined;
    const responses = this.#noise.map((noise, index) => {
      const change = this.#voltageChange(index);
      return change === undefined ? undefined : noise.response(change, changeW);
    });
    const largerW = Math.abs(after.powerW) > Math.abs(before.powerW) ? after.powerW : before.powerW;
    return { changeW, largerW, responses };
  }

  /** The next step begins where this one ended. */
  endStep(): void {
    this.#window = this.#window.slice(-side);
    this.#sinceRest = 0;
  }

  /** A step of the sun shows at the connection too; it is none of the appliance. */
  #isOfGenerator(changeW: number): boolean {
    if (this.#meter === "generator") return false;
    const changes = [0, 1, 2].map((index) => {
      const before = this.#level("generator", index, 0);
      const after = this.#level("generator", index, this.#length - side);
      return before === undefined || after === undefined
        ? 0
        : Math.abs(after.powerW - before.powerW);
    });
    return Math.max(...changes) > levelShare * Math.abs(changeW);
  }

  #rest(): void {
    this.#sinceRest += 1;
    if (this.#sinceRest % side !== 0) return;
    for (const [index, noise] of this.#noise.entries()) {
      const change = this.#voltageChange(index);
      if (change !== undefined) noise.add(change);
    }
  }

  #voltageChange(index: number): number | undefined {
    const before = this.#level(this.#meter, index, 0);
    const after = this.#level(this.#meter, index, this.#length - side);
    return before === undefined || after === undefined
      ? undefined
      : after.voltageV - before.voltageV;
  }

  #level(meter: SignTestMeter, index: number, from: number) {
    const phases: MeterPhase[] = [];
    for (const sample of this.#window.slice(from, from + side)) {
      const phase = sample.meters[meter]?.[index];
      if (phase === undefined) return undefined;
      phases.push(phase);
    }
    const powers = phases.map((phase) => phase.activePowerW);
    return {
      powerW: mean(powers),
      spreadW: Math.max(...powers) - Math.min(...powers),
      voltageV: mean(phases.map((phase) => phase.voltageV)),
    };
  }
}

/** How much a voltage moves by itself between the two sides of a window. */
class VoltageNoise {
  #sumOfSquares = 0;
  #count = 0;
  /** The smallest change seen: the meter's resolution, or less. */
  #smallestV = 1;

  add(changeV: number): void {
    this.#count += 1;
    this.#sumOfSquares += changeV ** 2;
    if (changeV !== 0) this.#smallestV = Math.min(this.#smallestV, side * Math.abs(changeV));
  }

  /** Undefined until the noise is known. */
  response(changeV: number, changeW: number): number | undefined {
    if (this.#count < fewestRests) return undefined;
    const rms = Math.sqrt(this.#sumOfSquares / this.#count);
    return (-changeV * Math.sign(changeW)) / Math.hypot(rms, roundingSd * this.#smallestV);
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
