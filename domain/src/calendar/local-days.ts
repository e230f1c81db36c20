/**
 * Days as people of a place count them. For pages and exports only: which day an hour belongs to
 * rests on the time zone data of whoever asks, so nothing hashed, signed or cleared may depend on it.
 */

/** One day of a place, [start, end) in ms since 1970. 23 or 25 hours where the clocks change. */
export interface LocalDay {
  /** E.g. `2026-10-25`. */
  readonly date: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** What a clock on the wall shows; `offsetMinutes` (local minus UTC) tells the two 02:30 of October apart. */
export interface LocalTime {
  readonly date: string;
  /** E.g. `02:30:00`. */
  readonly time: string;
  readonly offsetMinutes: number;
}

const minuteMs = 60_000;
const quarterMs = 15 * minuteMs;
const dayMs = 86_400_000;
/** No place on Earth is further from UTC, in quarters of an hour: +14:00 and −12:00. */
const furthestQuarters = 15 * 4;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether this is an IANA name that the system knows, e.g. `Europe/Lisbon`. */
export function isZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** The zone of this system, as its administrator set it. */
export function systemZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** @throws RangeError where the zone is not known */
export function localTime(atMs: number, zone: string): LocalTime {
  const parts: Record<string, string> = {};
  for (const { type, value } of formatOf(zone).formatToParts(atMs)) parts[type] = value;
  const { year = "", month, day, hour, minute, second } = parts;
  const date = `${year.padStart(4, "0")}-${month}-${day}`;
  const time = `${hour}:${minute}:${second}`;
  const shownMs = Date.parse(`${date}T${time}Z`);
  return { date, time, offsetMinutes: Math.round((shownMs - atMs) / minuteMs) };
}

/** `2026-10-25T02:30:00+02:00`: local time with its offset (RFC 3339), so that no two instants read alike. */
export function localText(atMs: number, zone: string): string {
  const { date, time, offsetMinutes } = localTime(atMs, zone);
  const minutes = Math.abs(offsetMinutes);
  const pad = (value: number): string => String(value).padStart(2, "0");
  const sign = offsetMinutes < 0 ? "-" : "+";
  return `${date}T${time}${sign}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

/**
 * The day of the place that this instant lies in.
 * @throws RangeError where the zone is not known
 */
export function localDay(atMs: number, zone: string): LocalDay {
  return localDayOf(localTime(atMs, zone).date, zone);
}

/**
 * @param date as `2026-10-25`
 * @throws RangeError where the zone is not known or the date is none
 */
export function localDayOf(date: string, zone: string): LocalDay {
  const startMs = firstInstantOf(date, zone);
  return { date, startMs, endMs: firstInstantOf(dateAfter(date), zone) };
}

/** Quarters of an hour in a day: 96, or 92 and 100 where the clocks change. */
export function quarterHours({ startMs, endMs }: LocalDay): number {
  return (endMs - startMs) / quarterMs;
}

function dateAfter(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + dayMs).toISOString().slice(0, 10);
}

/**
 * The first instant that carries this date: mostly midnight. Where clocks change at midnight, 00:00
 * does not exist or comes twice, and the first quarter of an hour with this date is searched for;
 * offsets are whole quarters everywhere since 1972.
 */
function firstInstantOf(date: string, zone: string): number {
  const midnightMs = Date.parse(`${date}T00:00:00Z`);
  const guessMs = midnightMs - localTime(midnightMs, zone).offsetMinutes * minuteMs;
  const carries = (atMs: number): boolean => localTime(atMs, zone).date >= date;
  if (carries(guessMs) && !carries(guessMs - quarterMs)) return guessMs;
  let before = -furthestQuarters;
  let after = furthestQuarters;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (carries(midnightMs + middle * quarterMs)) after = middle;
    else before = middle;
  }
  return midnightMs + after * quarterMs;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  formats.set(zone, format);
  return format;
}
