import { describe, expect, it } from "vitest";
import {
  isZone,
  type LocalDay,
  localDay,
  localDayOf,
  localText,
  localTime,
  quarterHours,
} from "./index.js";

/*
 * Written by hand from Directive 2000/84/EC (articles 2 and 3: summer time begins and ends at 01:00 UTC
 * on the last Sundays of March and October, and is an hour) and from the members' standard times.
 * Outermost regions outside Europe keep no summer time, except the Azores, Madeira and the Canaries.
 */
const withSummerTime: readonly [standardHours: number, zones: readonly string[]][] = [
  [-1, ["Atlantic/Azores"]],
  [0, ["Europe/Lisbon", "Atlantic/Madeira", "Atlantic/Canary", "Europe/Dublin"]],
  [
    1,
    [
      ..."Amsterdam Belgrade Berlin Bratislava Brussels Budapest Busingen Copenhagen Ljubljana".split(
        " ",
      ),
      ..."Luxembourg Madrid Malta Paris Prague Rome Stockholm Vienna Warsaw Zagreb".split(" "),
    ].map((city) => `Europe/${city}`),
  ],
  [1, ["Africa/Ceuta"]],
  [
    2,
    [
      ..."Athens Bucharest Helsinki Mariehamn Riga Sofia Tallinn Vilnius"
        .split(" ")
        .map((city) => `Europe/${city}`),
      "Asia/Nicosia",
      "Asia/Famagusta",
    ],
  ],
];
const withoutSummerTime: readonly [standardHours: number, zone: string][] = [
  [-4, "America/Guadeloupe"],
  [-4, "America/Martinique"],
  [-4, "America/Marigot"],
  [-3, "America/Cayenne"],
  [4, "Indian/Reunion"],
  [3, "Indian/Mayotte"],
];
const zones = [
  ...withSummerTime.flatMap(([hours, names]) =>
    names.map((zone) => ({ zone, hours, summerTime: true })),
  ),
  ...withoutSummerTime.map(([hours, zone]) => ({ zone, hours, summerTime: false })),
];

/** Last Sundays, from a printed calendar. */
const changes: Record<number, readonly [march: number, october: number]> = {
  2026: [29, 25],
  2027: [28, 31],
  2028: [26, 29],
  2029: [25, 28],
  2030: [31, 27],
  2031: [30, 26],
  2032: [28, 31],
  2033: [27, 30],
  2034: [26, 29],
  2035: [25, 28],
  2036: [30, 26],
};
const leapYears = [2028, 2032, 2036];
const hourMs = 3_600_000;

/** Days on which something can go wrong, with the days around them; of the first zones of each kind, all days. */
function datesOf(year: number, zone: string): string[] {
  const [march, october] = changes[year] ?? [0, 0];
  const day = (month: number, date: number): string =>
    new Date(Date.UTC(year, month - 1, date)).toISOString().slice(0, 10);
  if (["Europe/Lisbon", "Atlantic/Azores", "Indian/Reunion"].includes(zone)) {
    return Array.from({ length: leapYears.includes(year) ? 366 : 365 }, (_, n) => day(1, n + 1));
  }
  return [
    day(1, 1),
    day(2, 28),
    day(2, 29),
    day(3, 1),
    day(7, 1),
    day(12, 31),
    ...[march - 1, march, march + 1].map((date) => day(3, date)),
    ...[october - 1, october, october + 1].map((date) => day(10, date)),
  ];
}

type Zone = (typeof zones)[number];

/** The day as the directive says it is. */
function dayByRule(date: string, { hours, summerTime }: Zone): LocalDay {
  const [march, october] = changes[Number(date.slice(0, 4))] ?? [0, 0];
  const begins = `${date.slice(0, 4)}-03-${march}`;
  const ends = `${date.slice(0, 4)}-10-${october}`;
  const summer = summerTime && date > begins && date <= ends ? 1 : 0;
  const length = { [begins]: 23, [ends]: 25 }[date];
  const startMs = Date.parse(`${date}T00:00:00Z`) - (hours + summer) * hourMs;
  return { date, startMs, endMs: startMs + ((summerTime ? length : undefined) ?? 24) * hourMs };
}

describe.each(zones)("days of $zone", (place) => {
  const { zone, hours, summerTime } = place;
  it("have 96 quarters of an hour, 92 and 100 where the clocks change, and lie end to end", () => {
    const counts = new Set<number>();
    for (const year of Object.keys(changes).map(Number)) {
      for (const date of datesOf(year, zone)) {
        const day = localDayOf(date, zone);
        expect(day).toEqual(dayByRule(date, place));
        counts.add(quarterHours(day));
      }
      const spanMs =
        localDayOf(`${year + 1}-01-01`, zone).startMs - localDayOf(`${year}-01-01`, zone).startMs;
      expect(spanMs / hourMs).toBe((leapYears.includes(year) ? 366 : 365) * 24);
    }
    expect([...counts].sort((a, b) => a - b)).toEqual(summerTime ? [92, 96, 100] : [96]);
  });

  it("begin and end at their own first and last instants", () => {
    for (const [year, [march, october]] of Object.entries(changes)) {
      for (const date of [`${year}-03-${march}`, `${year}-10-${october}`]) {
        const day = localDayOf(date, zone);
        for (const atMs of [day.startMs, day.startMs + 7 * hourMs, day.endMs - 1]) {
          expect(localDay(atMs, zone)).toEqual(day);
        }
        expect(localDay(day.startMs - 1, zone).endMs).toBe(day.startMs);
      }
    }
  });

  if (summerTime) {
    it("tell both times of the repeated hour apart", () => {
      for (const [year, [, october]] of Object.entries(changes)) {
        const changeMs = Date.UTC(Number(year), 9, october, 1);
        const first = changeMs - hourMs / 2;
        const second = changeMs + hourMs / 2;
        expect(localTime(first, zone).time).toBe(localTime(second, zone).time);
        expect(localTime(first, zone).offsetMinutes).toBe((hours + 1) * 60);
        expect(localTime(second, zone).offsetMinutes).toBe(hours * 60);
        expect(localText(first, zone)).not.toBe(localText(second, zone));
        expect(Date.parse(localText(first, zone))).toBe(first);
        expect(Date.parse(localText(second, zone))).toBe(second);
      }
    });
  }
});

describe("local time", () => {
  it.each([
    ["2026-10-25T00:30:00Z", "Europe/Berlin", "2026-10-25T02:30:00+02:00"],
    ["2026-10-25T01:30:00Z", "Europe/Berlin", "2026-10-25T02:30:00+01:00"],
    ["2026-03-29T01:00:00Z", "Atlantic/Azores", "2026-03-29T01:00:00+00:00"],
    ["2028-02-29T23:59:59Z", "Europe/Lisbon", "2028-02-29T23:59:59+00:00"],
    ["2026-06-01T12:00:00Z", "America/St_Johns", "2026-06-01T09:30:00-02:30"],
    ["1970-01-01T00:00:05Z", "Europe/Helsinki", "1970-01-01T02:00:05+02:00"],
  ])("at %s in %s reads %s", (instant, zone, text) => {
    expect(localText(Date.parse(instant), zone)).toBe(text);
  });

  it.each([
    ["Europe/Lisbon", true],
    ["UTC", true],
    ["Europe/Atlantis", false],
    ["", false],
  ])("knows zones: %s %s", (name, known) => {
    expect(isZone(name)).toBe(known);
  });

  it("says that a zone is unknown", () => {
    expect(() => localDay(0, "Europe/Atlantis")).toThrow(RangeError);
  });
});
