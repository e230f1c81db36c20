import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ProfileError } from "./errors.js";
import { parseProfile } from "./profile.js";

const sound = readFileSync(new URL("../profiles/eastron/sdm230.yaml", import.meta.url), "utf8");

function refusal(text: string): ProfileError {
  try {
    parseProfile(text);
  } catch (error) {
    if (error instanceof ProfileError) return error;
    throw error;
  }
  throw new Error("the profile was accepted");
}

test("addresses are taken in hex, as printed", () => {
  const { registers } = parseProfile(sound);
  expect(registers.find(({ quantity }) => quantity === "activeEnergyImportWh")?.address).toBe(0x48);
});

test.each([
  {
    name: "an unknown key",
    from: "maker: Eastron",
    to: "maker: Eastron\ncolour: grey",
    problem: /colour/,
  },
  { name: "a missing field", from: "maker: Eastron\n", to: "", problem: /^maker: / },
  {
    name: "an unknown quantity",
    from: "quantity: frequencyHz",
    to: "quantity: frequency",
    problem: /^registers\.7\.quantity: /,
  },
  {
    name: "an unknown unit",
    from: "unit: Hz",
    to: "unit: hertz",
    problem: /^registers\.7\.unit: /,
  },
  {
    name: "a unit of another quantity",
    from: "unit: Hz",
    to: "unit: V",
    problem: /^registers\.7\.unit: "V" cannot give frequencyHz in "Hz"/,
  },
  {
    name: "a scale that is no power of ten",
    from: "unit: Hz,",
    to: "unit: Hz, scale: 0.3,",
    problem: /^registers\.7\.scale: /,
  },
  {
    name: "a quantity twice",
    from: "quantity: powerFactor,",
    to: "quantity: frequencyHz,",
    problem: /frequencyHz is there twice/,
  },
  {
    name: "overlapping registers",
    from: "address: 0x0012",
    to: "address: 0x000D",
    problem: /^registers\.3\.address: overlaps activePowerW/,
  },
  {
    name: "an address past the end",
    from: "address: 0xFC00",
    to: "address: 0xFFFF",
    problem: /^identity\.0\.address: /,
  },
  {
    name: "text without a length",
    from: "address: 0xFC00, type: u32",
    to: "address: 0xFC00, type: ascii",
    problem: /^identity\.0\.length: /,
  },
  {
    name: "import and export in different tables",
    from: "address: 0x004A,",
    to: "address: 0x004A, table: holding,",
    problem: /activeEnergyExportWh do not fit into one request/,
  },
  {
    name: "import and export too far apart",
    from: "maxRegisters: 80",
    to: "maxRegisters: 3",
    problem: /activeEnergyImportWh and activeEnergyExportWh do not fit/,
  },
  {
    name: "an energy made of two counts",
    from: "quantity: activeEnergyImportWh,",
    to: "quantity: activeEnergyImportWh, type: u32-u32,",
    problem: /^registers\.\d+\.type: an energy is a count of its own/,
  },
  {
    name: "a range that is given whole and ends inside a register",
    from: "registers:",
    to: "whole: [{ from: 0x0046, through: 0x0048 }]\nregisters:",
    problem: /^registers\.\d+\.address: only partly in a range that is given whole/,
  },
  {
    name: "a range that is given whole and cannot be asked for",
    from: "registers:",
    to: "whole: [{ from: 0x0200, through: 0x0300 }]\nregisters:",
    problem: /^whole\.0: longer than maxRegisters/,
  },
  { name: "no YAML mapping", from: sound, to: "- 1", problem: /^\(file\): / },
])("a profile with $name is refused with its place", ({ from, to, problem }) => {
  expect(sound).toContain(from);
  const error = refusal(sound.replace(from, to));
  expect(error.code).toBe("profile.invalid");
  expect(error.problems).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
});

test("an unknown name is refused with those near it", () => {
  const { problems } = refusal(sound.replace("quantity: frequencyHz", "quantity: frequency"));
  expect(problems).toContainEqual(
    expect.stringMatching(
      /^registers\.7\.quantity: there is no "frequency"; near it: frequencyHz,/,
    ),
  );
});

test("aliases that multiply are refused, not followed", () => {
  const levels = Array.from(
    { length: 9 },
    (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]`,
  );
  const error = refusal(["a0: &a0 [1]", ...levels].join("\n"));
  expect(error.code).toBe("profile.unreadable");
});

test("what is no YAML is refused with its line", () => {
  const error = refusal("id: eastron/x\nmaker: [Eastron\n");
  expect(error.code).toBe("profile.unreadable");
  expect(error.message).toMatch(/^line \d+: expected YAML/);
});
