import type { Event } from "@powershare/domain/evidence";
import { describe, expect, it } from "vitest";
import type { StoredEntry } from "../ports/store.js";
import { SimClock } from "../testing/sim-clock.js";
import { silentLog } from "../testing/sim-household.js";
import type { EventDraft } from "./reading-log.js";
import { watchClock } from "./watch-clock.js";
import { Health } from "./watch-health.js";

function setUp({ last }: { last?: StoredEntry } = {}) {
  const clock = new SimClock("2026-06-01T12:00:00.000Z");
  const health = new Health(clock, silentLog);
  const events: EventDraft[] = [];
  const log = { full: false };
  const readings = {
    record: (event: EventDraft) => {
      if (!log.full) events.push(event);
      return !log.full;
    },
  };
  const watch = () => watchClock({ clock, health, readings, last });
  return { clock, health, events, log, watch };
}

describe("a clock that is watched", () => {
  it.each([
    [1_600, 1],
    [9_001, 1],
    [-9_001, 1],
    [3_600_000, 1],
    [-10 * 365 * 86_400_000, 1],
    [10 * 365 * 86_400_000, 1],
    [1_500, 0],
    [-1_000, 0],
  ])("set by %i ms makes %i events", async (stepMs, count) => {
    const { clock, events, watch } = setUp();
    const watching = watch();
    await clock.advance(10_000);
    clock.step(stepMs);
    await clock.advance(60_000);
    expect(events).toHaveLength(count);
    if (count > 0) {
      expect(events[0]).toEqual({
        at: new Date(Date.parse("2026-06-01T12:00:10.000Z") + stepMs + 1000).toISOString(),
        monotonicMs: 12_000,
        bootId: "boot-1",
        clock: "synchronised",
        event: "clock-step",
        details: { byMs: stepMs },
      });
      expect(watching.lastStep()).toEqual({ at: events[0]?.at, byMs: stepMs });
    }
    await watching.stop();
  });

  it("makes none while NTP slews it, however far", async () => {
    const { clock, events, watch } = setUp();
    const watching = watch();
    for (let second = 0; second < 300; second += 1) {
      await clock.advance(1_000);
      clock.step(100);
    }
    expect(events).toEqual([]);
    await watching.stop();
  });

  it("makes one for each of several", async () => {
    const { clock, events, watch } = setUp();
    const watching = watch();
    for (const stepMs of [20_000, -50_000, 10_000]) {
      clock.step(stepMs);
      await clock.advance(2_000);
    }
    expect(events.map(({ details }) => details["byMs"])).toEqual([20_000, -50_000, 10_000]);
    await watching.stop();
  });

  it("keeps a step in mind until the log has room for it", async () => {
    const { clock, events, log, watch } = setUp();
    const watching = watch();
    log.full = true;
    clock.step(60_000);
    await clock.advance(5_000);
    log.full = false;
    await clock.advance(5_000);
    expect(events.map(({ details }) => details["byMs"])).toEqual([60_000]);
    await watching.stop();
  });

  const before: Event = {
    v: 1,
    kind: "event",
    sequence: 9,
    // At monotonic 1000 the clock of this boot shows 12:00:00.
    at: "2026-06-01T11:59:59.500Z",
    monotonicMs: 500,
    bootId: "boot-1",
    clock: "synchronised",
    event: "clock-step",
    details: { byMs: 60_000 },
  };
  it.each<[name: string, last: Event, steps: readonly number[]]>([
    ["nothing stepped since the last entry", before, []],
    [
      "it stepped while the agent was down",
      { ...before, at: "2026-06-01T10:59:59.500Z" },
      [3_600_000],
    ],
    [
      "the machine was started anew",
      { ...before, at: "2026-06-01T10:59:59.500Z", bootId: "boot-0" },
      [],
    ],
  ])("after a restart of the agent knows that %s", async (_, event, steps) => {
    const { clock, events, watch } = setUp({ last: { event } });
    const watching = watch();
    await clock.advance(3_000);
    expect(events.map(({ details }) => details["byMs"])).toEqual(steps);
    await watching.stop();
  });

  it("says in health what its time is worth", async () => {
    const { clock, health, watch } = setUp();
    const watching = watch();
    await clock.advance(2_000);
    expect(health.part("clock").state).toBe("ok");
    clock.step(8_000);
    await clock.advance(2_000);
    expect(health.part("clock").state).toBe("ok");
    clock.step(-10_000);
    await clock.advance(2_000);
    expect(health.part("clock")).toMatchObject({ state: "degraded", code: "clock.stepped" });
    await clock.advance(3_600_000);
    expect(health.part("clock").state).toBe("ok");
    clock.currentQuality = "holdover";
    await clock.advance(2_000);
    expect(health.part("clock").code).toBe("clock.holdover");
    clock.currentQuality = "unknown";
    await clock.advance(2_000);
    expect(health.part("clock").code).toBe("clock.unknown");
    // As NTP does at the first chance after a start: nothing is wrong with that.
    clock.step(7_200_000);
    clock.currentQuality = "synchronised";
    await clock.advance(2_000);
    expect(health.part("clock").state).toBe("ok");
    await watching.stop();
  });
});
