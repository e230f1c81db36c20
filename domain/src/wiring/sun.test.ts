import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Site } from "./site.js";
import { clearSkyMostShare, clearSkyShare, skyOver, sunAt } from "./sun.js";

const site: Site = {
  householdId: "h1",
  latitude: 38.7,
  longitude: -9.1,
  pv: { peakW: 4000, azimuthDeg: 180, tiltDeg: 30 },
  storage: "none",
  ev: false,
  phases: 1,
  commissionedAt: "2026-06-01T00:00:00Z",
  channels: ["production"],
  neighbours: null,
};
const instant = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2050, 0) });
const place = fc.record({
  latitude: fc.double({ min: -89, max: 89, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
});

describe("position of the sun", () => {
  // Reda and Andreas 2004 (NREL/TP-560-34302), worked example: before refraction.
  it("agrees with NREL's worked example", () => {
    const sun = sunAt(Date.UTC(2003, 9, 17, 19, 30, 30), 39.742476, -105.1786);
    expect(sun.elevationDeg).toBeCloseTo(39.872, 1);
    expect(sun.azimuthDeg).toBeCloseTo(194.34, 1);
  });

  it.each([
    ["over the northern tropic in June", Date.UTC(2026, 5, 21, 12, 2), 23.44, 90],
    ["over the southern tropic in December", Date.UTC(2026, 11, 21, 11, 58), -23.44, 90],
    ["on the horizon at the pole in March", Date.UTC(2026, 2, 20, 14, 46), 90, 0],
    ["at midnight inside the polar circle in June", Date.UTC(2026, 5, 21, 0, 2), 70, 3.44],
  ])("stands %s", (_, ms, latitude, elevationDeg) => {
    expect(Math.abs(sunAt(ms, latitude, 0).elevationDeg - elevationDeg)).toBeLessThan(0.15);
  });

  it("stands on the other side of the earth as far below as here above", () => {
    fc.assert(
      fc.property(instant, place, (ms, { latitude, longitude }) => {
        const here = sunAt(ms, latitude, longitude);
        const there = sunAt(ms, -latitude, longitude + 180);
        expect(there.elevationDeg).toBeCloseTo(-here.elevationDeg, 6);
      }),
    );
  });
});

describe("clear sky", () => {
  it("gives a plane that faces a high sun about its peak power", () => {
    expect(
      clearSkyShare({ elevationDeg: 60, azimuthDeg: 180 }, { azimuthDeg: 180, tiltDeg: 30 }),
    ).toBeGreaterThan(0.9);
    expect(clearSkyMostShare(90)).toBeLessThan(1.25);
  });

  it("gives no plane more than the most, and nothing at night", () => {
    const plane = fc.record({
      azimuthDeg: fc.integer({ min: 0, max: 360 }),
      tiltDeg: fc.integer({ min: 0, max: 90 }),
    });
    fc.assert(
      fc.property(instant, place, plane, (ms, { latitude, longitude }, plane) => {
        const sun = sunAt(ms, latitude, longitude);
        const share = clearSkyShare(sun, plane);
        expect(share).toBeLessThanOrEqual(clearSkyMostShare(sun.elevationDeg) + 1e-9);
        expect(share === 0).toBe(sun.elevationDeg <= 0);
      }),
    );
  });

  it("sees the sunrise inside an hour, and means over it", () => {
    const sky = skyOver(site)({ startMs: Date.UTC(2026, 5, 1, 4, 45), seconds: 3600 });
    expect(sky.lowestDeg).toBeLessThan(0);
    expect(sky.highestDeg).toBeGreaterThan(4);
    expect(sky.share).toBeGreaterThan(0);
  });

  it("gives a second what it gives the minute", () => {
    const over = skyOver(site);
    const startMs = Date.UTC(2026, 5, 1, 12);
    const minute = over({ startMs, seconds: 60 });
    expect(over({ startMs: startMs + 30_000, seconds: 1 })).toEqual(minute);
    expect(over({ startMs: startMs + 60_000, seconds: 1 })).not.toEqual(minute);
  });
});
