import fc from "fast-check";
import { expect, test } from "vitest";
import { Battery } from "./battery.js";

const spec = { capacityWh: 1000, powerW: 500, efficiency: 0.9, storedWh: 400 };

test.for([
  ["takes a small surplus whole", 300, 300],
  ["is bounded by its power when charging", 2000, 500],
  ["covers a small need whole", -200, -200],
  ["is bounded by its power when discharging", -900, -500],
  ["rests without surplus or need", 0, 0],
])("%s", ([, surplusW, expected]) => {
  expect(new Battery(spec).step(surplusW as number, 0.1)).toBe(expected);
});

test("stops when it is full, and when it is empty", () => {
  const battery = new Battery(spec);
  for (let step = 0; step < 100; step += 1) battery.step(500, 0.1);
  expect(battery.storedWh).toBe(1000);
  expect(battery.step(500, 0.1)).toBe(0);
  for (let step = 0; step < 100; step += 1) battery.step(-500, 0.1);
  expect(battery.storedWh).toBe(0);
  expect(battery.step(-500, 0.1)).toBe(0);
});

test("gives back no more than its efficiency leaves of what it took", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -3000, max: 3000 }), { maxLength: 200 }),
      (surpluses) => {
        const battery = new Battery(spec);
        let expectedWh = spec.storedWh;
        for (const surplusW of surpluses) {
          const powerW = battery.step(surplusW, 0.05);
          expect(Math.abs(powerW)).toBeLessThanOrEqual(Math.min(Math.abs(surplusW), spec.powerW));
          expectedWh += powerW * 0.05 * (powerW > 0 ? spec.efficiency : 1);
        }
        expect(battery.storedWh).toBeCloseTo(expectedWh, 6);
        expect(battery.storedWh).toBeGreaterThanOrEqual(0);
        expect(battery.storedWh).toBeLessThanOrEqual(spec.capacityWh);
      },
    ),
  );
});
