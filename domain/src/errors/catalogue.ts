/**
 * Every coded error of the project: when it is worth trying again, and what a person does now.
 * Sorted by code. `npm run docs` writes docs/errors.md from it.
 */
interface Entry {
  readonly retry: "now" | "later" | "never";
  readonly meaning: string;
  readonly remedy: string;
}

const entries = {
  "bus.timeout": {
    retry: "later",
    meaning: "The meter did not answer in time.",
    remedy: "Check power, the A and B wires, unit id, baud rate and parity of the meter.",
  },
} as const satisfies Record<string, Entry>;

export const catalogue: Readonly<Record<keyof typeof entries, Entry>> = entries;
