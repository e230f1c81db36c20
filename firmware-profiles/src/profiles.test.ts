import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { decodeCapture } from "./capture.js";
import { decode, serialNumberOf } from "./decode.js";
import { encode } from "./encode.js";
import { loadProfile, profileIds } from "./library.js";
import { planReads } from "./plan-reads.js";
import { isEnergy, pairedQuantity } from "./quantities.js";

const fileOf = (id: string, ending: string) =>
  fileURLToPath(new URL(`../profiles/${id}.${ending}`, import.meta.url));
const textOf = (id: string, ending: string) => readFileSync(fileOf(id, ending), "utf8");

// A new meter needs three files here and no test of its own.
describe.each(profileIds())("profile %s", (id) => {
  const profile = loadProfile(id);

  test("decodes its golden capture to the expected values, every quantity among them", () => {
    expect(existsSync(fileOf(id, "capture"))).toBe(true);
    const result = decodeCapture(profile, textOf(id, "capture"));
    expect(result).toEqual(JSON.parse(textOf(id, "expected.json")));
    const quantities = [...profile.registers, ...profile.identity].map((each) => each.quantity);
    expect(Object.keys(result.values)).toEqual(quantities);
  });

  test("says honestly where its capture comes from", () => {
    const isConstructed = /^# constructed/i.test(textOf(id, "capture"));
    expect(isConstructed ? "constructed" : "hardware").toBe(profile.captures);
  });

  test("is known by the SHA-256 of its file", () => {
    const bytes = readFileSync(fileOf(id, "yaml"));
    expect(profile.hash).toBe(createHash("sha256").update(bytes).digest("hex"));
  });

  test("has what a household's account needs: import, export, power and serial number", () => {
    const { values } = decodeCapture(profile, textOf(id, "capture"));
    expect(Object.keys(values)).toEqual(
      expect.arrayContaining(["activeEnergyImportWh", "activeEnergyExportWh", "activePowerW"]),
    );
    expect(serialNumberOf(values)).toMatch(/^[A-Za-z0-9-]{1,32}$/);
  });

  test.each([
    { pollClasses: ["fast"] },
    { pollClasses: ["fast", "slow", "identity"] },
    { pollClasses: ["fast"], turnaroundMs: 50 },
    { pollClasses: ["fast", "slow"], baudRate: 38_400 },
  ] as const)("is read whole within the maker's limits by plan %o", (options) => {
    const { pollClasses, ...rest } = options;
    const plan = planReads(profile, { pollClasses: [...pollClasses], ...rest });
    const holding = (quantity: string) => {
      const register = [...profile.registers, ...profile.identity].find(
        (each) => each.quantity === quantity,
      )!;
      return plan.findIndex(
        ({ table, address, count }) =>
          table === register.table &&
          address <= register.address &&
          register.address + register.length <= address + count,
      );
    };
    const wanted = [...profile.registers, ...profile.identity].filter(({ pollClass }) =>
      [...pollClasses].some((each) => each === pollClass),
    );
    for (const { quantity } of wanted) {
      expect(holding(quantity), quantity).toBeGreaterThanOrEqual(0);
      const paired = pairedQuantity(quantity);
      if (paired && wanted.some((each) => each.quantity === paired)) {
        expect(holding(paired), `${quantity} and ${paired}`).toBe(holding(quantity));
      }
    }
    for (const { count } of plan) expect(count).toBeLessThanOrEqual(profile.maxRegisters);
    const measured = plan.filter(({ table }) => table === "input").map(({ count }) => count);
    expect(new Set(measured).size).toBe(measured.length);
  });

  test("gives back through the encoder what the capture says", () => {
    const { values } = decodeCapture(profile, textOf(id, "capture"));
    const image = encode(profile, values);
    const blocks = planReads(profile, { pollClasses: ["fast", "slow", "identity"] }).map(
      (read) => ({
        ...read,
        bytes: image.read(read.table, read.address, read.count)!,
      }),
    );
    const again = decode(profile, blocks);
    for (const [quantity, value] of Object.entries(values)) {
      // A float32 of many kWh has steps of more than 1 Wh.
      if (isEnergy(quantity)) expect(Number(again[quantity])).toBeCloseTo(Number(value), -1);
      else expect(again[quantity]).toBe(value);
    }
  });
});

test("a full SDM630 snapshot is 52 values in 4 requests and 120 registers", () => {
  const profile = loadProfile("eastron/sdm630");
  expect(profile.registers.filter(({ pollClass }) => pollClass === "fast")).toHaveLength(52);
  expect(planReads(profile)).toEqual([
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
