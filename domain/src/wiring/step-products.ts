/** Mean power and voltage of a short time. */
export interface Level {
  readonly startMs: number;
  readonly endMs: number;
  readonly powerW: number;
  readonly voltageV: number;
  /** The largest power that is known to flow in the house, W. */
  readonly flowW: number;
}

interface Step {
  readonly atMs: number;
  readonly powerW: number;
  readonly voltageV: number;
}

/** A smaller step is a meter's noise, or that of a fan. */
const leastW = 50;
/** A step is larger than what the power does on average. */
const standsOut = 1;
/** A resistance takes 2 % more where the voltage is 1 % higher; a step has to be ten times that. */
const ownShare = 20;
/** Steps of this many scales count no more than that: one large coincidence decides nothing. */
const mostPowerScales = 8;
const mostVoltageScales = 3;
/** So that a step of ordinary size has a product about 1. */
const ordinary = 4;
/** Levels after which a scale has forgotten most of what was before. */
const memory = 500;
const fewestLevels = 20;

/**
 * Steps of one power and what its voltage did meanwhile, each over its scale; the scales come from
 * earlier levels only. Of two steps that share a level the larger is used, so that no level counts
 * twice. A step which the voltage itself can have made, by moving what a resistance takes, is passed
 * over: else a strong grid's own movements would look like a reversed clamp.
 */
export class StepProducts {
  readonly #power = new Scale();
  readonly #voltage = new Scale();
  #last: Level | undefined;
  #waiting: Step | undefined;

  /** `use` gets the product of a step: negative where the voltage fell with rising power. */
  push(level: Level, use: (product: number, atMs: number) => void): void {
    const last = this.#last;
    this.#last = level;
    const lengthMs = level.endMs - level.startMs;
    if (last === undefined || level.startMs - last.endMs > lengthMs / 2) {
      this.#settle(use);
      return;
    }
    const powerW = level.powerW - last.powerW;
    const voltageV = level.voltageV - last.voltageV;
    const flowW = Math.max(last.flowW, level.flowW);
    const step = { atMs: level.endMs, powerW, voltageV };
    if (!this.#isStep(step, flowW * Math.abs(voltageV / level.voltageV))) {
      this.#settle(use);
      this.#voltage.add(voltageV);
    } else if (this.#waiting === undefined) this.#waiting = step;
    else if (Math.abs(powerW) > Math.abs(this.#waiting.powerW)) this.#waiting = step;
    else this.#settle(use);
    this.#power.add(powerW);
  }

  #isStep({ powerW }: Step, drivenW: number): boolean {
    if (this.#voltage.count < fewestLevels && this.#power.count < fewestLevels) return false;
    const size = Math.abs(powerW);
    return size >= leastW && size >= standsOut * this.#power.mean && size >= ownShare * drivenW;
  }

  #settle(use: (product: number, atMs: number) => void): void {
    const step = this.#waiting;
    if (step === undefined) return;
    this.#waiting = undefined;
    const power = clipped(step.powerW, this.#power.mean, mostPowerScales);
    const voltage = clipped(step.voltageV, this.#voltage.mean, mostVoltageScales);
    if (voltage !== 0) use((power * voltage) / ordinary, step.atMs);
  }
}

/** Mean absolute change, of which the past fades. */
class Scale {
  #mean = 0;
  #count = 0;

  add(change: number): void {
    this.#count = Math.min(memory, this.#count + 1);
    this.#mean += (Math.abs(change) - this.#mean) / this.#count;
  }

  get mean(): number {
    return this.#mean;
  }

  get count(): number {
    return this.#count;
  }
}

function clipped(change: number, scale: number, most: number): number {
  if (change === 0) return 0;
  return Math.max(-most, Math.min(most, scale === 0 ? most * Math.sign(change) : change / scale));
}
