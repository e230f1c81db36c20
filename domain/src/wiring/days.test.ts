import { describe, expect, it } from "vitest";
import { dayBook } from "./days.js";
import type { Site } from "./site.js";
import type { Row } from "./types.js";

const site: Site = {
  householdId: "h1",
  latitude: 0,
  longitude: 0,
  pv: null,
  storage: "none",
  ev: false,
  phases: 1,
  commissionedAt: "2026-01-01T00:00:00Z",
  channels: ["grid"],
  neighbours: null,
};
const midnightMs = Date.parse("2026-01-01T00:00:00Z");
const hourMs = 3_600_000;

function dayOf(rows: readonly Row[]) {
  const book = dayBook(site, 2);
  for (const row of rows) book.push(row);
  return book.push({ startMs: midnightMs + 24 * hourMs, seconds: 900, gridW: 1 });
}

describe("a day of rows", () => {
  it("is known when a row of the next one comes, in bins of half an hour", () => {
    const rows = Array.from({ length: 96 }, (_, i) => ({
      startMs: midnightMs + i * 900_000,
      seconds: 900,
      gridW: i % 2 === 0 ? 300 : -100,
    }));
    const day = dayOf(rows);
    expect(day?.watts.import).toEqual(new Float64Array(48).fill(150));
    expect(day?.watts.export).toEqual(new Float64Array(48).fill(50));
    expect(day?.watts.production[0]).toBeNaN();
  });

  it("has a bin only where half of it was measured", () => {
    const day = dayOf([
      { startMs: midnightMs, seconds: 900, gridW: 200 },
      { startMs: midnightMs + hourMs, seconds: 600, gridW: 200 },
    ]);
    expect(day?.watts.import[0]).toBe(200);
    expect(day?.watts.import[2]).toBeNaN();
  });

  it("has a row that is longer than a bin in each that it covers", () => {
    const book = dayBook(site, 2);
    book.push({ startMs: midnightMs, seconds: 3600, importWh: 500 });
    book.push({ startMs: midnightMs + hourMs, seconds: 7200, importWh: 500 });
    const day = book.push({ startMs: midnightMs + 25 * hourMs, seconds: 3600, importWh: 0 });
    expect([...(day?.watts.import.slice(0, 4) ?? [])]).toEqual([500, 250, 250, Number.NaN]);
  });

  it("begins at solar midnight, and is forgotten when newer ones fill the book", () => {
    const book = dayBook({ ...site, longitude: 90 }, 2);
    for (let hour = 0; hour < 24 * 5; hour++)
      book.push({ startMs: midnightMs + hour * hourMs, seconds: 3600, importWh: 1 });
    expect(book.days.map(({ startMs }) => new Date(startMs).toISOString())).toEqual([
      "2026-01-03T18:00:00.000Z",
      "2026-01-04T18:00:00.000Z",
    ]);
  });
});
