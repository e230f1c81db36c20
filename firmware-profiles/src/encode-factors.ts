import { encodeFactor, encodeRegister, factorMeaning } from "./codec.js";
import { type Decimal, one, times } from "./decimal.js";
import type { Values } from "./decode.js";
import type { Factor, Profile, Register } from "./types.js";

/** Powers of ten that meters use for scales. */
const exponents = [-3, -2, -1, 0, 1, 2, 3, 4, 5, 6];

/** Numbers that a factor register may hold, the finest factor first. */
function candidates({ as, choices }: Factor): readonly number[] {
  if (as === "multiplier") return [1];
  if (as === "exponent") return exponents;
  if (as === "decimals") return [3, 2, 1, 0];
  return Object.entries(choices)
    .toSorted(([, a], [, b]) => a - b)
    .map(([number]) => Number(number));
}

/**
 * The number in each factor register: as given by name or by an identity value of the same
 * address; else the finest with which the registers hold all values.
 */
export function chooseFactors(
  profile: Profile,
  values: Readonly<Values>,
  given: Readonly<Record<string, number>>,
): ReadonlyMap<Factor, number> {
  const chosen = new Map<Factor, number>();
  for (const factor of profile.factors) {
    const twin = profile.identity.find(
      ({ table, address }) => table === factor.table && address === factor.address,
    );
    const said = given[factor.name] ?? (twin && values[twin.quantity]);
    if (said !== undefined) chosen.set(factor, Number(said));
    else chosen.set(factor, finest(profile.registers, values, factor, chosen));
  }
  return chosen;
}

function finest(
  registers: readonly Register[],
  values: Readonly<Values>,
  factor: Factor,
  chosen: ReadonlyMap<Factor, number>,
): number {
  const users = registers.filter(({ factors }) => factors.includes(factor));
  const fits = (number: number) => {
    const tried = new Map([...chosen, [factor, number] as const]);
    return (
      encodeFactor(factor, number) !== undefined &&
      users.every((register) => {
        const product = productOf(register, tried);
        const value = values[register.quantity] ?? 0;
        return product && encodeRegister(register, value, product) !== undefined;
      })
    );
  };
  const all = candidates(factor);
  return all.find(fits) ?? all.at(-1) ?? 1;
}

/** Product of a register's factors; undefined where a register holds none. Those not chosen count 1. */
export function productOf(
  { factors }: Register,
  chosen: ReadonlyMap<Factor, number>,
): Decimal | undefined {
  let product = one;
  for (const factor of factors) {
    const number = chosen.get(factor);
    const meaning = number === undefined ? one : factorMeaning(factor, number);
    if (!meaning) return undefined;
    product = times(product, meaning);
  }
  return product;
}
