import { describe, expect, test } from "vitest";
import {
  addInterval,
  type EvidenceContext,
  emptyTally,
  judgeTally,
  type TalliedInterval,
  type Tally,
} from "./evidence-rules.js";

const wiring = { latitudeDeg: 39, longitudeDeg: -9, aggregator: "required" } as const;
const generator: EvidenceContext = { role: "generator", storage: "none", wiring };
const connection: EvidenceContext = { role: "connection", storage: "none", wiring };

type Power = (hour: number) => { importW?: number; exportW?: number };
const sunny = (hour: number) => (hour > 7 && hour < 20 ? 1_500 : 0);
/** What honest meters show, hours in UTC. */
const production: Power = (hour) => ({ exportW: sunny(hour) });
const standby: Power = (hour) => ({ exportW: sunny(hour), importW: 40 });
const grid: Power = (hour) => ({ importW: 300, exportW: sunny(hour) / 2 });
/** And what wrong wires make of them. */
const swapped: Power = (hour) => ({ exportW: 250 + (hour > 18 ? 400 : 0) });
const reversed: Power = (hour) => ({ exportW: 300, importW: sunny(hour) / 2 });
const trickle: Power = (hour) => ({ exportW: sunny(hour) || 10 });

/** Quarters of an hour from an hour of 1 June on. */
function intervals(power: Power, fromHour: number, hours: number): TalliedInterval[] {
  return Array.from({ length: hours * 4 }, (_, index) => {
    const startMs = Date.UTC(2026, 5, 1, fromHour) + index * 900_000;
    const { importW = 0, exportW = 0 } = power(new Date(startMs).getUTCHours());
    return {
      start: instant(startMs),
      end: instant(startMs + 900_000),
      importWh: Math.round(importW / 4),
      exportWh: Math.round(exportW / 4),
      quality: "good",
    };
  });
}
const instant = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const tallyOf = (some: readonly TalliedInterval[], context: EvidenceContext): Tally =>
  some.reduce((tally, interval) => addInterval(tally, interval, context), emptyTally);

describe("what a night and a day say", () => {
  const dc = { ...generator, storage: "dc" } as const;
  const behindBattery = { ...connection, storage: "ac" } as const;
  test.each([
    ["a generator's day alone", production, 8, 10, generator, "open"],
    ["a generator's night alone", production, 20, 8, generator, "open"],
    ["a night and the day after", production, 20, 20, generator, "passed"],
    ["a day and the night after", production, 8, 18, generator, "passed"],
    ["an inverter that draws its standby", standby, 20, 20, generator, "passed"],
    ["what stray voltage shows", trickle, 20, 20, generator, "passed"],
    ["a dead generator", () => ({}), 8, 24, generator, "open"],
    ["a generator that shows consumption", swapped, 20, 3, generator, "failed"],
    ["a generator with storage behind its inverter", swapped, 8, 48, dc, "open"],
    ["and one that is dark by night all the same", production, 8, 48, dc, "open"],
    ["a connection point's night", grid, 20, 8, connection, "passed"],
    ["a connection point's day", grid, 8, 8, connection, "open"],
    ["a connection point that gives by night", reversed, 20, 4, connection, "failed"],
    ["with storage, which may", reversed, 20, 8, behindBattery, "open"],
    ["with storage, in a night that takes", grid, 20, 8, behindBattery, "passed"],
    ["a house that takes nothing", () => ({}), 8, 24, connection, "open"],
  ] as const)("%s", (_, power, fromHour, hours, context, verdict) => {
    expect(judgeTally(tallyOf(intervals(power, fromHour, hours), context), context)).toBe(verdict);
  });

  test("a rule that failed stays so, whatever comes later", () => {
    const night = tallyOf(intervals(swapped, 20, 4), generator);
    const later = intervals(production, 32, 30).reduce(
      (tally, interval) => addInterval(tally, interval, generator),
      night,
    );
    expect(later.failed).toBe("night-production");
  });

  test("a night is one without a gap in it", () => {
    const night = intervals(grid, 22, 5);
    const parts = night.map((one, index) => (index % 8 === 7 ? { ...one, quality: "gap" } : one));
    expect(tallyOf(night, connection).nights).toBe(1);
    expect(tallyOf(parts as TalliedInterval[], connection).nights).toBe(0);
    expect(tallyOf(night.toSpliced(8, 1), connection).nights).toBe(0);
  });

  test("each night counts once", () => {
    expect(tallyOf(intervals(production, 0, 24 * 5), generator)).toMatchObject({
      nights: 6,
      days: 5,
    });
  });

  test("where days pass faster, a simulated one proves", () => {
    const context: EvidenceContext = {
      ...generator,
      wiring: {
        ...wiring,
        solarClock: {
          originReal: "2026-06-01T00:00:00Z",
          originSolar: "2026-06-01T00:00:00Z",
          speed: 96,
        },
      },
    };
    // A quarter of an hour is a day: intervals of 15 s, the sun's hour passes in 37.5 s.
    const day = Array.from({ length: 60 }, (_, index): TalliedInterval => {
      const startMs = Date.UTC(2026, 5, 1) + index * 15_000;
      const power = sunny((index * 15) / 37.5);
      const exportWh = Math.round((power * 15) / 3_600);
      const end = instant(startMs + 15_000);
      return { start: instant(startMs), end, importWh: 0, exportWh, quality: "good" };
    });
    expect(judgeTally(tallyOf(day, context), context)).toBe("passed");
    const cheating = day.map((one) => ({ ...one, exportWh: 2 }));
    expect(judgeTally(tallyOf(cheating, context), context)).toBe("failed");
  });
});
