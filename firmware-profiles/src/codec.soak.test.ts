import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeRegister, encodeRegister } from "./codec.js";
import { listProfiles } from "./library.js";

const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 2 ** 31);
const perRegister = Number(process.env["SOAK_REGISTER_VALUES"] ?? 2_000);

describe(`registers that say again, once encoded, whatever they said; seed ${seed}, ${perRegister} values each`, () => {
  test.each(listProfiles().map((profile) => ({ id: profile.id, profile })))(
    "$id",
    ({ profile }) => {
      for (const register of profile.registers) {
        const length = 2 * register.length;
        const property = fc.property(
          fc.uint8Array({ minLength: length, maxLength: length }),
          (bytes) => {
            const said = decodeRegister(register, bytes);
            const { rollsOverAtWh = Number.POSITIVE_INFINITY } = register;
            if (said === undefined || Number(said) >= rollsOverAtWh) return;
            const again = encodeRegister(register, said);
            expect(again && decodeRegister(register, again)).toBe(said);
          },
        );
        fc.assert(property, { numRuns: perRegister, seed });
      }
    },
  );
});
