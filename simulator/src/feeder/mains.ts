import type { SeededRandom } from "../random.js";
import { exponential, normal, secondsPerDay } from "./noise.js";

export interface MainsSpec {
  /** Standard deviation of what the medium voltage moves from one second to the next, V. */
  readonly secondNoiseV: number;
  /** Standard deviation of its slow movement, V. */
  readonly slowNoiseV: number;
  /** Tap steps a day; each is 1.5 % of the voltage. */
  readonly tapSteps: number;
  /** Motors and shops behind the same transformer, that switch this often a day. */
  readonly otherSteps: number;
  readonly otherStepV: number;
}

export const ordinaryMains: MainsSpec = {
  secondNoiseV: 0.04,
  slowNoiseV: 1.5,
  tapSteps: 6,
  otherSteps: 400,
  otherStepV: 0.3,
};

const memorySeconds = 1200;
const tapV = 3.45;

/** The voltage at the transformer without this feeder's load, by second of one day. */
export function mains(spec: MainsSpec, random: SeededRandom): Float32Array {
  const volts = new Float32Array(secondsPerDay);
  const pull = 1 / memorySeconds;
  let slow = spec.slowNoiseV * normal(random);
  let stepped = 0;
  const tap = schedule(spec.tapSteps, random);
  const other = schedule(spec.otherSteps, random);
  for (let second = 0; second < secondsPerDay; second += 1) {
    slow += -slow * pull + spec.slowNoiseV * Math.sqrt(2 * pull) * normal(random);
    if (tap(second))
      stepped += stepped > 0 || (stepped === 0 && random.next() < 0.5) ? -tapV : tapV;
    if (other(second)) slow += spec.otherStepV * normal(random);
    volts[second] = 231 + slow + stepped + spec.secondNoiseV * normal(random);
  }
  return volts;
}

/** Whether something that happens `perDay` times on average happens in this second; asked once for each. */
function schedule(perDay: number, random: SeededRandom): (second: number) => boolean {
  const next = () => exponential(random, secondsPerDay / perDay);
  let at = perDay === 0 ? Number.POSITIVE_INFINITY : next();
  return (second) => {
    if (second < at) return false;
    at += next();
    return true;
  };
}
