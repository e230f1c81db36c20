import type { FeederSpec } from "./feeder.js";
import { ordinaryMains } from "./mains.js";
import type { Channels, Reading } from "./reading.js";
import type { Trial } from "./score.js";
import type { Wiring } from "./wiring.js";

const reading = (
  seconds: number,
  how: Reading["how"],
  resolutionV: number,
  skewSeconds = 0,
): Reading => ({ seconds, how, resolutionV, skewSeconds });

export const second = reading(1, "instant", 0.1, 1);
export const minute = reading(60, "mean", 0.1);

/** Samplings of the main table, by what is printed of them. */
export const readings: readonly (readonly [string, Reading])[] = [
  ["1 s, 0.1 V", second],
  ["1 s, 1 V", reading(1, "instant", 1, 1)],
  ["1 min mean, 0.1 V", minute],
  ["1 min mean, 1 V", reading(60, "mean", 1)],
  ["1 min instant, 0.1 V", reading(60, "instant", 0.1, 2)],
  ["1 min in whole Wh, 0.1 V", reading(60, "energy", 0.1)],
  ["5 min mean, 0.1 V", reading(300, "mean", 0.1)],
];

export interface Case {
  readonly name: string;
  readonly spec: Omit<FeederSpec, "seed">;
  readonly trials: readonly Trial[];
}

const usual: Omit<FeederSpec, "seed"> = { grid: "ordinary", neighbours: 12, phases: 1, pvW: 4000 };

function trials(
  of: readonly Reading[],
  channels: Channels,
  wirings: readonly Wiring[],
  between?: readonly [number, number],
): Trial[] {
  return of.flatMap((one) =>
    wirings.map((wiring) => ({ reading: one, channels, wiring, ...(between && { between }) })),
  );
}

/** Homes and grids that are made to make the rule fail. */
export const hardCases: readonly Case[] = [
  {
    name: "three phases, one clamp or all turned",
    spec: { ...usual, phases: 3 },
    trials: trials([second, minute], "grid-phases", ["right", "reversed", "phase-reversed"]),
  },
  {
    name: "nobody at home: only a fridge and what stands by",
    spec: { ...usual, pvW: 0, uses: 0 },
    trials: trials([second, minute], "grid", ["right", "reversed"]),
  },
  {
    name: "only the generator is measured, by night",
    spec: usual,
    trials: trials([second, minute], "generator", ["right"], [0, 6 * 3600]),
  },
  {
    name: "only the generator is measured, by day",
    spec: usual,
    trials: trials([second, minute], "generator", ["right"], [6 * 3600, 18 * 3600]),
  },
  {
    name: "all neighbours have 5 kW of panels on the other phases; grid only",
    spec: { ...usual, sunOnOtherPhases: true },
    trials: trials([second, minute], "grid", ["right", "reversed"]),
  },
  {
    name: "the same; production and consumption",
    spec: { ...usual, sunOnOtherPhases: true },
    trials: trials([second, minute], "production-and-consumption", ["right", "swapped"]),
  },
  {
    name: "shops next door: 1 V steps 4,000 times a day",
    spec: { ...usual, mains: { ...ordinaryMains, otherSteps: 4000, otherStepV: 1 } },
    trials: trials([second, minute], "grid", ["right", "reversed"]),
  },
  {
    name: "a tap changer that hunts: 100 steps of 3.5 V a day",
    spec: { ...usual, mains: { ...ordinaryMains, tapSteps: 100 } },
    trials: trials([second, minute], "grid", ["right", "reversed"]),
  },
  {
    name: "a battery that holds the voltage with 1 kW per V, very strong grid",
    spec: { ...usual, grid: "very strong", regulatingWPerV: 1000 },
    trials: trials([second, minute], "grid", ["right", "reversed"]),
  },
  {
    name: "the same, ordinary grid",
    spec: { ...usual, regulatingWPerV: 1000 },
    trials: trials([second, minute], "grid", ["right", "reversed"]),
  },
  {
    name: "storage beside the home that takes back 90 % of its change",
    spec: { ...usual, mirroredShare: 0.9 },
    trials: trials([second, minute], "grid", ["right", "reversed"]),
  },
  {
    name: "storage beside the home that takes back 150 % of its change",
    spec: { ...usual, mirroredShare: 1.5 },
    trials: trials([second, minute], "grid", ["right", "reversed"]),
  },
];

/** What the main table measures of every home. */
export const mainTrials: readonly Trial[] = readings.flatMap(([, one]) => [
  ...trials([one], "grid", ["right", "reversed"]),
  ...trials([one], "production-and-consumption", ["right", "swapped"]),
]);
