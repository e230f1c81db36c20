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
  "simulator.no-settlement": {
    retry: "later",
    meaning: "No trade was settled within ten minutes of the network being up.",
    remedy:
      "Look at the households' pages or agent.log in the run's directory for what holds them up.",
  },
  "simulator.process-failed": {
    retry: "later",
    meaning: "A process of the simulated neighbourhood did not start, or ended by itself.",
    remedy: "Read the log file that the message names; npm run setup installs what may be missing.",
  },
  "simulator.series": {
    retry: "never",
    meaning: "A file with a measured series cannot be read.",
    remedy:
      "Compare the file with simulator/fixtures/fontana/readings.csv: contiguous steps, no empty cells.",
  },
} as const satisfies Record<string, Entry>;

export const catalogue: Readonly<Record<keyof typeof entries, Entry>> = entries;
