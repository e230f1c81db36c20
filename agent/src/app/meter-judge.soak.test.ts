import { expect, it } from "vitest";
import { runEpochs } from "../testing/epoch-script.js";

const sequences = Number(process.env["SOAK_EPOCHS"] ?? 200_000);
const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 2 ** 31);

it(`${sequences} sequences of meter epochs, seed ${seed}: nothing is guessed`, () => {
  const counts = runEpochs(sequences, seed);
  process.stdout.write(`epochs: seed ${seed}: ${JSON.stringify(counts)}\n`);
  expect(counts).toMatchObject({ guesses: 0, unequal: 0, stuck: 0 });
});
