import { describe, expect, test } from "vitest";
import { type FaultCase, faultCases, poll, seeded } from "./testing/fault-cases.js";
import { mixedFaults, runMaster, runNaive, runUnplugged } from "./testing/fault-run.js";

const polls = 3;
const positions = poll.map((_, index) => poll.length + index);

/** The fault at one request of the second poll. */
const once = ({ draw }: FaultCase, position: number) => {
  const fault = draw(seeded(position));
  return {
    polls,
    faults: ({ index }: { index: number }) => (index === position ? fault : undefined),
  };
};

describe.each(faultCases)("an answer that is $name", (faultCase) => {
  test("never makes a wrong or old value, at whatever request of a poll", async () => {
    for (const position of positions) {
      const { wrong, old, errors, gapViolations } = await runMaster(once(faultCase, position));
      expect({ position, wrong, old, gapViolations }).toEqual({
        position,
        wrong: 0,
        old: 0,
        gapViolations: 0,
      });
      // A late answer may also cost those that the meter lets wait meanwhile.
      expect(errors).toBeLessThanOrEqual(polls);
    }
  });

  test(`${faultCase.misleads ? "misleads" : "costs time to"} a master that takes the next bytes`, async () => {
    let wrong = 0;
    for (const position of positions) wrong += (await runNaive(once(faultCase, position))).wrong;
    expect(wrong > 0).toBe(faultCase.misleads);
  });
});

test("a port that vanishes at whatever request of a poll, and comes back, makes no wrong or old value", async () => {
  for (const position of positions) {
    const { wrong, old, errors, answers, isBack } = await runUnplugged(position, polls);
    expect({ position, wrong, old, isBack }).toEqual({ position, wrong: 0, old: 0, isBack: true });
    expect(errors).toBeGreaterThan(0);
    expect(answers).toBeGreaterThanOrEqual(position);
  }
});

test("10,000 exchanges of which every second is spoilt make no wrong and no old value", {
  timeout: 60_000,
}, async () => {
  const run = { faults: mixedFaults(4), polls: 2_000 };
  const { answers, wrong, old, errors, exchanges, gapViolations } = await runMaster(run);
  expect({ wrong, old, gapViolations }).toEqual({ wrong: 0, old: 0, gapViolations: 0 });
  expect(exchanges).toBeGreaterThanOrEqual(10_000);
  expect(answers + errors).toBe(10_000);
  expect(answers).toBeGreaterThan(5_000);
});

test("the same spoilt answers mislead a master that takes the next bytes", async () => {
  expect((await runNaive({ faults: mixedFaults(4), polls: 40 })).wrong).toBeGreaterThan(100);
});

test("an old copy of an answer to the very same request is told by what it says, not by the bus", async () => {
  const faults = ({ index }: { index: number }) =>
    index >= poll.length && index % 7 === 0 ? ({ kind: "replayed" } as const) : undefined;
  const { wrong, old } = await runMaster({ faults, polls: 20 });
  expect(wrong).toBe(0);
  expect(old).toBeGreaterThan(0);
});
