import type { HouseSpec } from "./house.js";
import { SeededRandom } from "./random.js";
import { type FixtureName, loadFixture, type Series } from "./series.js";

/** A meter on a household's line. */
export interface MeterSpec {
  readonly unit: number;
  readonly profile: string;
  readonly role: "connection" | "generator";
  readonly serialNumber: string;
  readonly fuseA: number;
  readonly phases: 1 | 3;
}

/** A household of the demo: its house, its meters and what it asks of the market. */
export interface HouseholdSpec {
  readonly id: string;
  /** Number and seed: all that is needed to cast the same household again. */
  readonly number: number;
  readonly seed: string;
  readonly house: HouseSpec;
  readonly meters: readonly MeterSpec[];
  /** Class of its offers on the market. */
  readonly source: "green" | "storage" | "other";
  /** What stands at the house, as the agent's configuration says it. */
  readonly site: {
    readonly latitude: number;
    readonly longitude: number;
    readonly pv: {
      readonly peakW: number;
      readonly azimuthDeg: null;
      readonly tiltDeg: null;
    } | null;
    readonly storage: "none" | "ac";
    readonly ev: false;
  };
  readonly market: { readonly sellMinMicroPerKwh: number; readonly buyMaxMicroPerKwh: number };
}

interface Home {
  readonly fixture: FixtureName;
  readonly home: string;
  /** Mid-morning at that place, with the sun well up. */
  readonly playFrom: string;
  readonly kind: "solar" | "plain" | "battery";
  /** The generator's meter. */
  readonly generator?: "eastron/sdm230" | "eastron/sdm630";
  /** Three, where it is left out. */
  readonly phases?: 1;
}

const californian = "2017-05-18T17:30:00Z";
/** The first three make the default demo: a seller, a buyer, and one that does both with a battery. */
const homes: readonly Home[] = [
  {
    fixture: "fontana",
    home: "F03",
    playFrom: californian,
    kind: "solar",
    generator: "eastron/sdm230",
    phases: 1,
  },
  { fixture: "ausgrid12", home: "AUS12", playFrom: "2011-10-19T00:00:00Z", kind: "plain" },
  {
    fixture: "fontana",
    home: "F09",
    playFrom: californian,
    kind: "battery",
    generator: "eastron/sdm230",
  },
  { fixture: "fontana", home: "F16", playFrom: californian, kind: "plain" },
  {
    fixture: "fontana",
    home: "F06",
    playFrom: californian,
    kind: "solar",
    generator: "eastron/sdm630",
  },
  { fixture: "fontana", home: "F05", playFrom: californian, kind: "plain" },
  {
    fixture: "fontana",
    home: "F02",
    playFrom: californian,
    kind: "battery",
    generator: "eastron/sdm230",
  },
];

const sourceOf = { solar: "green", battery: "storage", plain: "other" } as const;

/** Seconds of the measured series per real second: a sunny day lasts about a quarter of an hour. */
export const playbackSpeed = 30;

/** All homes are played as if they stood in Fontana, California, where most of them do. */
const place = { latitude: 34.1, longitude: -117.4 };

/** Which instant of the sun's the playback begins at, on a ledger that judges wiring. */
export const playedSun = {
  latitudeDeg: Math.round(place.latitude),
  longitudeDeg: Math.round(place.longitude),
  originSolar: californian,
} as const;

/** The households of a demo, `h1` onwards; the same seed gives the same households. */
export function castHouseholds(count: number, seed: string): HouseholdSpec[] {
  return Array.from({ length: count }, (_, index) => castHousehold(index + 1, seed));
}

/** One household of the demo, by its number from 1; number and seed decide on everything but the id. */
export function castHousehold(number: number, seed: string, prefix = "h"): HouseholdSpec {
  const index = number - 1;
  const random = new SeededRandom(`${seed}/${number}/household`);
  const home = homes[index % homes.length];
  if (home === undefined) throw new RangeError(`no home for household ${number}`);
  // Homes that appear again live another day of the same series.
  const day = Math.floor(index / homes.length) * 86_400_000;
  const series = loadFixture(home.fixture, home.home);
  const hasGeneration = home.kind !== "plain";
  const meters = metersOf(home, random);
  const phasesOf = (role: MeterSpec["role"]) => meters.find((meter) => meter.role === role)?.phases;
  const battery = { capacityWh: 5000, powerW: 1500, efficiency: 0.92, storedWh: 1500 };
  return {
    id: `${prefix}${number}`,
    number,
    seed,
    house: {
      seed: `${seed}/${number}`,
      series,
      playFrom: new Date(Date.parse(home.playFrom) + day).toISOString(),
      speed: playbackSpeed,
      hasGeneration,
      phases: { connection: phasesOf("connection") ?? 3, generator: phasesOf("generator") ?? 1 },
      ...(home.kind === "battery" ? { battery } : {}),
    },
    meters,
    source: sourceOf[home.kind],
    site: {
      ...place,
      pv: hasGeneration ? { peakW: peakW(series), azimuthDeg: null, tiltDeg: null } : null,
      storage: home.kind === "battery" ? "ac" : "none",
      ev: false,
    },
    market: {
      sellMinMicroPerKwh: stepOf(random.between(70_000, 110_000)),
      buyMaxMicroPerKwh: stepOf(random.between(190_000, 240_000)),
    },
  };
}

function metersOf(home: Home, random: SeededRandom): MeterSpec[] {
  const serialNumber = () => String(Math.floor(random.between(10_000_000, 99_999_999)));
  const connection: MeterSpec = {
    unit: 1,
    profile: "eastron/sdm630",
    role: "connection",
    serialNumber: serialNumber(),
    fuseA: 63,
    phases: home.phases ?? 3,
  };
  if (home.generator === undefined) return [connection];
  return [
    connection,
    {
      unit: 2,
      profile: home.generator,
      role: "generator",
      serialNumber: serialNumber(),
      fuseA: 32,
      phases: home.generator === "eastron/sdm230" ? 1 : 3,
    },
  ];
}

/** Of the best step. */
function peakW({ productionWh, stepMs }: Series): number {
  return Math.ceil((Math.max(...productionWh) * 3_600_000) / stepMs);
}

/** Limits as people set them: whole thousandths of a coin per kWh. */
function stepOf(microPerKwh: number): number {
  return Math.round(microPerKwh / 1000) * 1000;
}
