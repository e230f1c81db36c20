/** Mean power and voltage of a short time. */
export interface Level {
  readonly startMs: number;
  readonly endMs: number;
  readonly powerW: number;
  readonly voltageV: number;
  /** The largest power that is known to flow in the house, W. */
  readonly flowW: number;
  /** Powers elsewhere in the house; a step of theirs at the same time disqualifies one. */
  readonly elsewhereW: readonly number[];
  readonly isDark: boolean;
}

/** A step of power with what the voltage did meanwhile. */
export interface StepProduct {
  readonly atMs: number;
  /** Each over its scale; negative where the voltage fell with rising power. */
  readonly product: number;
  /** 1 where it stands for itself; less where it shares a level with another step. */
  readonly weight: number;
  readonly isDark: boolean;
}

/** Power and voltage over their scales. */
interface Step {
  readonly atMs: number;
  readonly power: number;
  readonly voltage: number;
  /** Power of the step before, where both share a level; else 0. */
  readonly before: number;
  readonly isDark: boolean;
}

/** A smaller step is a meter's noise, or that of a fan. */
const leastW = 50;
/** A resistance takes 2 % more where the voltage is 1 % higher; a step has to be ten times that. */
const ownShare = 20;
/** A step elsewhere in the house of this share is of the same cause. */
const mostShared = 0.3;
/** Steps of this many scales count no more than that: one large coincidence decides nothing. */
const mostPowerScales = 8;
const mostVoltageScales = 3;
/** So that a step of ordinary size has a product about 1. */
const ordinary = 4;
/** Levels after which a scale has forgotten most of what was before. */
const memory = 500;
const fewestLevels = 20;
/** Of changes of a voltage that is mere noise from level to level: half of each is undone by the next. */
const mostUndone = 0.5;

/**
 * Steps of one power and what its voltage did meanwhile, each over its scale; the scales come from
 * earlier levels only. Steps that follow on one another share a level, and with it the level's noise:
 * they weigh less by as much as the voltage at rest shows that its changes undo one another. A step which
 * the voltage itself can have made, by moving what a resistance takes, is passed over: else a strong
 * grid's own movements would look like a reversed clamp.
 */
export class StepProducts {
  readonly #use: (step: StepProduct) => void;
  readonly #power = new Scale();
  readonly #voltage = new Scale();
  #last: Level | undefined;
  #waiting: Step | undefined;
  #moves = false;
  /** The change before where it was at rest, over its scale. */
  #restBefore: number | undefined;
  /** By how much of it the next change at rest undoes one. */
  #undone = mostUndone;

  constructor(use: (step: StepProduct) => void) {
    this.#use = use;
  }

  /** Whether any step was seen, used or not. */
  get moves(): boolean {
    return this.#moves;
  }

  push(level: Level): void {
    const last = this.#last;
    this.#last = level;
    const lengthMs = level.endMs - level.startMs;
    if (last === undefined || level.startMs - last.endMs > lengthMs / 2) {
      this.#settle(0);
      this.#restBefore = undefined;
      return;
    }
    const powerW = level.powerW - last.powerW;
    const voltageV = level.voltageV - last.voltageV;
    const drivenW = Math.max(last.flowW, level.flowW) * Math.abs(voltageV / level.voltageV);
    if (!this.#isStep(Math.abs(powerW), drivenW)) {
      this.#settle(0);
      this.#rest(voltageV);
    } else if (movedElsewhere(last, level, mostShared * Math.abs(powerW))) {
      this.#settle(0);
      this.#restBefore = undefined;
    } else {
      const power = clipped(powerW, this.#power.mean, mostPowerScales);
      const voltage = clipped(voltageV, this.#voltage.mean, mostVoltageScales);
      const before = this.#waiting?.power ?? 0;
      this.#settle(power);
      this.#waiting = { atMs: level.endMs, power, voltage, before, isDark: level.isDark };
      this.#restBefore = undefined;
    }
    this.#power.add(powerW);
  }

  #isStep(sizeW: number, drivenW: number): boolean {
    if (this.#voltage.count < fewestLevels && this.#power.count < fewestLevels) return false;
    if (sizeW < leastW) return false;
    this.#moves = true;
    return sizeW >= this.#power.mean && sizeW >= ownShare * drivenW;
  }

  #rest(voltageV: number): void {
    const rest = clipped(voltageV, this.#voltage.mean, mostVoltageScales);
    if (this.#restBefore !== undefined) {
      // The mean square of normal changes is half of pi times the square of their mean.
      const undone = (-rest * this.#restBefore * 2) / Math.PI;
      this.#undone += (undone - this.#undone) / Math.max(fewestLevels, this.#voltage.count);
    }
    this.#restBefore = rest;
    this.#voltage.add(voltageV);
  }

  #settle(next: number): void {
    const step = this.#waiting;
    if (step === undefined) return;
    this.#waiting = undefined;
    const { atMs, power, voltage, before, isDark } = step;
    if (voltage === 0) return;
    const undone = Math.max(0, Math.min(mostUndone, this.#undone));
    // On and off again: the noise between the two speaks twice for the same side.
    const twice = [before, next].filter((other) => other * power < 0);
    const shared = twice.reduce((sum, other) => sum + Math.abs(other / power), 0);
    const weight = 1 / (1 + undone * shared);
    this.#use({ atMs, product: (power * voltage) / ordinary, weight, isDark });
  }
}

/**
 * Clouds pass over the whole neighbourhood, and through the neutral its generators on the other phases
 * move this one's voltage the wrong way; so does another phase of the house itself.
 */
function movedElsewhere(last: Level, level: Level, mostW: number): boolean {
  return level.elsewhereW.some((watts, i) => Math.abs(watts - (last.elsewhereW[i] ?? 0)) > mostW);
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
