import type { Site } from "./site.js";

/** Where the sun stands, without refraction. */
export interface SunPosition {
  readonly elevationDeg: number;
  /** Clockwise from north. */
  readonly azimuthDeg: number;
}

/** A generator's plane. */
export interface Plane {
  readonly azimuthDeg: number;
  readonly tiltDeg: number;
}

const radians = Math.PI / 180;
const sin = (degrees: number) => Math.sin(degrees * radians);
const cos = (degrees: number) => Math.cos(degrees * radians);
/** 2000-01-01T12:00Z, from which the almanac counts days. */
const j2000Ms = 946_728_000_000;

/**
 * Position of the sun after the Astronomical Almanac's low-precision formulae (Michalsky 1988, Solar
 * Energy 40(3)): right to about 0.01° from 1950 to 2050.
 */
export function sunAt(ms: number, latitude: number, longitude: number): SunPosition {
  const days = (ms - j2000Ms) / 86_400_000;
  const anomaly = 357.528 + 0.9856003 * days;
  const ecliptic = 280.46 + 0.9856474 * days + 1.915 * sin(anomaly) + 0.02 * sin(2 * anomaly);
  const obliquity = 23.439 - 0.0000004 * days;
  const ascension = Math.atan2(cos(obliquity) * sin(ecliptic), cos(ecliptic)) / radians;
  const sinDeclination = sin(obliquity) * sin(ecliptic);
  const cosDeclination = Math.sqrt(1 - sinDeclination ** 2);
  const siderealDeg = 280.46062 + 360.98564737 * days;
  const hourAngle = siderealDeg + longitude - ascension;
  const up = sin(latitude) * sinDeclination + cos(latitude) * cosDeclination * cos(hourAngle);
  const east = -cosDeclination * sin(hourAngle);
  const north = cos(latitude) * sinDeclination - sin(latitude) * cosDeclination * cos(hourAngle);
  return {
    elevationDeg: Math.asin(Math.min(1, Math.max(-1, up))) / radians,
    azimuthDeg: (Math.atan2(east, north) / radians + 360) % 360,
  };
}

/** Under a clear sky, W/m²: on a horizontal plane, on one that faces the sun, and from the sky alone. */
interface ClearSky {
  readonly horizontal: number;
  readonly beam: number;
  readonly diffuse: number;
}

/**
 * Horizontal after Haurwitz 1945, beam after Meinel 1976 with the air mass of Kasten and Young 1989;
 * what the beam leaves of the horizontal comes from the sky. Without turbidity: a very clear day is
 * 5 to 10 % brighter, a hazy one 20 % darker.
 */
function clearSky(elevationDeg: number): ClearSky {
  if (elevationDeg <= 0) return { horizontal: 0, beam: 0, diffuse: 0 };
  const height = sin(elevationDeg);
  const airMass = 1 / (height + 0.50572 * (elevationDeg + 6.07995) ** -1.6364);
  const horizontal = 1098 * height * Math.exp(-0.059 / height);
  const beam = 1353 * 0.7 ** (airMass ** 0.678);
  return { horizontal, beam, diffuse: Math.max(horizontal - beam * height, 0.1 * horizontal) };
}

const groundReflection = 0.2;

/**
 * What a generator gives under a clear sky, as a share of its peak power (that of 1000 W/m²): beam by
 * angle of incidence, sky and ground by the share of each that the plane sees (Liu and Jordan 1963).
 */
export function clearSkyShare(sun: SunPosition, plane: Plane): number {
  const sky = clearSky(sun.elevationDeg);
  const facing =
    sin(sun.elevationDeg) * cos(plane.tiltDeg) +
    cos(sun.elevationDeg) * sin(plane.tiltDeg) * cos(sun.azimuthDeg - plane.azimuthDeg);
  const diffuse = (sky.diffuse * (1 + cos(plane.tiltDeg))) / 2;
  const ground = (groundReflection * sky.horizontal * (1 - cos(plane.tiltDeg))) / 2;
  return (sky.beam * Math.max(0, facing) + diffuse + ground) / 1000;
}

/** The most that any plane gives under a clear sky, as a share of its peak power: one that faces the sun. */
export function clearSkyMostShare(elevationDeg: number): number {
  const sky = clearSky(elevationDeg);
  return (sky.beam + sky.diffuse + groundReflection * sky.horizontal * 0.5) / 1000;
}

/** Sun and clear sky during an interval. */
export interface SkyOver {
  /** In the middle. */
  readonly sun: SunPosition;
  readonly lowestDeg: number;
  readonly highestDeg: number;
  /** Mean clear-sky power as a share of peak power; of a horizontal plane where the site's is not known. */
  readonly share: number;
  /** Mean of the most that any plane could give; where a plane is known it is still that of any. */
  readonly mostShare: number;
}

const flat: Plane = { azimuthDeg: 0, tiltDeg: 0 };

export function planeOf(site: Site): Plane | undefined {
  const { azimuthDeg, tiltDeg } = site.pv ?? { azimuthDeg: null, tiltDeg: null };
  return azimuthDeg === null || tiltDeg === null ? undefined : { azimuthDeg, tiltDeg };
}

/** Long intervals are looked at every so often, so that a sunrise inside one counts. */
const stepMs = 600_000;
/** Shorter ones share what was worked out for their minute, in which the sun moves a quarter of a degree. */
const shortestMs = 60_000;

type Interval = { readonly startMs: number; readonly seconds: number };

/** Rules ask for the same intervals, and for those of a day at its end: two days of quarter hours. */
const mostKept = 200;
const skies = new WeakMap<Site, (row: Interval) => SkyOver>();

/** Sun and clear sky over rows of one site; what was worked out for one rule serves the others. */
export function skyOver(site: Site): (row: Interval) => SkyOver {
  const known = skies.get(site) ?? keptSky(site);
  skies.set(site, known);
  return known;
}

function keptSky(site: Site): (row: Interval) => SkyOver {
  const plane = planeOf(site) ?? flat;
  const kept = new Map<string, SkyOver>();
  let last: { fromMs: number; forMs: number; sky: SkyOver } | undefined;
  const remembered = (fromMs: number, forMs: number): SkyOver => {
    const key = `${fromMs}/${forMs}`;
    const sky = kept.get(key) ?? look(site, plane, fromMs, forMs);
    if (kept.size >= mostKept) kept.clear();
    kept.set(key, sky);
    return sky;
  };
  return (row) => {
    const forMs = Math.max(row.seconds * 1000, shortestMs);
    const fromMs = row.seconds * 1000 < shortestMs ? floorTo(row.startMs, shortestMs) : row.startMs;
    if (last?.fromMs !== fromMs || last.forMs !== forMs) {
      last = { fromMs, forMs, sky: remembered(fromMs, forMs) };
    }
    return last.sky;
  };
}

function floorTo(ms: number, stepMs: number): number {
  return Math.floor(ms / stepMs) * stepMs;
}

function look(site: Site, plane: Plane, fromMs: number, lastsMs: number): SkyOver {
  const at = (ms: number) => sunAt(ms, site.latitude, site.longitude);
  const steps = Math.max(1, Math.ceil(lastsMs / stepMs));
  const ends = [at(fromMs), at(fromMs + lastsMs)];
  const inside = Array.from({ length: steps }, (_, i) =>
    at(fromMs + ((i + 0.5) * lastsMs) / steps),
  );
  const elevations = [...ends, ...inside].map((sun) => sun.elevationDeg);
  return {
    sun: at(fromMs + lastsMs / 2),
    lowestDeg: Math.min(...elevations),
    highestDeg: Math.max(...elevations),
    share: mean(inside.map((sun) => clearSkyShare(sun, plane))),
    mostShare: mean(inside.map((sun) => clearSkyMostShare(sun.elevationDeg))),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
