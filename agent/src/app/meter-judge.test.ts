import { expect, it, vi } from "vitest";
import { CredulousJudge, runEpochs } from "../testing/epoch-script.js";

vi.setConfig({ testTimeout: 60_000 });
const sequences = 2_500;

it(`in ${sequences} sequences of resets, replacements, rollovers and outages nothing is guessed, and no Wh is lost or invented`, () => {
  const counts = runEpochs(sequences, 1);
  expect(counts).toMatchObject({ guesses: 0, unequal: 0, stuck: 0 });
  for (const kind of ["resets", "replacements", "rollovers", "outages", "restarts"] as const) {
    expect(counts[kind]).toBeGreaterThan(sequences / 10);
  }
  expect(counts.confirmed).toBeGreaterThan(sequences / 2);
});

it("the same sequences find a judge that takes whatever the meter shows", () => {
  const { guesses, unequal } = runEpochs(200, 1, () => new CredulousJudge());
  expect(guesses + unequal).toBeGreaterThan(50);
});
