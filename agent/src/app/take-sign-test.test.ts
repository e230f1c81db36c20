import type { Event } from "@powershare/domain/evidence";
import type { SignTestRecord } from "@powershare/domain/wiring";
import { describe, expect, it } from "vitest";
import { SimClock } from "../testing/sim-clock.js";
import type { EventDraft } from "./reading-log.js";
import { takeSignTest } from "./take-sign-test.js";

const startedAt = "2026-06-01T11:30:00.000Z";
const endedAt = "2026-06-01T11:40:00.000Z";
const passed: SignTestRecord = {
  v: 1,
  startedAt,
  endedAt,
  result: {
    state: "passed",
    errorProbability: 0.0001,
    parts: [
      {
        meter: "connection",
        phase: 1,
        state: "passed",
        steps: 4,
        signalToNoise: 9,
        errorProbability: 0.0001,
        text: "right",
        remedy: "",
      },
    ],
  },
};

function start(
  record: SignTestRecord | undefined,
  { now = "2026-06-01T12:00:00.000Z", isFirst = true, isFull = false } = {},
) {
  const events: Event[] = [];
  const kept: SignTestRecord[] = [];
  const taken = takeSignTest({
    clock: new SimClock(now),
    signTests: { last: () => record, keep: (one) => kept.push(one) },
    readings: {
      isFirst,
      recorded: (draft: EventDraft) => {
        if (isFull) return undefined;
        const event: Event = { v: 1, kind: "event", sequence: events.length + 1, ...draft };
        events.push(event);
        return event;
      },
    },
  });
  return { taken, events, kept };
}

describe("the installer's sign test, at the agent's first start", () => {
  it("becomes an event among the readings, and is kept with its hash", () => {
    const { taken, events, kept } = start(passed);
    expect(events).toMatchObject([
      {
        event: "sign-test",
        details: { state: "passed", fault: "none", from: startedAt, steps: 4 },
      },
    ]);
    expect(kept).toEqual([{ ...passed, event: taken?.event }]);
    expect(taken?.event).toMatch(/^[0-9a-f]{64}$/);
    expect(taken?.result()).toEqual(passed.result);
    expect(taken?.report()).toMatchObject({ state: "passed", startedAt, endedAt });
  });

  it.each([
    ["there is none", undefined, {}],
    [
      "cables could have been changed for more than an hour since",
      passed,
      { now: "2026-06-01T12:40:01.000Z" },
    ],
    ["it is from the future", passed, { now: "2026-06-01T11:39:59.000Z" }],
    ["the agent has read here before", passed, { isFirst: false }],
    ["nothing can be recorded", passed, { isFull: true }],
  ])("is not taken where %s", (_, record, circumstances) => {
    expect(start(record, circumstances)).toMatchObject({ taken: undefined, kept: [] });
  });
});

it("a test of the agent's own is known again after a restart, however long that took", () => {
  const event = "ab".repeat(32);
  const { taken, events } = start(
    { ...passed, event },
    { now: "2026-09-01T00:00:00.000Z", isFirst: false },
  );
  expect([taken?.event, taken?.endedAtMs]).toEqual([event, Date.parse(endedAt)]);
  expect(events).toEqual([]);
});
