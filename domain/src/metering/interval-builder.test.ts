import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Interval, interval, intervalHash, toHex, zeroHash } from "../evidence/index.js";
import { followIntervals } from "../evidence/verify-intervals.js";
import {
  type GoodReading,
  type IntervalOptions,
  type IntervalState,
  intervalState,
  newIntervals,
  nextInterval,
  sealInterval,
  type UnsealedInterval,
} from "./index.js";

const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();
const options: IntervalOptions = {
  participant: "h1",
  meter: "eastron/sdm630:1",
  role: "connection",
  slotSeconds: 20,
  boundaryToleranceMs: 2000,
};

/** A meter that is read: real time passes, clocks may be wrong. Times are ms after 2026-06-01T12:00:00Z. */
class Scene {
  state: IntervalState = newIntervals;
  readonly given: UnsealedInterval[] = [];
  readonly readings: GoodReading[] = [];
  #sequence = 0;
  readonly #options: IntervalOptions;
  constructor(changes: Partial<IntervalOptions> = {}) {
    this.#options = { ...options, ...changes };
  }

  read(utcMs: number, changes: Partial<GoodReading> = {}): this {
    this.#sequence += 1;
    this.take({
      sequence: this.#sequence,
      at: new Date(Date.UTC(2026, 5, 1, 12) + utcMs).toISOString(),
      monotonicMs: 1_000_000 + utcMs,
      bootId: "boot-1",
      clock: "synchronised",
      importWh: 1000 + this.#sequence,
      exportWh: 0,
      ...changes,
    });
    return this;
  }

  every(stepMs: number, fromMs: number, toMs: number, changes: Partial<GoodReading> = {}): this {
    for (let at = fromMs; at < toMs; at += stepMs) this.read(at, changes);
    return this;
  }

  take(reading: GoodReading): void {
    this.readings.push(reading);
    const next = nextInterval(this.state, reading, this.#options);
    // Killed and started again after every single reading.
    this.state = intervalState.parse(JSON.parse(JSON.stringify(next.state)));
    if (next.interval !== undefined) this.given.push(next.interval);
  }

  /** What was given, as "start-end quality epoch" in seconds after noon. */
  summary(): string[] {
    const seconds = (instant: string): number =>
      (Date.parse(instant) - Date.UTC(2026, 5, 1, 12)) / 1000;
    return this.given.map(
      ({ start, end, quality, epoch }) => `${seconds(start)}-${seconds(end)} ${quality} ${epoch}`,
    );
  }
}

describe("intervals of a meter", () => {
  it("run from the first reading at or after each boundary to the next", () => {
    const scene = new Scene().every(1000, 500, 62_000);
    expect(scene.summary()).toEqual(["0-20 good 1", "20-40 good 1", "40-60 good 1"]);
    expect(scene.given[0]).toEqual({
      v: 1,
      participant: "h1",
      meter: "eastron/sdm630:1",
      role: "connection",
      sequence: 1,
      start: "2026-06-01T12:00:00Z",
      end: "2026-06-01T12:00:20Z",
      importWh: 20,
      exportWh: 0,
      first: { importWh: 1001, exportWh: 0 },
      last: { importWh: 1021, exportWh: 0 },
      readings: { first: 1, last: 21 },
      boundaryErrorMs: { start: 500, end: 500 },
      quality: "good",
      epoch: 1,
    });
  });

  it("begin at a boundary, not at the first reading", () => {
    expect(new Scene().every(1000, 7000, 41_000).summary()).toEqual(["20-40 good 1"]);
  });

  it("join the slots around a missed boundary into one gap", () => {
    const scene = new Scene().every(1000, 0, 18_000).every(1000, 23_000, 61_000);
    expect(scene.summary()).toEqual(["0-40 gap 1", "40-60 good 1"]);
  });

  it("take a reading at the end of the tolerance and none after it", () => {
    expect(new Scene().read(0).read(22_000).summary()).toEqual(["0-20 good 1"]);
    expect(new Scene().read(0).read(22_001).read(40_000).summary()).toEqual(["0-40 gap 1"]);
  });

  it("ignore a reading that was taken before", () => {
    const scene = new Scene().every(1000, 0, 41_000);
    for (const reading of scene.readings.slice()) scene.take(reading);
    expect(scene.summary()).toEqual(["0-20 good 1", "20-40 good 1"]);
  });

  it("refuse registers that nobody guarded", () => {
    expect(() => new Scene().read(0).read(20_000, { importWh: 0 })).toThrow(/not guarded/);
  });
});

describe("placement epochs", () => {
  it("last through a silence of 30 s and end at a longer one", () => {
    expect(new Scene({ boundaryToleranceMs: 19_999 }).read(0).read(30_000).summary()).toEqual([
      "0-20 good 1",
    ]);
    expect(new Scene({ boundaryToleranceMs: 19_999 }).read(0).read(30_001).summary()).toEqual([
      "0-20 good 2",
    ]);
  });
  it("end at a restart of the machine", () => {
    const scene = new Scene()
      .every(1000, 0, 15_000)
      .every(1000, 16_000, 41_000, { bootId: "boot-2" });
    expect(scene.summary()).toEqual(["0-20 good 2", "20-40 good 2"]);
  });
  it("end where the monotonic clock falls, which it never does in one boot", () => {
    const scene = new Scene().every(1000, 0, 15_000);
    scene.read(15_000, { monotonicMs: 0 }).read(20_000, { monotonicMs: 5000 });
    expect(scene.summary()).toEqual(["0-20 unsynchronised 2"]);
  });
});

describe("a clock", () => {
  it("that steps back gives no second interval, and what it stretched is unsynchronised", () => {
    const scene = new Scene().every(1000, 0, 21_000);
    scene.every(1000, 16_000, 61_000, {});
    // Monotonic time in this scene follows UTC, so shift it to what really passed.
    const real = new Scene();
    for (const [i, reading] of scene.readings.entries())
      real.take({ ...reading, monotonicMs: i * 1000 });
    expect(real.summary()).toEqual(["0-20 good 1", "20-40 unsynchronised 1", "40-60 good 1"]);
  });

  it("that leaps over boundaries makes one gap, or an unsynchronised interval where it lands on one", () => {
    const leap = new Scene();
    for (let i = 0; i < 60; i++)
      leap.read(i < 10 ? i * 1000 : i * 1000 + 47_000, { monotonicMs: i * 1000 });
    expect(leap.summary()).toEqual(["0-60 unsynchronised 1", "60-80 good 1", "80-100 good 1"]);
  });

  it("that nobody vouches for makes no boundary, and holdover does", () => {
    expect(new Scene().every(1000, 0, 41_000, { clock: "unknown" }).summary()).toEqual([]);
    expect(new Scene().every(1000, 0, 41_000, { clock: "holdover" }).summary()).toEqual([
      "0-20 good 1",
      "20-40 good 1",
    ]);
  });

  it("that was not set yet opens nothing", () => {
    const scene = new Scene({ earliest: "2026-01-01T00:00:00Z" });
    scene.every(1000, -Date.UTC(2026, 5, 1, 12), -Date.UTC(2026, 5, 1, 12) + 60_000, {
      clock: "unknown",
    });
    expect(scene.state.open).toBeUndefined();
    expect(scene.every(1000, 0, 21_000).given).toHaveLength(1);
  });

  it("that nobody vouches for cannot carry a meter years ahead", () => {
    const year = 366 * 86_400_000;
    const scene = new Scene().read(0).read(year, { clock: "unknown" }).every(1000, 1000, 41_000);
    expect(scene.given.at(-1)).toMatchObject({ end: "2026-06-01T12:00:40Z" });
  });
});

/** What a clock shows for a while: true time plus `offMs`, in steps of a second. */
interface Span {
  readonly forMs: number;
  /** What UTC shows more than the truth. */
  readonly offMs?: number;
  /** UTC gains this much a second: NTP that slews, or a smeared leap second. */
  readonly slewPpm?: number;
  readonly clock?: GoodReading["clock"];
  readonly boot?: string;
  /** The machine sleeps this long before it: true time goes on, the monotonic clock as well if it counts sleep. */
  readonly sleepMs?: number;
  readonly countsSleep?: boolean;
  /** Nothing is read before it for so long. */
  readonly silentMs?: number;
}

function history(spans: readonly Span[]): Scene {
  const scene = new Scene({ earliest: "2026-01-01T00:00:00Z" });
  let trueMs = 0;
  let monotonicMs = 5_000_000;
  let boot = "boot-1";
  let slewedMs = 0;
  for (const span of spans) {
    const { forMs, offMs = 0, slewPpm = 0, clock = "synchronised", countsSleep = true } = span;
    if (span.boot !== undefined && span.boot !== boot) monotonicMs = 20_000;
    boot = span.boot ?? boot;
    trueMs += (span.sleepMs ?? 0) + (span.silentMs ?? 0);
    monotonicMs += (countsSleep ? (span.sleepMs ?? 0) : 0) + (span.silentMs ?? 0);
    for (let at = 0; at < forMs; at += 1000) {
      const importWh = 1000 + Math.floor(trueMs / 1000);
      scene.read(trueMs + offMs + Math.round(slewedMs), {
        monotonicMs,
        bootId: boot,
        clock,
        importWh,
      });
      trueMs += 1000;
      monotonicMs += 1000;
      slewedMs += slewPpm / 1000;
    }
  }
  return scene;
}

describe("clock histories", () => {
  const hourMs = 3_600_000;
  const to1970Ms = -Date.UTC(2026, 5, 1, 12);
  it.each<[name: string, spans: readonly Span[], summary: readonly string[]]>([
    [
      "NTP comes two hours after a start without a clock",
      [{ forMs: 2 * hourMs, offMs: to1970Ms, clock: "unknown" }, { forMs: 41_000 }],
      ["7200-7220 good 1", "7220-7240 good 1"],
    ],
    [
      "a restart that shows the time at which the power failed, NTP an hour later: one exact gap",
      [
        { forMs: 41_000 },
        {
          forMs: hourMs,
          offMs: -10 * hourMs,
          boot: "boot-2",
          clock: "unknown",
          silentMs: 10 * hourMs,
        },
        { forMs: 21_000, boot: "boot-2" },
      ],
      ["0-20 good 1", "20-40 good 1", "40-39640 gap 2", "39640-39660 good 2"],
    ],
    [
      "back over boundaries, confirmed by NTP: no boundary twice",
      [{ forMs: 61_000 }, { forMs: 101_000, offMs: -50_000 }],
      ["0-20 good 1", "20-40 good 1", "40-60 good 1", "60-80 unsynchronised 1", "80-100 good 1"],
    ],
    [
      "back over boundaries and nobody vouches until it is right again",
      [{ forMs: 61_000 }, { forMs: 30_000, offMs: -50_000, clock: "unknown" }, { forMs: 30_000 }],
      ["0-20 good 1", "20-40 good 1", "40-60 good 1", "60-100 gap 1", "100-120 good 1"],
    ],
    [
      "forward past several slots and back, unknown meanwhile: nothing happened",
      [{ forMs: 25_000 }, { forMs: 10_000, offMs: 200_000, clock: "unknown" }, { forMs: 30_000 }],
      ["0-20 good 1", "20-40 good 1", "40-60 good 1"],
    ],
    [
      "forward past several slots for good",
      [{ forMs: 25_000 }, { forMs: 41_000, offMs: 75_000 }],
      ["0-20 good 1", "20-100 unsynchronised 1", "100-120 good 1", "120-140 good 1"],
    ],
    [
      "asleep for an hour, with a monotonic clock that counts sleep",
      [{ forMs: 25_000 }, { forMs: 41_000, sleepMs: hourMs }],
      ["0-20 good 1", "20-3640 gap 2", "3640-3660 good 2"],
    ],
    [
      "asleep for an hour, with one that does not: flagged",
      [{ forMs: 25_000 }, { forMs: 41_000, sleepMs: hourMs, countsSleep: false }],
      ["0-20 good 1", "20-3640 unsynchronised 1", "3640-3660 good 1"],
    ],
    [
      "several steps inside one slot that cancel one another",
      [
        { forMs: 23_000 },
        { forMs: 3000, offMs: 5000, clock: "unknown" as const },
        { forMs: 3000, offMs: -4000 },
        { forMs: 32_000 },
      ],
      ["0-20 good 1", "20-40 good 1", "40-60 good 1"],
    ],
    [
      "several steps inside one slot that do not",
      [{ forMs: 23_000 }, { forMs: 3000, offMs: 1500 }, { forMs: 60_000, offMs: 3000 }],
      ["0-20 good 1", "20-40 unsynchronised 1", "40-60 good 1", "60-80 good 1"],
    ],
    [
      "another boot inside a slot, right both times",
      [{ forMs: 25_000 }, { forMs: 36_000, boot: "boot-2" }],
      ["0-20 good 1", "20-40 good 2", "40-60 good 2"],
    ],
    [
      "a leap second, inserted as a step of one second",
      [{ forMs: 30_000 }, { forMs: 32_000, offMs: -1000 }],
      ["0-20 good 1", "20-40 good 1", "40-60 good 1"],
    ],
    [
      "a leap second smeared over a day, and NTP that slews at its fastest",
      [
        { forMs: 41_000, slewPpm: 11.6 },
        { forMs: 21_000, slewPpm: 500 },
      ],
      ["0-20 good 1", "20-40 good 1", "40-60 good 1"],
    ],
    [
      "ten years ahead with somebody's word for it, and back: no boundary is made that far",
      [{ forMs: 25_000 }, { forMs: 40_000, offMs: 87_600 * hourMs }, { forMs: 30_000 }],
      ["0-20 good 1", "20-80 gap 1"],
    ],
  ])("%s", (_, spans, summary) => {
    const scene = history(spans);
    expect(scene.summary()).toEqual(summary);
    const [first] = scene.given;
    const sumWh = scene.given.reduce((wh, { importWh }) => wh + importWh, 0);
    expect(sumWh).toBe((scene.given.at(-1)?.last.importWh ?? 0) - (first?.first.importWh ?? 0));
  });
});

/** What happens before each reading. */
const step = fc.record({
  realMs: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 500, max: 1500 }) },
    { weight: 1, arbitrary: fc.nat(200_000) },
  ),
  /** A step of the wall clock. */
  clockMs: fc.oneof(
    { weight: 9, arbitrary: fc.constant(0) },
    {
      weight: 1,
      arbitrary: fc.integer({ min: -10 * 365 * 86_400_000, max: 10 * 365 * 86_400_000 }),
    },
    { weight: 2, arbitrary: fc.integer({ min: -60_000, max: 60_000 }) },
  ),
  reboot: fc.oneof(
    { weight: 20, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  clock: fc.constantFrom("synchronised" as const, "holdover" as const, "unknown" as const),
  importWh: fc.nat(20),
  exportWh: fc.nat(20),
});

function play(script: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): Scene {
  const scene = new Scene();
  let utc = 0;
  let monotonicMs = 0;
  let boot = 1;
  let importWh = 0;
  let exportWh = 0;
  for (const event of script) {
    utc += event.realMs + event.clockMs;
    monotonicMs = event.reboot ? 0 : monotonicMs + event.realMs;
    boot += event.reboot ? 1 : 0;
    importWh += event.importWh;
    exportWh += event.exportWh;
    scene.read(utc, {
      monotonicMs,
      bootId: `boot-${boot}`,
      clock: event.clock,
      importWh,
      exportWh,
    });
  }
  return scene;
}

function seal(given: readonly UnsealedInterval[]): Interval[] {
  const sealed: Interval[] = [];
  for (const unsealed of given) {
    const before = sealed.at(-1);
    const previous = before === undefined ? zeroHash : toHex(intervalHash(before, sha256));
    sealed.push(interval.parse(sealInterval(unsealed, { previous, merkleRoot: zeroHash })));
  }
  return sealed;
}

describe("whatever the clocks do", () => {
  const script = fc.array(step, { minLength: 100, maxLength: 400 });

  it("the verifier accepts the chain of intervals: no gap, overlap, repeat or lost energy", () => {
    let intervals = 0;
    fc.assert(
      fc.property(script, (events) => {
        const sealed = seal(play(events).given);
        intervals += sealed.length;
        expect(() => followIntervals(sealed, undefined, sha256, 20)).not.toThrow();
        const sum = (pick: (one: Interval) => number): number =>
          sealed.reduce((total, one) => total + pick(one), 0);
        expect(sum((one) => one.importWh)).toBe(
          (sealed.at(-1)?.last.importWh ?? 0) - (sealed[0]?.first.importWh ?? 0),
        );
        expect(sum((one) => one.exportWh)).toBe(
          (sealed.at(-1)?.last.exportWh ?? 0) - (sealed[0]?.first.exportWh ?? 0),
        );
      }),
    );
    expect(intervals).toBeGreaterThan(100);
  });

  it("a good interval is never longer or shorter than a slot by more than the tolerances", () => {
    fc.assert(
      fc.property(script, (events) => {
        const scene = play(events);
        const read = (sequence: number): GoodReading => scene.readings[sequence - 1]!;
        for (const one of scene.given.filter(({ quality }) => quality === "good")) {
          const first = read(one.readings.first);
          const last = read(one.readings.last);
          if (first.bootId !== last.bootId) continue;
          expect(Math.abs(last.monotonicMs - first.monotonicMs - 20_000)).toBeLessThanOrEqual(
            2 * 2000,
          );
        }
      }),
    );
  });
});
