import type { Interval } from "@powershare/domain/evidence";
import fc from "fast-check";
import { stepMs } from "../app/watch-clock.js";
import { ClockRig, type RigOptions, rigSlotSeconds, rigToleranceMs } from "./clock-rig.js";

const secondMs = 1000;
const hourMs = 3_600_000;
const tenYearsMs = 10 * 365 * 24 * hourMs;
/** A step of more must make one event; smaller ones may. */
const surelyMs = 9_000;

/** What may happen to a clock. */
export type ClockAction =
  | { readonly do: "run"; readonly seconds: number }
  | { readonly do: "jump"; readonly byMs: number; readonly ntpAfterMs: number }
  | { readonly do: "freeze"; readonly forMs: number }
  | { readonly do: "ntp-lost" }
  | { readonly do: "ntp-back" }
  | { readonly do: "agent-restart"; readonly downMs: number; readonly jumpMs: number }
  | {
      readonly do: "power-cut";
      readonly offMs: number;
      /** UTC after it: 1970, the time at which it stopped, right by an RTC, or wrong by one. */
      readonly rtc: "none" | "saved" | "right" | "wrong";
      readonly ntpAfterMs: number;
    };

/** ± 1 s to 10 years, each power of ten as likely as the others. */
const jumpMs = fc
  .tuple(fc.constantFrom(-1, 1), fc.integer({ min: 0, max: 1000 }))
  .map(([sign, part]) => sign * Math.round(1000 * (tenYearsMs / 1000) ** (part / 1000)));
/** 0 s to 48 h, mostly short. */
const waitMs = fc.oneof(
  fc.integer({ min: 0, max: 120_000 }),
  fc.integer({ min: 0, max: 2 * hourMs }),
  fc.integer({ min: 0, max: 48 * hourMs }),
);

const action: fc.Arbitrary<ClockAction> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("run" as const),
      seconds: fc.integer({ min: 2, max: 200 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("jump" as const), byMs: jumpMs, ntpAfterMs: waitMs }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("freeze" as const),
      forMs: fc.integer({ min: 1000, max: 2 * hourMs }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "ntp-lost" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "ntp-back" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("agent-restart" as const),
      downMs: fc.integer({ min: 1000, max: hourMs }),
      jumpMs: fc.oneof(fc.constant(0), jumpMs),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("power-cut" as const),
      offMs: waitMs,
      rtc: fc.constantFrom("none" as const, "saved" as const, "right" as const, "wrong" as const),
      ntpAfterMs: waitMs,
    }),
  },
);

/** A life of a clock; its end lets NTP put it right. */
export const clockScript = fc.noBias(
  fc.array(action, { minLength: 3, maxLength: 10, size: "max" }),
);

export interface ScriptResult {
  readonly faults: readonly string[];
  readonly intervals: number;
  readonly jumps: number;
  readonly readings: number;
}

/** Plays a script and compares what was made of it with the truth. */
export async function playClockScript(
  script: readonly ClockAction[],
  options: RigOptions = {},
): Promise<ScriptResult> {
  const rig = new ClockRig(options);
  try {
    rig.start();
    await rig.run(70 * secondMs);
    for (const one of script) await perform(rig, one);
    rig.ntp(true);
    await rig.run((3 * rigSlotSeconds + 20) * secondMs);
    rig.save();
    const jumps = rig.steps.filter((ms) => Math.abs(ms) > surelyMs).length;
    const faults = [...logFaults(rig), ...intervalFaults(rig)];
    return { faults, intervals: rig.intervals().length, jumps, readings: rig.entries.length };
  } finally {
    rig.dispose();
  }
}

async function perform(rig: ClockRig, one: ClockAction): Promise<void> {
  switch (one.do) {
    case "run":
      return await rig.run(one.seconds * secondMs);
    case "jump":
      rig.ntp(true, one.ntpAfterMs);
      await rig.jump(one.byMs);
      return await wait(rig, one.ntpAfterMs);
    case "freeze":
      return await rig.freeze(one.forMs);
    case "ntp-lost":
      return rig.ntp(false);
    case "ntp-back":
      return rig.ntp(true);
    case "agent-restart":
      await rig.kill();
      await rig.clock.skip(one.downMs);
      rig.jumpUnseen(one.jumpMs);
      rig.restart();
      return await rig.run(4 * secondMs);
    case "power-cut":
      await rig.kill();
      rig.ntp(true, one.offMs + one.ntpAfterMs);
      await rig.powerCut(one.offMs, (beforeMs) => shownAfter(rig, one.rtc, beforeMs));
      await rig.run(4 * secondMs);
      return await wait(rig, one.ntpAfterMs);
  }
}

function shownAfter(
  rig: ClockRig,
  rtc: "none" | "saved" | "right" | "wrong",
  beforeMs: number,
): number {
  const trueMs = rig.clock.world.nowMs();
  return { none: 5 * secondMs, saved: beforeMs, right: trueMs, wrong: trueMs - hourMs }[rtc];
}

/** Short waits in full; of long ones a few seconds now and then. */
async function wait(rig: ClockRig, forMs: number): Promise<void> {
  if (forMs <= 180 * secondMs) await rig.run(forMs);
  else await rig.freeze(forMs);
}

/** One sequence without a gap, and for each step that changes UTC by more than 9 s exactly one event that says by how much. */
function logFaults({ entries, steps }: ClockRig): string[] {
  const faults: string[] = [];
  const found: number[] = [];
  for (const [index, entry] of entries.entries()) {
    const { sequence } = "event" in entry ? entry.event : entry.reading;
    if (sequence !== index + 1) faults.push(`entry ${index + 1} has sequence ${sequence}`);
    if ("event" in entry) found.push(Number(entry.event.details["byMs"]));
  }
  const large = (all: readonly number[]): string =>
    all.filter((ms) => Math.abs(ms) > surelyMs).join(", ");
  if (large(found) !== large(steps))
    faults.push(`events [${large(found)}] for steps [${large(steps)}]`);
  const small = found.filter((ms) => Math.abs(ms) <= stepMs);
  if (small.length > 0) faults.push(`events for steps of ${small.join(", ")} ms`);
  return faults;
}

/** No gap, overlap or repeat; no Wh more or less; each boundary where the meter's true count says it was. */
function intervalFaults(rig: ClockRig): string[] {
  const { world } = rig.clock;
  const worldStartMs = world.nowMs() - world.monotonicMs();
  const intervals = rig.intervals();
  const faults = intervals.flatMap((one, index) => [
    ...faultsBetween(intervals[index - 1], one),
    ...faultsAgainstTruth(one, worldStartMs + one.last.importWh * secondMs),
  ]);
  const last = intervals.at(-1);
  const reachedMs = Date.parse(last?.end ?? "1970-01-01T00:00:00Z");
  const late = world.nowMs() - reachedMs > 2 * rigSlotSeconds * secondMs;
  return late ? [...faults, `the last interval ends at ${last?.end}`] : faults;
}

function faultsBetween(before: Interval | undefined, one: Interval): string[] {
  const checks: [boolean, string][] = [
    [
      before !== undefined && one.start !== before.end,
      `begins at ${one.start}, not ${before?.end}`,
    ],
    [
      before !== undefined && one.first.importWh !== before.last.importWh,
      "does not join registers",
    ],
    [one.end <= one.start, `ends at ${one.end}, before it begins`],
    [one.importWh !== one.last.importWh - one.first.importWh, "has the wrong energy"],
  ];
  return checks.flatMap(([wrong, how]) => (wrong ? [`interval ${one.sequence} ${how}`] : []));
}

/** Read up to the tolerance after the boundary, by a clock that may be 9 s wrong unseen. */
function faultsAgainstTruth(one: Interval, readAtMs: number): string[] {
  const lateMs = readAtMs - Date.parse(one.end);
  if (lateMs >= -surelyMs - secondMs && lateMs <= surelyMs + rigToleranceMs + secondMs) return [];
  const truth = new Date(readAtMs).toISOString();
  return [`interval ${one.sequence} ends at ${one.end}, its last register was read at ${truth}`];
}
