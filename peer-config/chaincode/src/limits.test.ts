import { expect, test } from "vitest";
import { requireWithinLimit } from "./limits.js";
import { resetOf } from "./testing/epochs.js";
import { TestResident } from "./testing/neighbourhood.js";
import { type Counted, MeterLife } from "./testing/street.js";

const resident = new TestResident("h1");
const registered = { status: "active" as const, ...resident.registration() };
const limited = {
  ...registered,
  meters: registered.meters.map((meter) => ({ ...meter, limitW: 3_000 })),
};
const anew = { ...limited, epochs: [resetOf(resident)] };

/** 3 kW, a fifth more and a minute in a quarter of an hour are 960 Wh; and one more for rounding. */
test.each([
  ["as much as can be", limited, { importWh: 961 }, undefined, true],
  ["one watt-hour more", limited, { importWh: 962 }, undefined, false],
  ["the other way", limited, { exportWh: 962 }, undefined, false],
  ["a gap of two slots", limited, { exportWh: 1_861, slots: 2, quality: "gap" }, undefined, true],
  ["more in a gap", limited, { exportWh: 1_862, slots: 2, quality: "gap" }, undefined, false],
  [
    "while the clock stepped",
    limited,
    { exportWh: 9_999, quality: "unsynchronised" },
    undefined,
    true,
  ],
  ["where no limit is registered", registered, { importWh: 9_999 }, undefined, true],
  ["of a meter that counts anew", anew, { importWh: 962 }, `${resident.meter}.2`, false],
  ["of a meter that is not known", limited, { importWh: 962 }, "eastron/sdm630:h2", true],
] as const)("%s", (_, household, counted: Counted, meter, isTaken) => {
  const life = new MeterLife(resident, "connection", meter);
  const evidence = resident.household.seal([life.next(counted)]);
  const check = () => requireWithinLimit(household, evidence);
  if (isTaken) expect(check).not.toThrow();
  else expect(check).toThrow(expect.objectContaining({ code: "evidence.limit" }));
});
