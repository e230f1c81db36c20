import type { HouseSpec } from "./house.js";
import { SeededRandom } from "./random.js";
import { type FixtureName, loadFixture } from "./series.js";

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
const playbackSpeed = 30;

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
  const battery = { capacityWh: 5000, powerW: 1500, efficiency: 0.92, storedWh: 1500 };
  return {
    id: `${prefix}${number}`,
    number,
    seed,
    house: {
      seed: `${seed}/${number}`,
      series: loadFixture(home.fixture, home.home),
      playFrom: new Date(Date.parse(home.playFrom) + day).toISOString(),
      speed: playbackSpeed,
      hasGeneration: home.kind !== "plain",
      ...(home.kind === "battery" ? { battery } : {}),
    },
    meters: metersOf(home, random),
    source: sourceOf[home.kind],
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
    phases: 3,
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

/** Limits as people set them: whole thousandths of a coin per kWh. */
function stepOf(microPerKwh: number): number {
  return Math.round(microPerKwh / 1000) * 1000;
}
