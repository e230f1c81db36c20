import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeCapture } from "./capture.js";
import { decodeRegister, encodeFactor, encodeRegister, factorMeaning } from "./codec.js";
import { type Decimal, one, times } from "./decimal.js";
import { decode, isExpected, serialNumberOf } from "./decode.js";
import { encode } from "./encode.js";
import { loadProfile, profileIds } from "./library.js";
import { type PlannedRead, planReads } from "./plan-reads.js";
import { isEnergy, pairedQuantity } from "./quantities.js";
import { resolveProfile, shiftsOf } from "./sunspec.js";
import type { Factor, Profile, Register } from "./types.js";

const fileOf = (id: string, ending: string) =>
  fileURLToPath(new URL(`../profiles/${id}.${ending}`, import.meta.url));
const textOf = (id: string, ending: string) => readFileSync(fileOf(id, ending), "utf8");
/** A simulated meter that measures what the golden capture says, and its profile as a live meter gives it. */
async function simulate(id: string) {
  const profile = loadProfile(id);
  const golden = decodeCapture(profile, textOf(id, "capture")).values;
  const image = encode(profile, golden);
  const answer = ({ table, address, count }: PlannedRead) => {
    const bytes = image.read(table, address, count);
    if (!bytes) throw new Error(`exception 2: ${count} ${table} registers from ${address}`);
    return { table, address, bytes };
  };
  const live = await resolveProfile(profile, async (table, address, count) => {
    return answer({ table, address, count }).bytes;
  });
  return { golden, live, answer };
}

const meters = new Map<string, ReturnType<typeof simulate>>();
/** The same for every test of a profile. */
function simulated(id: string): ReturnType<typeof simulate> {
  const meter = meters.get(id) ?? simulate(id);
  meters.set(id, meter);
  return meter;
}

const allOf = ({ registers, identity }: Profile) => [...registers, ...identity];

/** Index of the request that reads a register. */
function requestFor(profile: Profile, plan: readonly PlannedRead[], register: Register): number {
  const { model, common } = shiftsOf(profile);
  const from = register.address + (register.pollClass === "identity" ? common : model);
  return plan.findIndex(
    ({ table, address, count }) =>
      table === register.table && address <= from && from + register.length <= address + count,
  );
}

// A new meter needs three files here and no test of its own.
describe.each(profileIds())("profile %s", (id) => {
  const profile = loadProfile(id);

  test("decodes its golden capture to the expected values, every quantity among them", () => {
    expect(existsSync(fileOf(id, "capture"))).toBe(true);
    const result = decodeCapture(profile, textOf(id, "capture"));
    expect(result).toEqual(JSON.parse(textOf(id, "expected.json")));
    expect(Object.keys(result.values)).toEqual(allOf(profile).map(({ quantity }) => quantity));
  });

  test("says honestly where its capture comes from", () => {
    const isConstructed = /^# constructed/im.test(textOf(id, "capture").split("\n", 2).join("\n"));
    expect(isConstructed ? "constructed" : "hardware").toBe(profile.captures);
  });

  test("is known by the SHA-256 of its file", () => {
    const bytes = readFileSync(fileOf(id, "yaml"));
    expect(profile.hash).toBe(createHash("sha256").update(bytes).digest("hex"));
  });

  test("has energy and power, and a serial number as meter ids can have it", async () => {
    const { golden: values } = await simulated(id);
    expect("activeEnergyImportWh" in values || "activeEnergyExportWh" in values).toBe(true);
    expect(values).toHaveProperty("activePowerW");
    if (profile.identity.some(({ quantity }) => quantity === "serialNumber")) {
      expect(serialNumberOf(values)).toMatch(/^[A-Za-z0-9-]{1,32}$/);
    }
  });

  test("tells by its identity a meter of another kind", async () => {
    const { golden: values } = await simulated(id);
    expect(isExpected(profile, values)).toBe(true);
    for (const { quantity, expect: expected } of profile.identity) {
      const other = { ...values, [quantity]: "something else" };
      expect(isExpected(profile, other)).toBe(expected.length === 0);
    }
  });

  test.each([
    { pollClasses: ["fast"] },
    { pollClasses: ["fast", "slow", "identity"] },
    { pollClasses: ["fast"], turnaroundMs: 50 },
    { pollClasses: ["fast", "slow"], baudRate: 38_400 },
  ] as const)("is read whole within the meter's limits by plan %o", async (options) => {
    const { pollClasses, ...rest } = options;
    const { live, answer } = await simulated(id);
    const plan = planReads(live, { pollClasses: [...pollClasses], ...rest });
    const values = decode(profile, plan.map(answer));
    const wanted = allOf(live).filter(({ pollClass }) =>
      [...pollClasses].some((each) => each === pollClass),
    );
    expect(Object.keys(values)).toEqual(
      expect.arrayContaining(wanted.map(({ quantity }) => quantity)),
    );
    for (const { count } of plan) expect(count).toBeLessThanOrEqual(profile.maxRegisters);
    for (const register of wanted) {
      const paired = wanted.find(({ quantity }) => quantity === pairedQuantity(register.quantity));
      if (!paired || profile.importExport === "apart") continue;
      expect(requestFor(live, plan, register)).toBe(requestFor(live, plan, paired));
    }
  });

  test("gives back through the encoder what the capture says", async () => {
    const { golden, live, answer } = await simulated(id);
    const plan = planReads(live, { pollClasses: ["fast", "slow", "identity"] });
    const again = decode(profile, plan.map(answer));
    for (const [quantity, value] of Object.entries(golden)) {
      // A float32 of many kWh has steps of more than 1 Wh.
      if (isEnergy(quantity)) expect(Number(again[quantity])).toBeCloseTo(Number(value), -1);
      else expect(again[quantity]).toBe(value);
    }
  });

  test("has registers that say again, once encoded, whatever they said", () => {
    for (const register of profile.registers) {
      const anyBytes = fc.uint8Array({
        minLength: 2 * register.length,
        maxLength: 2 * register.length,
      });
      const property = fc.property(anyBytes, productsOf(register), (bytes, product) => {
        const said = decodeRegister(register, bytes, product);
        const { rollsOverAtWh = Infinity } = register;
        if (said === undefined || Number(said) >= rollsOverAtWh) return;
        const again = encodeRegister(register, said, product);
        expect(again && decodeRegister(register, again, product)).toBe(said);
      });
      fc.assert(property, { numRuns: 12 });
    }
  });
});

/** Products that a register's factors can have. */
function productsOf({ factors }: Register): fc.Arbitrary<Decimal> {
  return fc
    .tuple(...factors.map((factor) => fc.constantFrom(...meaningsOf(factor))))
    .map((meanings) => meanings.reduce(times, one));
}

const meaningsOf = (factor: Factor): Decimal[] =>
  [-3, -2, -1, 0, 1, 2, 3, 4, 5, 40].flatMap((number) => {
    const meaning = encodeFactor(factor, number) && factorMeaning(factor, number);
    return meaning ? [meaning] : [];
  });

test("a full SDM630 snapshot is 52 values in 4 requests and 120 registers", () => {
  const profile = loadProfile("eastron/sdm630");
  expect(profile.registers.filter(({ pollClass }) => pollClass === "fast")).toHaveLength(52);
  expect(planReads(profile, { turnaroundMs: 0 })).toEqual([
    { table: "input", address: 0, count: 36 },
    { table: "input", address: 52, count: 28 },
    { table: "input", address: 234, count: 16 },
    { table: "input", address: 342, count: 40 },
  ]);
});

test.each([
  { asked: "eastron/sdm63", near: "eastron/sdm630" },
  { asked: "sdm230", near: "eastron/sdm230" },
  { asked: "../../package", near: "[a-z0-9-]+/[a-z0-9-]+" },
])("an unknown profile $asked is refused with near ids", ({ asked, near }) => {
  expect(() => loadProfile(asked)).toThrow(
    new RegExp(`there is no profile "${asked}"; near it: ${near}`),
  );
});
