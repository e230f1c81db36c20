import { expect, it } from "vitest";
import { answersToNoise } from "./testing/minutes.js";

const windows = Number(process.env["SOAK_WINDOWS"] ?? 100_000);
const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 2 ** 31);

it(`${windows} windows in which the voltage knows nothing of the power, seed ${seed}: as few answers as stated`, () => {
  const answers = answersToNoise(windows, seed).filter(({ says }) => says !== "nothing");
  process.stdout.write(
    `voltage response to noise: ${answers.length} answers in ${windows} windows, seed ${seed}\n`,
  );
  // About 15 steps in each, each of which may begin one of two bets at 1 in 100,000.
  expect(answers.length).toBeLessThanOrEqual((windows * 15 * 2) / 100_000);
});
