import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RigOptions } from "../testing/clock-rig.js";
import { type ClockAction, clockScript, playClockScript } from "../testing/clock-scripts.js";

const hourMs = 3_600_000;
const tenYearsMs = 10 * 365 * 24 * hourMs;

describe("whatever is done to its clock, a machine's evidence is true", () => {
  it("in a few random lives; clock-scripts.soak.test.ts plays 1,000", async () => {
    const play = fc.asyncProperty(clockScript, async (script) => {
      expect((await playClockScript(script)).faults).toEqual([]);
    });
    await fc.assert(play, { numRuns: 4, seed: 20_260_601 });
  }, 60_000);

  const jumped: ClockAction = { do: "jump", byMs: hourMs, ntpAfterMs: 100_000 };
  const unseen: ClockAction = { do: "agent-restart", downMs: 30_000, jumpMs: 90_000 };
  it.each<[name: string, script: ClockAction[], options: RigOptions, fault: RegExp | undefined]>([
    [
      "ten years ahead, ten back",
      [
        { do: "jump", byMs: tenYearsMs, ntpAfterMs: 20_000 },
        { do: "jump", byMs: -tenYearsMs, ntpAfterMs: 20_000 },
      ],
      {},
      undefined,
    ],
    [
      "two days at 1970 without NTP",
      [{ do: "power-cut", offMs: hourMs, rtc: "none", ntpAfterMs: 48 * hourMs }],
      {},
      undefined,
    ],
    ["an hour ahead for 100 s", [jumped], {}, undefined],
    ["set while the agent is down", [unseen], {}, undefined],
    // Controls: what these tests are blind to, they would not find in the agent either.
    [
      "an agent that believes any clock is found out",
      [jumped],
      { credulous: true },
      /last register was read/,
    ],
    [
      "an agent that forgets its last entry is found out",
      [unseen],
      { forgetful: true },
      /for steps \[90000/,
    ],
  ])("%s", async (_, script, options, fault) => {
    const { faults, intervals } = await playClockScript(script, options);
    expect(intervals).toBeGreaterThan(1);
    if (fault === undefined) expect(faults).toEqual([]);
    else expect(faults.join("\n")).toMatch(fault);
  });
});
