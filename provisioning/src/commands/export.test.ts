import { expect, it } from "vitest";
import { instantOf } from "./export.js";

it.each([
  ["2026-11-01", "UTC", "2026-11-01T00:00:00.000Z"],
  ["2026-11-01T10:00:00Z", "Europe/Berlin", "2026-11-01T10:00:00.000Z"],
  // A day of 25 hours, and one without midnight.
  ["2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00.000Z"],
  ["2026-10-26", "Europe/Berlin", "2026-10-25T23:00:00.000Z"],
  ["2026-03-29", "Atlantic/Azores", "2026-03-29T01:00:00.000Z"],
])("%s in %s begins at %s", (text, zone, instant) => {
  expect(instantOf(text, zone)).toBe(instant);
});
