import type { ClockQuality } from "@powershare/domain/evidence";
import { describe, expect, it } from "vitest";
import { type Comparison, TimeKeeping } from "./time-keeping.js";
import type { TimeReport } from "./time-service.js";

const hourS = 3600;
const noonMs = Date.UTC(2026, 5, 1, 12);
const earliestMs = Date.UTC(2026, 0, 1);

/** A machine that has run for an hour; UTC is what the test says it shows. */
class Machine {
  readonly keeping = new TimeKeeping(earliestMs);
  #utcMs = noonMs;
  #monotonicMs = hourS * 1000;

  /** Lets seconds pass; UTC shows `stepS` more afterwards. */
  pass(seconds: number, stepS = 0): this {
    this.#monotonicMs += seconds * 1000;
    this.#utcMs += (seconds + stepS) * 1000;
    this.keeping.stepped(this.#moment());
    return this;
  }

  /** The keeper compared so many seconds ago, by what UTC shows now; null: it never did. */
  report(keeper: TimeReport["keeper"], agoS: number | null, errorMs = 0): this {
    const syncedAtMs = agoS === null ? undefined : this.#utcMs - agoS * 1000;
    this.keeping.reported({ keeper, syncedAtMs, errorMs }, this.#moment());
    return this;
  }

  compare(...comparisons: [source: string, offsetS: number][]): this {
    const votes = (source: string): boolean => source !== "rtc";
    this.keeping.compared(
      comparisons.map(
        ([source, offsetS]): Comparison => ({
          source,
          offsetMs: offsetS * 1000,
          votes: votes(source),
        }),
      ),
    );
    return this;
  }

  get quality(): ClockQuality {
    return this.keeping.quality(this.#moment());
  }

  get contradictions(): readonly string[] {
    return this.keeping.status(this.#moment()).contradictions;
  }

  #moment() {
    return { utcMs: this.#utcMs, monotonicMs: this.#monotonicMs };
  }
}

describe("the time", () => {
  it.each<[name: string, history: (machine: Machine) => Machine, quality: ClockQuality]>([
    ["before anybody was asked", (m) => m, "unknown"],
    ["before the first comparison", (m) => m.report("timesyncd", null), "unknown"],
    ["after one", (m) => m.report("timesyncd", 3), "synchronised"],
    ["two hours after one", (m) => m.report("timesyncd", 3).pass(2 * hourS - 3), "synchronised"],
    ["later than that", (m) => m.report("timesyncd", 3).pass(2 * hourS), "holdover"],
    ["a day after one", (m) => m.report("chrony", 0).pass(24 * hourS), "holdover"],
    ["more than a day after one", (m) => m.report("chrony", 0).pass(24 * hourS + 1), "unknown"],
    [
      "when NTP is back",
      (m) =>
        m
          .report("chrony", 0)
          .pass(30 * hourS)
          .report("chrony", 1),
      "synchronised",
    ],
    ["where chrony is still 9.001 s away", (m) => m.report("chrony", 1, 9001), "unknown"],
    ["where chrony is 9 s away at most", (m) => m.report("chrony", 1, 9000), "synchronised"],
    [
      "when its keeper stepped it and says so: that may be from before",
      (m) => m.report("timesyncd", 1).pass(1, 3600).report("timesyncd", 0.5),
      "unknown",
    ],
    [
      "when its keeper compared once more after that",
      (m) => m.pass(1, 3600).report("timesyncd", 0.5).pass(32).report("timesyncd", 0.5),
      "synchronised",
    ],
    ["between the step and that", (m) => m.report("timesyncd", 1).pass(1, 3600), "unknown"],
    [
      "set ahead by hand: the last comparison is not about this time",
      (m) =>
        m
          .report("timesyncd", 1)
          .pass(1, 3600)
          .report("timesyncd", 3602)
          .pass(60)
          .report("timesyncd", 3662),
      "unknown",
    ],
    [
      "set back by hand: it lies ahead",
      (m) => m.report("timesyncd", 1).pass(1, -3600).report("timesyncd", -3598),
      "unknown",
    ],
    [
      "set by hand where the kernel answers",
      (m) => m.report("kernel", 0).pass(1, 3600).report("kernel", null),
      "unknown",
    ],
    [
      "set back by hand, when UTC has come to the last comparison again",
      (m) =>
        m
          .report("timesyncd", 1)
          .pass(1, -60)
          .report("timesyncd", -58)
          .pass(59)
          .report("timesyncd", 1),
      "unknown",
    ],
    ["stepped by 9 s", (m) => m.report("timesyncd", 1).pass(1, 9), "synchronised"],
    [
      "set by 4 s, confirmed, and by 6 s again",
      (m) => m.report("timesyncd", 0).pass(60, 4).report("timesyncd", 1).pass(60, 6),
      "synchronised",
    ],
    [
      "set by 4 s and 6 s with nobody to confirm it",
      (m) => m.report("timesyncd", 0).pass(60, 4).pass(60, 6),
      "unknown",
    ],
    [
      "at 1970, whatever its keeper says",
      (m) => m.pass(1, -noonMs / 1000).report("kernel", 0),
      "unknown",
    ],
    [
      "kept by NTP that only the kernel tells of, after a step",
      (m) => m.report("kernel", 0).pass(1, 3600).report("kernel", 0),
      "synchronised",
    ],
    [
      "before the certificate, whatever its keeper says",
      (m) => m.pass(1, -200 * 86_400).report("kernel", 0),
      "unknown",
    ],
    ["kept by the host", (m) => m.report("host", 0), "synchronised"],
    [
      "kept by the host, 59 s after a step",
      (m) => m.report("host", 0).pass(1, 60).pass(59).report("host", 0),
      "unknown",
    ],
    [
      "kept by the host, 60 s after a step",
      (m) => m.report("host", 0).pass(1, -60).pass(60),
      "synchronised",
    ],
    [
      "with a keeper that went silent",
      (m) => {
        m.report("chrony", 0).pass(hourS);
        m.keeping.reported(undefined, {
          utcMs: noonMs + hourS * 1000,
          monotonicMs: 2 * hourS * 1000,
        });
        return m;
      },
      "synchronised",
    ],
    [
      "contradicted by one server of one",
      (m) => m.report("timesyncd", 0).compare(["a", 10]),
      "unknown",
    ],
    [
      "contradicted by one of two",
      (m) => m.report("timesyncd", 0).compare(["a", 10], ["b", 1]),
      "synchronised",
    ],
    [
      "contradicted by two of three",
      (m) => m.report("timesyncd", 0).compare(["a", -10], ["b", 1], ["c", -11]),
      "unknown",
    ],
    [
      "contradicted by the battery clock alone",
      (m) => m.report("timesyncd", 0).compare(["rtc", 3600]),
      "synchronised",
    ],
  ])("%s is worth what it should be", (_, history, quality) => {
    expect(history(new Machine()).quality).toBe(quality);
  });

  it.each<[name: string, at: string, clock: ClockQuality, quality: ClockQuality]>([
    ["in a known time", "2026-06-01T11:59:00.000Z", "synchronised", "synchronised"],
    ["in a time that nobody knew", "2026-06-01T11:59:00.000Z", "unknown", "unknown"],
    ["before a step", "2026-06-01T10:59:00.000Z", "synchronised", "unknown"],
  ])("goes on after a restart where the log ended %s", (_, at, clock, quality) => {
    const machine = new Machine();
    const before = { at, monotonicMs: hourS * 1000 - 60_000, clock };
    machine.keeping.resume(before, { utcMs: noonMs, monotonicMs: hourS * 1000 });
    machine.report("timesyncd", 30);
    expect(machine.quality).toBe(quality);
    expect(machine.pass(60).report("timesyncd", 1).quality).toBe("synchronised");
  });

  it("names sources that are more than 9 s apart from it", () => {
    const machine = new Machine().report("timesyncd", 0);
    machine.compare(["rtc", 3600], ["a", -9], ["b", -9.6], ["c", 0]);
    expect(machine.contradictions).toEqual(["rtc by 3600 s", "b by -10 s"]);
  });

  it("names two that are more than 9 s apart, though neither is from it", () => {
    const machine = new Machine().report("timesyncd", 0).compare(["a", 8], ["b", 0], ["c", -5]);
    expect(machine.contradictions).toEqual(["c and a, 13 s apart"]);
    expect(machine.quality).toBe("synchronised");
    expect(machine.compare(["a", 8], ["b", -1]).contradictions).toEqual([]);
  });
});
