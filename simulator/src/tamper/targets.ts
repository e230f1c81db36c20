import type { Outcome } from "./score.js";

/** What is wanted of the rules, in cases without storage. */
export interface Target {
  readonly name: string;
  readonly concerns: (outcome: Outcome) => boolean;
  readonly hours: number;
  readonly share: number;
}

const twoWeeksHours = 14 * 24;

const later =
  (...faults: readonly Outcome["fault"][]) =>
  ({ fault, onset }: Outcome) =>
    onset === "later" && faults.includes(fault);

export const targets: readonly Target[] = [
  ...(["later", "first"] as const).flatMap((onset) => {
    const concerns = (outcome: Outcome) => outcome.fault === "swapped" && outcome.onset === onset;
    return [
      { name: `swapped, ${onset}, 16 h`, concerns, hours: 16, share: 0.95 },
      { name: `swapped, ${onset}, 40 h`, concerns, hours: 40, share: 1 },
    ];
  }),
  ...(["reversed", "partial", "clock-shift"] as const).map((fault) => ({
    name: `${fault}, 14 d`,
    concerns: later(fault),
    hours: twoWeeksHours,
    share: 0.9,
  })),
  ...(["stuck", "dead"] as const).map((fault) => ({
    name: `${fault}, 14 d`,
    concerns: later(fault),
    hours: twoWeeksHours,
    share: 0.95,
  })),
];
