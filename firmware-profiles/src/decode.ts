import { decodeFactor, decodeRegister } from "./codec.js";
import { type Decimal, one, times } from "./decimal.js";
import { locateModels } from "./sunspec.js";
import type { Block, Factor, Place, Profile } from "./types.js";

/** Values by quantity, each in the unit its name ends in. */
export type Values = Record<string, number | string>;

/** The bytes of a place that is `shift` registers on, from the last block that holds it whole. */
function bytesIn(blocks: readonly Block[], place: Place, shift: number): Uint8Array | undefined {
  const address = place.address + shift;
  const block = blocks.findLast(
    (each) =>
      each.table === place.table &&
      each.address <= address &&
      address + place.length <= each.address + each.bytes.length / 2,
  );
  const from = block && 2 * (address - block.address);
  return from === undefined ? undefined : block?.bytes.subarray(from, from + 2 * place.length);
}

/**
 * All values that the blocks hold, in the profile's order; of a register in several blocks the
 * last counts. Energies are whole Wh or varh. No value has a register without a number (NaN, "not
 * measured"), without its factors and summands in the blocks, or of a SunSpec model whose header is not in them.
 */
export function decode(profile: Profile, blocks: readonly Block[]): Values {
  const { model, common } = locateModels(profile.sunspec, blocks);
  const known = new Map<Factor, Decimal | undefined>();
  const factorOf = (factor: Factor): Decimal | undefined => {
    if (model === undefined) return undefined;
    if (!known.has(factor)) {
      const bytes = bytesIn(blocks, factor, model);
      known.set(factor, bytes && decodeFactor(factor, bytes));
    }
    return known.get(factor);
  };
  const values: Values = {};
  for (const register of [...profile.registers, ...profile.identity]) {
    const shift = register.pollClass === "identity" ? common : model;
    if (shift === undefined) continue;
    const bytes = bytesIn(blocks, register, shift);
    const summands = register.plus.flatMap((place) => bytesIn(blocks, place, shift) ?? []);
    const product = productOf(register.factors.map(factorOf));
    if (!bytes || !product || summands.length < register.plus.length) continue;
    const value = decodeRegister(register, bytes, product, summands);
    if (value !== undefined) values[register.quantity] = value;
  }
  return values;
}

function productOf(factors: readonly (Decimal | undefined)[]): Decimal | undefined {
  let product = one;
  for (const factor of factors) {
    if (factor === undefined) return undefined;
    product = times(product, factor);
  }
  return product;
}

/** The meter's serial number as printed on it; undefined where the values hold none. */
export function serialNumberOf(values: Readonly<Values>): string | undefined {
  const serialNumber = values["serialNumber"];
  return serialNumber === undefined ? undefined : String(serialNumber);
}

/**
 * Whether identity values are those of a meter of this profile: false where one is there that the
 * profile does not expect, or none is there of a quantity of which it expects one.
 */
export function isExpected(profile: Profile, values: Readonly<Values>): boolean {
  return profile.identity.every(
    ({ quantity, expect }) =>
      expect.length === 0 || expect.some((each) => String(each) === String(values[quantity])),
  );
}
