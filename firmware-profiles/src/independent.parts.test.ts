import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type DecodedCapture, decodeCapture } from "./capture.js";
import { decode, type Values } from "./decode.js";
import { loadProfile, profileIds } from "./library.js";
import type { ProfileFile } from "./schema.js";
import { captureOf as captureFrom, randomBlocks, randomFrom } from "./testing/random-capture.js";
import type { Block, Profile } from "./types.js";

const fileAt = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const fileOf = (id: string, ending: string) => fileAt(`../profiles/${id}.${ending}`);
const textOf = (id: string, ending: string) => readFileSync(fileOf(id, ending), "utf8");
/** Empty where there is none, which pymodbus then says. */
const captureOf = (id: string) => (existsSync(fileOf(id, "capture")) ? textOf(id, "capture") : "");
/** The map as its author wrote it: nothing that our code fills in. */
const mapOf = (id: string) => parse(textOf(id, "yaml")) as ProfileFile;
const expectedOf = (id: string) => JSON.parse(textOf(id, "expected.json")) as DecodedCapture;

interface Job {
  readonly map: ProfileFile;
  readonly capture: string;
}

interface Outcome {
  readonly values?: Values;
  readonly error?: string;
}

/** What pymodbus makes of captures. */
function decodedByPymodbus(jobs: readonly Job[]): Outcome[] {
  const [python, script] = [
    fileAt("../../scripts/python.mjs"),
    fileAt("testing/pymodbus_decode.py"),
  ];
  const program = execFileSync(process.execPath, [python], { encoding: "utf8" }).trim();
  const output = execFileSync(program, [script], {
    input: JSON.stringify(jobs),
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(output) as Outcome[];
}

const ids = profileIds();
const jobs = ids.map((id) => ({ map: mapOf(id), capture: captureOf(id) }));
const independent = new Map(decodedByPymodbus(jobs).map((found, index) => [ids[index], found]));

describe.each(ids)("the frames of %s", (id) => {
  test("say the same to pymodbus as to us, and as was expected", () => {
    const theirs = independent.get(id);
    expect(theirs).toEqual({ values: expectedOf(id).values });
    expect(theirs).toEqual({ values: decodeCapture(loadProfile(id), captureOf(id)).values });
  });
});

describe("random registers", () => {
  const seed = 20_261_122;
  const readings = 6;
  test(`say the same to pymodbus and us, ${readings} readings of each profile`, async () => {
    const random = randomFrom(seed);
    const cases = [];
    for (const id of ids) {
      const profile = loadProfile(id);
      for (let n = 0; n < readings; n++) {
        const blocks = await randomBlocks(profile, expectedOf(id).values, random);
        // SunSpec's marker is no part of a reading; whoever walks the chain needs it.
        const marker = markerOf(profile, blocks);
        cases.push({ id, profile, blocks, capture: captureFrom([...marker, ...blocks]) });
      }
    }
    const theirs = decodedByPymodbus(cases.map(({ id, capture }) => ({ map: mapOf(id), capture })));
    for (const [index, { id, profile, blocks }] of cases.entries()) {
      const ours = decode(profile, blocks);
      expect(theirs[index], `${id}, seed ${seed}`).toEqual({ values: ours });
    }
  });
});

function markerOf({ sunspec }: Profile, [first]: readonly Block[]): Block[] {
  const [base] = sunspec?.bases ?? [];
  if (base === undefined || !first) return [];
  return [{ table: first.table, address: base, bytes: Buffer.from("SunS") }];
}

describe("the comparison notices", () => {
  const id = "eastron/sdm630";
  const changed: readonly { what: string; map: (map: ProfileFile) => ProfileFile }[] = [
    {
      what: "a swapped word order",
      map: ({ defaults, ...map }) => ({ ...map, defaults: { ...defaults, wordOrder: "little" } }),
    },
    {
      what: "another type",
      map: ({ defaults, ...map }) => ({ ...map, defaults: { ...defaults, type: "u32" } }),
    },
    {
      what: "a unit that is a thousand times too small",
      map: ({ registers, ...map }) => ({
        ...map,
        registers: registers.map((register) => ({
          ...register,
          unit: register.unit.replace("k", ""),
        })),
      }),
    },
  ];
  const results = decodedByPymodbus(
    changed.map(({ map }) => ({ map: map(mapOf(id)), capture: textOf(id, "capture") })),
  );

  test.each(changed.map(({ what }, index) => ({ what, index })))("$what", ({ index }) => {
    expect(results[index]).not.toHaveProperty("error");
    expect(results[index]?.values?.["activeEnergyImportWh"]).not.toBe(
      expectedOf(id).values["activeEnergyImportWh"],
    );
  });
});
