import { encodeFactor, encodeRegister } from "./codec.js";
import { type Decimal, one } from "./decimal.js";
import type { Values } from "./decode.js";
import { chooseFactors, productOf } from "./encode-factors.js";
import { ProfileError } from "./errors.js";
import { isPartial } from "./map.js";
import type { Table } from "./schema.js";
import { chainOf } from "./sunspec.js";
import type { Place, Profile, Register } from "./types.js";

/** What the registers of a meter hold, as a simulator serves them. */
export interface RegisterImage {
  /** 2 × count bytes; undefined where the range leaves the meter's map. */
  read(table: Table, address: number, count: number): Uint8Array | undefined;
}

export interface EncodeOptions {
  /** Numbers in factor registers by name. Default: the finest scale at which all values fit, ratios of 1. */
  readonly factors?: Readonly<Record<string, number>>;
}

/**
 * The register image of a meter that measures these values: each register holds the raw value
 * nearest to its own, energies beyond their rollover go round. Registers without a value read as
 * 0, identity as the profile expects it. Addresses that the map does not declare read as 0
 * between declared ones where the meter allows it (`gaps: readable`), and are refused elsewhere.
 * What a meter gives only whole is refused in parts. SunSpec models are laid out from the first base on.
 * Throws ProfileError `profile.value` where a register cannot hold its value.
 */
export function encode(
  profile: Profile,
  values: Readonly<Values>,
  options: EncodeOptions = {},
): RegisterImage {
  const words = new Words();
  const chain = chainOf(profile);
  for (const { address, bytes } of chain.fixed) words.put(chain.table, address, bytes);
  const factors = chooseFactors(profile, values, options.factors ?? {});
  for (const [factor, number] of factors) {
    const bytes = encodeFactor(factor, number);
    if (!bytes) throw cannotHold(`factor ${factor.name}`, number);
    words.put(factor.table, factor.address + chain.model, bytes);
  }
  for (const register of profile.registers) {
    putValue(words, register, chain.model, values, productOf(register, factors));
  }
  for (const register of profile.identity) putValue(words, register, chain.common, values, one);
  const image = words.image(isHoleOf(profile, chain.fixed));
  return {
    read: (table, address, count) =>
      isPartial(profile, { table, address: address - chain.model, length: count })
        ? undefined
        : image.read(table, address, count),
  };
}

function putValue(
  words: Words,
  register: Register,
  shift: number,
  values: Readonly<Values>,
  product: Decimal | undefined,
): void {
  const address = register.address + shift;
  const value = values[register.quantity] ?? register.expect[0];
  // A factor's register keeps what the factor put there.
  if (value === undefined && words.has(register.table, address)) return;
  const bytes = product && encodeRegister(register, value ?? absent(register.type), product);
  if (!bytes) throw cannotHold(register.quantity, value ?? 0);
  words.put(register.table, address, bytes);
  const none = encodeRegister(register, 0, product);
  for (const place of register.plus) {
    if (none) words.put(place.table, place.address + shift, none);
  }
}

const absent = (type: string) => (type === "ascii" ? "" : 0);

const cannotHold = (what: string, value: number | string) =>
  new ProfileError("profile.value", `the register of ${what} cannot hold ${value}`);

type IsHole = (table: Table, address: number) => boolean;

/** Whether an address that the map does not declare reads as 0. */
function isHoleOf(profile: Profile, fixed: readonly { readonly address: number }[]): IsHole {
  const { registers, factors, unread, whole, identity, gaps, sunspec } = profile;
  const places: readonly Place[] = [...registers, ...factors, ...identity];
  const isUnread = (table: Table, address: number) =>
    [...unread, ...whole].some(
      (each) =>
        each.table === table && each.address <= address && address < each.address + each.length,
    );
  return (table, address) => {
    if (sunspec) {
      const ends = fixed.map((each) => each.address);
      return (
        table === places[0]?.table && address > Math.min(...ends) && address < Math.max(...ends)
      );
    }
    if (isUnread(table, address)) return true;
    if (gaps === "refused") return false;
    const inTable = places.filter((place) => place.table === table);
    return (
      inTable.some((place) => place.address < address) &&
      inTable.some((place) => place.address > address)
    );
  };
}

/** Register words by table and address. */
class Words {
  readonly #words = new Map<string, Uint8Array>();
  put(table: Table, address: number, bytes: Uint8Array): void {
    for (let i = 0; 2 * i < bytes.length; i++) {
      this.#words.set(`${table} ${address + i}`, bytes.subarray(2 * i, 2 * i + 2));
    }
  }
  has(table: Table, address: number): boolean {
    return this.#words.has(`${table} ${address}`);
  }
  image(isHole: IsHole): RegisterImage {
    const zero = new Uint8Array(2);
    return {
      read: (table, address, count) => {
        const bytes = new Uint8Array(2 * count);
        for (let i = 0; i < count; i++) {
          const at = address + i;
          const word = this.#words.get(`${table} ${at}`) ?? (isHole(table, at) ? zero : undefined);
          if (!word) return undefined;
          bytes.set(word, 2 * i);
        }
        return bytes;
      },
    };
  }
}
