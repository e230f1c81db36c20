import fc from "fast-check";
import { expect, test } from "vitest";
import { lightAt, solarMs } from "./light.js";
import { sunAt } from "./sun.js";

const place = fc.record({
  latitudeDeg: fc.integer({ min: -89, max: 89 }),
  longitudeDeg: fc.integer({ min: -180, max: 180 }),
});

test("dark is where the almanac has the sun far below the horizon, day where it is well above", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2050, 0) }),
      place,
      (ms, where) => {
        const { elevationDeg } = sunAt(ms, where.latitudeDeg, where.longitudeDeg);
        const light = lightAt(ms, where);
        if (elevationDeg < -7.5) expect(light).toBe("dark");
        if (elevationDeg > 6.5) expect(light).toBe("day");
        if (light === "dark") expect(elevationDeg).toBeLessThan(-4.5);
        if (light === "day") expect(elevationDeg).toBeGreaterThan(3.5);
      },
    ),
    { numRuns: 3_000 },
  );
});

test("a simulated sun runs through its day faster", () => {
  const wiring = {
    latitudeDeg: 39,
    longitudeDeg: -9,
    aggregator: "required",
    solarClock: {
      originReal: "2026-11-22T10:00:00Z",
      originSolar: "2026-06-01T00:00:00Z",
      speed: 96,
    },
  } as const;
  const at = (text: string) => lightAt(solarMs(Date.parse(text), wiring), wiring);
  expect(at("2026-11-22T10:00:00Z")).toBe("dark");
  expect(at("2026-11-22T10:07:30Z")).toBe("day");
  expect(at("2026-11-22T10:15:00Z")).toBe("dark");
});
