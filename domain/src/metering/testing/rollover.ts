import {
  type GuardLimits,
  type GuardState,
  guardNext,
  guardState,
  type MeteredRegisters,
  newGuard,
} from "../index.js";
import { Random } from "./random.js";

/** A register's range and step in Wh: binary, decimal, and with the decimals that meters show. */
const registers = [
  { rollsOverAtWh: 1_000_000, stepWh: 1 },
  { rollsOverAtWh: 100_000_000, stepWh: 1 },
  { rollsOverAtWh: 2 ** 32, stepWh: 1 },
  // 42,949,672.95 kWh of a 32 bit register in 0.01 kWh, 999,999.9 and 99,999.99 kWh of a display.
  { rollsOverAtWh: 2 ** 32 * 10, stepWh: 10 },
  { rollsOverAtWh: 1_000_000_000, stepWh: 100 },
  { rollsOverAtWh: 100_000_000, stepWh: 10 },
] as const;
const readingsPerCase = 6;

export interface RolloverCounts {
  readonly rollovers: number;
  readonly falls: number;
  /** Cases whose energy came out wrong, or that a true reading was refused in, or a fallen one taken. */
  readonly wrong: number;
}

/** What stands in the guard's place; for a negative control, something that must not pass. */
export type Guard = (
  state: GuardState,
  next: Parameters<typeof guardNext>[1],
  limits: GuardLimits,
) => { readonly state: GuardState; readonly accepted: boolean };

export const realGuard: Guard = (state, next, limits) => {
  const { state: after, verdict } = guardNext(state, next, limits);
  return { state: after, accepted: verdict.accepted };
};

/**
 * Meters that pass the end of their registers, read at random times by an agent that is sometimes
 * restarted; every third case has a reading that fell by more than any rise explains.
 */
export function runRollovers(cases: number, seed: number, guard = realGuard): RolloverCounts {
  const random = new Random(seed);
  const counts = { rollovers: 0, falls: 0, wrong: 0 };
  for (let n = 0; n < cases; n += 1) {
    if (!runCase(random, n % 3 === 0, guard, counts)) counts.wrong += 1;
  }
  return counts;
}

/** One meter and the agent that reads it. */
class Case {
  readonly #random: Random;
  readonly #guard: Guard;
  readonly #rollsOverAtWh: number;
  readonly #limits: GuardLimits;
  readonly #mostW: number;
  /** Never so long that the register could go round twice: that is `ambiguous`, and has a test of its own. */
  readonly #longestMs: number;
  /** True count at the first reading, less what the guard made of it. */
  readonly #startWh: number;
  /** Unwrapped. */
  #trueWh: number;
  #atMs = 0;
  #state: GuardState;

  constructor(random: Random, guard: Guard) {
    const { rollsOverAtWh, stepWh } = random.pick(registers);
    const fuseA = random.pick([16, 35, 63]);
    const phases = random.pick([1, 3]);
    this.#random = random;
    this.#guard = guard;
    this.#rollsOverAtWh = rollsOverAtWh;
    this.#limits = {
      meter: "a/b:1",
      fuseA,
      phases,
      registerStepWh: stepWh,
      rollsOverAtWh: { importWh: rollsOverAtWh, exportWh: rollsOverAtWh },
    };
    this.#mostW = fuseA * 230 * phases;
    const quarterMs = Math.floor((rollsOverAtWh / 4 / this.#mostW) * 3_600_000);
    this.#longestMs = Math.min(35 * 86_400_000, quarterMs);
    // Close enough to an end that most cases pass it.
    this.#trueWh = random.between(1, 4) * rollsOverAtWh - random.between(1, this.#mostW);
    this.#state = guard(newGuard, this.#reading(this.#shown()), this.#limits).state;
    this.#startWh = this.#counted() - (this.#state.accepted?.importWh ?? 0);
  }

  /** Time passes and energy flows. @returns whether the register rolled over */
  advance(): boolean {
    const elapsedMs = this.#random.pick([1_000, 60_000, 3_600_000, this.#longestMs]);
    const spanMs = this.#random.between(1, Math.min(elapsedMs, this.#longestMs));
    const beforeWh = this.#shown();
    this.#atMs += spanMs;
    this.#trueWh += this.#random.next() * ((this.#mostW * spanMs) / 3_600_000);
    return this.#shown() < beforeWh;
  }

  /** Whether a reading that fell further than any rollover explains is taken; undefined where there is no room for one. */
  takesFall(): boolean | undefined {
    const { accepted } = this.#state;
    if (accepted === undefined) return true;
    const { registerStepWh } = this.#limits;
    const elapsedMs = this.#atMs - accepted.monotonicMs;
    const mostWh = Math.ceil((this.#mostW * 1.2 * elapsedMs) / 3_600_000) + registerStepWh;
    const beforeWh = accepted.importWh % this.#rollsOverAtWh;
    const fellToWh = beforeWh - this.#random.between(1, this.#rollsOverAtWh - mostWh - 1);
    if (fellToWh < 0) return undefined;
    const judged = this.#guard(this.#state, this.#reading(fellToWh), this.#limits);
    this.#state = judged.state;
    this.#atMs += 1_000;
    return judged.accepted;
  }

  /** Whether the true reading is taken. */
  takesTruth(): boolean {
    const { state, accepted } = this.#guard(
      this.#state,
      this.#reading(this.#shown()),
      this.#limits,
    );
    const restart = this.#random.next() < 0.02;
    this.#state = restart ? guardState.parse(JSON.parse(JSON.stringify(state))) : state;
    return accepted;
  }

  isExact(): boolean {
    return this.#counted() - (this.#state.accepted?.importWh ?? 0) === this.#startWh;
  }

  #counted(): number {
    const { registerStepWh } = this.#limits;
    return Math.floor(this.#trueWh / registerStepWh) * registerStepWh;
  }

  #shown(): number {
    return this.#counted() % this.#rollsOverAtWh;
  }

  #reading(importWh: number): MeteredRegisters {
    return {
      meter: this.#limits.meter,
      at: "2026-06-01T12:00:00.000Z",
      monotonicMs: this.#atMs,
      bootId: "b",
      clock: "synchronised",
      importWh,
      exportWh: 0,
    };
  }
}

function runCase(
  random: Random,
  withFall: boolean,
  guard: Guard,
  counts: { rollovers: number; falls: number },
): boolean {
  const one = new Case(random, guard);
  for (let i = 1; i < readingsPerCase; i += 1) {
    if (one.advance()) counts.rollovers += 1;
    const taken = withFall && i === 3 ? one.takesFall() : undefined;
    if (taken === true) return false;
    if (taken === false) counts.falls += 1;
    if (!one.takesTruth()) return false;
  }
  return one.isExact();
}
