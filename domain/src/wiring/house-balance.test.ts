import { expect, test } from "vitest";
import { houseBalance } from "./house-balance.js";
import type { Finding, Row, Site } from "./index.js";

const site: Site = {
  householdId: "h1",
  latitude: 38.7,
  longitude: -9.1,
  pv: { peakW: 4000, azimuthDeg: null, tiltDeg: null },
  storage: "none",
  ev: false,
  phases: 1,
  commissionedAt: "2026-06-01T00:00:00Z",
  channels: ["grid", "production"],
  neighbours: null,
};
/** Quarters of an hour, each production and grid power. */
function findingOf(rows: readonly (readonly [number, number])[], gapMs = 0): Finding | undefined {
  const run = houseBalance.start(site);
  for (const [index, [productionW, gridW]] of rows.entries()) {
    const row: Row = { startMs: index * (900_000 + gapMs), seconds: 900, productionW, gridW };
    run?.push(row);
  }
  return run?.finding();
}
const hours = (count: number, ...row: [number, number]) =>
  Array.from({ length: 4 * count }, () => row);

test.for<[string, Finding["says"], readonly (readonly [number, number])[]]>([
  ["a house that uses something of its sun", "right", hours(1, 3000, -2500)],
  ["and takes by night", "right", hours(1, 0, 300)],
  ["what meters' own errors explain", "nothing", hours(1, 3000, -3070)],
  ["less than an hour", "nothing", hours(1, 2500, -3000).slice(1)],
  ["exchanged by day", "wrong", hours(1, 2500, -3000)],
  ["exchanged by night", "wrong", hours(1, -300, 0)],
  [
    "exchanged after days that were right",
    "wrong",
    [...hours(48, 3000, -2500), ...hours(1, 2500, -3000)],
  ],
  ["put right again", "right", [...hours(4, 2500, -3000), ...hours(1, 3000, -2500)]],
])("%s: %s", ([, says, rows]) => {
  expect(findingOf(rows)?.says).toBe(says);
});

test("hours far apart are no hour", () => {
  expect(findingOf(hours(1, 2500, -3000), 3_600_000)?.says).toBe("nothing");
});

test("with a battery it says nothing at all", () => {
  expect(houseBalance.start({ ...site, storage: "ac" })).toBeUndefined();
});
