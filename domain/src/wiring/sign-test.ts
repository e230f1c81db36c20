import { type PowerStep, PowerSteps } from "./sign-test-steps.js";
import type {
  SignTestFault,
  SignTestMeter,
  SignTestSample,
  SignTestState,
} from "./sign-test-types.js";
import { type PartWords, wordsOf } from "./sign-test-words.js";

export interface SignTestOptions {
  /** How many phases each meter measures; a site without a generator leaves it out. */
  readonly phases: { readonly connection: 1 | 3; readonly generator?: 1 | 3 };
  /** Smaller steps are passed over, W. */
  readonly leastW?: number;
  /** What is not known by then is said to be unknown. */
  readonly longestMs?: number;
}

export interface SignTestPart extends PartWords {
  readonly meter: SignTestMeter;
  readonly phase: 1 | 2 | 3;
  readonly state: SignTestState;
  /** Where it failed. */
  readonly fault?: SignTestFault;
  /** Steps judged so far. */
  readonly steps: number;
  /** Mean voltage response per step over the voltage's own movement; negative where it went the wrong way. */
  readonly signalToNoise: number;
  /** At most this likely is the answer wrong; 0.5 where there is none. */
  readonly errorProbability: number;
}

export interface SignTestResult {
  readonly state: SignTestState;
  readonly fault?: SignTestFault;
  readonly parts: readonly SignTestPart[];
  readonly errorProbability: number;
}

export const signTestLeastW = 1000;
const defaultLongestMs = 30 * 60_000;
/** On and off, twice. */
const fewestSteps = 4;
const mostSteps = 16;
/** A neighbour's step that falls together with one of ours counts no more than this. */
const mostPerStep = 3;
/** Standard deviations at which the voltage's answer is taken. */
const decisive = 4.5;
/** So much louder another phase's voltage answers where the clamp is on that phase. */
const elsewhere = 2;
/** Readings a step may take: an appliance is switched; or a cloud passes. */
const transitions = { connection: [2], generator: [2, 20] };
const phaseNumbers = [1, 2, 3] as const;

/**
 * The test of direction at commissioning: at least 1 kW is switched on each phase of the connection,
 * and the generator gives 1 kW, by switching it or by the sun. A step has to show with the right sign,
 * and the voltage of its phase has to answer: fall with a load, rise with injection. Both agree, or
 * there is no answer. Pure and bounded; the caller brings readings, one to ten seconds apart.
 *
 * The probability of error is that of noise as loud as the phase's own between steps, bounded over all
 * looks; each step is clipped, so that neighbours' steps must fall together with three of four of ours.
 */
export class SignTest {
  readonly #parts: readonly Part[];
  readonly #longestMs: number;
  #startedAtMs: number | undefined;

  constructor({ phases, leastW = signTestLeastW, longestMs = defaultLongestMs }: SignTestOptions) {
    const parts = (meter: SignTestMeter, count: number) =>
      phaseNumbers.slice(0, count).map((phase) => new Part(meter, phase, count, leastW));
    this.#parts = [
      ...parts("connection", phases.connection),
      ...parts("generator", phases.generator ?? 0),
    ];
    this.#longestMs = longestMs;
  }

  /** Samples come in order of time. */
  push(sample: SignTestSample): void {
    this.#startedAtMs ??= sample.atMs;
    const late = sample.atMs - this.#startedAtMs > this.#longestMs;
    for (const part of this.#parts) {
      if (late) part.giveUp();
      else part.push(sample);
    }
  }

  result(): SignTestResult {
    const parts = this.#parts.map((part) => part.result());
    const state = overall(parts);
    const fault = state === "failed" ? faultOf(parts) : undefined;
    const errors = parts.filter((part) => part.state === state || state !== "failed");
    const errorProbability = Math.min(
      0.5,
      errors.reduce((sum, part) => sum + part.errorProbability, 0),
    );
    return { state, ...(fault && { fault }), parts, errorProbability };
  }
}

/** One phase of one meter. */
class Part {
  readonly #meter: SignTestMeter;
  readonly #phase: 1 | 2 | 3;
  readonly #phases: number;
  readonly #steps: readonly PowerSteps[];
  #voltages = tallies();
  /** Steps whose power had the sign that it should have. */
  #signedRight = 0;
  #count = 0;
  #repeated = false;
  #state: SignTestState = "waiting";
  #fault: SignTestFault | undefined;

  constructor(meter: SignTestMeter, phase: 1 | 2 | 3, phases: number, leastW: number) {
    this.#meter = meter;
    this.#phase = phase;
    this.#phases = phases;
    this.#steps = transitions[meter].map(
      (readings) => new PowerSteps(meter, phase - 1, leastW, readings),
    );
  }

  push(sample: SignTestSample): void {
    if (this.#state !== "waiting") return;
    const [step] = this.#steps.flatMap((steps) => steps.push(sample) ?? []);
    if (step === undefined) return;
    // A step is counted once, whatever the length it was seen over.
    for (const steps of this.#steps) steps.endStep();
    if (step.responses[this.#phase - 1] === undefined) return;
    this.#take(step);
    if (this.#count >= fewestSteps) this.#judge();
    if (this.#state === "waiting" && this.#count >= mostSteps) this.#state = "abstains";
  }

  giveUp(): void {
    if (this.#state === "waiting") this.#state = "abstains";
  }

  result(): SignTestPart {
    const own = this.#own;
    const answered = this.#state === "passed" || this.#state === "failed";
    const facts = {
      meter: this.#meter,
      phase: this.#phase,
      state: this.#state,
      ...(this.#fault && { fault: this.#fault }),
      steps: this.#count,
      signalToNoise: own.mean,
      errorProbability: answered ? errorOf(this.#fault === "other" ? this.#best : own.z) : 0.5,
    };
    return { ...facts, ...wordsOf({ ...facts, repeated: this.#repeated }) };
  }

  get #own(): Tally {
    return this.#voltages[this.#phase - 1] ?? new Tally();
  }

  /** The clearest answer of any phase's voltage. */
  get #best(): number {
    return Math.max(...this.#voltages.map(({ z }) => Math.abs(z)));
  }

  #take(step: PowerStep): void {
    // The appliance is off when it begins; a generator is known by which way its power flows.
    const right = this.#meter === "generator" ? step.largerW < 0 : step.changeW > 0 === this.#isOn;
    this.#count += 1;
    if (right) this.#signedRight += 1;
    for (const [index, response] of step.responses.entries()) {
      if (response !== undefined) this.#voltages[index]?.add(response);
    }
  }

  get #isOn(): boolean {
    return this.#count % 2 === 0;
  }

  #judge(): void {
    const sign = this.#powerSign;
    const { z } = this.#own;
    if (this.#answersElsewhere) this.#fail("other");
    else if (Math.abs(z) < decisive || sign === 0) return;
    else if (z > 0 && sign > 0) this.#state = "passed";
    else if (this.#meter === "connection" && z > 0) this.#repeat();
    else if (z < 0 && sign < 0) this.#fail(this.#phases === 1 ? "reversed" : "phase-reversed");
    else if (this.#meter === "generator") this.#fail("swapped");
    else this.#repeat();
  }

  /** Three of four steps have to agree. */
  get #powerSign(): -1 | 0 | 1 {
    if (4 * this.#signedRight >= 3 * this.#count) return 1;
    return 4 * this.#signedRight <= this.#count ? -1 : 0;
  }

  /**
   * Through the neutral a load lifts the other phases too, but by less than it pulls its own down. With
   * the clamp on another phase (its power then shows as minus a half) it is the other way round.
   */
  get #answersElsewhere(): boolean {
    const own = elsewhere * Math.abs(this.#own.mean);
    return this.#voltages.some(({ z, mean }) => Math.abs(z) >= decisive && Math.abs(mean) > own);
  }

  #fail(fault: SignTestFault): void {
    this.#state = "failed";
    this.#fault = fault;
  }

  /** Power and voltage disagree: the appliance may have been on when it began. Once more, then no answer. */
  #repeat(): void {
    if (this.#repeated) this.#state = "abstains";
    this.#repeated = true;
    this.#count = 0;
    this.#signedRight = 0;
    this.#voltages = tallies();
  }
}

const tallies = () => [new Tally(), new Tally(), new Tally()];

/** Responses of one voltage. */
class Tally {
  #sum = 0;
  #clipped = 0;
  #count = 0;

  add(response: number): void {
    this.#sum += response;
    this.#clipped += Math.max(-mostPerStep, Math.min(mostPerStep, response));
    this.#count += 1;
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  get z(): number {
    return this.#count === 0 ? 0 : this.#clipped / Math.sqrt(this.#count);
  }
}

/** Upper bound of a normal tail (Mills), times the number of looks. */
function errorOf(z: number): number {
  const size = Math.abs(z);
  const density = Math.exp(-(size ** 2) / 2) / Math.sqrt(2 * Math.PI);
  return size === 0 ? 0.5 : Math.min(0.5, (mostSteps * density) / size);
}

function overall(parts: readonly SignTestPart[]): SignTestState {
  const some = (state: SignTestState) => parts.some((part) => part.state === state);
  if (some("failed")) return "failed";
  if (some("waiting")) return "waiting";
  return some("abstains") ? "abstains" : "passed";
}

/** All phases of a meter reversed is one fault, of the whole clamp or its sign. */
function faultOf(parts: readonly SignTestPart[]): SignTestFault | undefined {
  const failed = parts.filter((part) => part.state === "failed");
  const fault = failed.find((part) => part.fault !== "phase-reversed")?.fault;
  if (fault !== undefined) return fault;
  const whole = failed.some((one) =>
    parts.every((part) => part.meter !== one.meter || part.fault === "phase-reversed"),
  );
  return whole ? "reversed" : "phase-reversed";
}
