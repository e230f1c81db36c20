import fc from "fast-check";
import { expect, it } from "vitest";
import { clockScript, playClockScript } from "../testing/clock-scripts.js";

const scripts = Number(process.env["CLOCK_SCRIPTS"] ?? 1_000);
const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 2 ** 31);

it("many random lives of a clock leave evidence without fault", async () => {
  const sum = { intervals: 0, jumps: 0, readings: 0 };
  const play = fc.asyncProperty(clockScript, async (script) => {
    const { faults, intervals, jumps, readings } = await playClockScript(script);
    sum.intervals += intervals;
    sum.jumps += jumps;
    sum.readings += readings;
    expect(faults).toEqual([]);
  });
  await fc.assert(play, { numRuns: scripts, seed });
  // biome-ignore lint/suspicious/noConsole: a soak says what it did
  console.log(`${scripts} clock scripts, seed ${seed}: ${JSON.stringify(sum)}`);
  expect(sum.jumps).toBeGreaterThan(scripts);
});
