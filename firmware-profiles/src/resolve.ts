import { typeRegisters } from "./codec.js";
import { decimalOf, times, wholeOf } from "./decimal.js";
import { isEnergy, quantityInfo, registerUnits } from "./quantities.js";
import type { NumberType, ProfileFile, RawValue, RegisterType } from "./schema.js";
import type { Coding, Factor, Place, Profile, Register } from "./types.js";

type MeasuredEntry = ProfileFile["registers"][number];
type IdentityEntry = ProfileFile["identity"][number];
type FactorEntry = NonNullable<ProfileFile["factors"]>[number];
type Defaults = ProfileFile["defaults"];

const isNumber = (type: RegisterType): type is NumberType => type !== "ascii";

/** Raw bytes of a raw value, highest word first, as hex; undefined where the type has not so many bits. */
export function rawHex(value: RawValue, type: NumberType): string | undefined {
  if (typeof value === "number" && !Number.isSafeInteger(value)) return undefined;
  const number = BigInt(value);
  const bits = BigInt(16 * typeRegisters[type]);
  if (number >= 1n << bits || number < -(1n << (bits - 1n))) return undefined;
  const hex = BigInt.asUintN(Number(bits), number).toString(16);
  return hex.padStart(4 * typeRegisters[type], "0");
}

const listOf = <T>(one: T | readonly T[] | undefined): readonly T[] =>
  one === undefined ? [] : ([one].flat() as readonly T[]);

function codingOf(entry: MeasuredEntry | IdentityEntry | FactorEntry, defaults: Defaults): Coding {
  const type = entry.type ?? defaults.type;
  const length = "length" in entry ? entry.length : undefined;
  const inherited = isNumber(type) ? defaults.notAvailable?.[type] : undefined;
  const raws: readonly RawValue[] = listOf<RawValue>(entry.notAvailable ?? inherited);
  return {
    table: entry.table ?? defaults.table,
    address: entry.address,
    type,
    wordOrder: entry.wordOrder ?? defaults.wordOrder,
    length: isNumber(type) ? typeRegisters[type] : (length ?? 0),
    notAvailable: isNumber(type) ? raws.flatMap((raw) => rawHex(raw, type) ?? []) : [],
  };
}

function toFactor(entry: FactorEntry, defaults: Defaults): Factor {
  const coding = codingOf(entry, defaults);
  // The schema knows no ascii factor; the default type may be one, which the linter refuses.
  const type = isNumber(coding.type) ? coding.type : "u16";
  return {
    ...coding,
    type,
    name: entry.name,
    scale: entry.scale ?? 1,
    as: entry.as,
    choices: entry.choices ?? {},
  };
}

function toIdentity(entry: IdentityEntry, defaults: Defaults): Register {
  return {
    ...codingOf(entry, defaults),
    quantity: entry.quantity,
    scale: 1,
    factor: 1,
    sign: 1,
    factors: [],
    plus: [],
    format: entry.format ?? "decimal",
    expect: entry.expect ?? [],
    rollsOverAtWh: undefined,
    isMonotonic: false,
    pollClass: "identity",
  };
}

function toRegister(
  entry: MeasuredEntry,
  defaults: Defaults,
  factors: readonly Factor[],
): Register {
  const coding = codingOf(entry, defaults);
  const { quantity, scale = 1, sign = 1, unit, factors: names = [] } = entry;
  const factor = registerUnits.get(unit)?.factor ?? 1;
  const knownMonotonic = quantityInfo(quantity)?.monotonic !== undefined;
  return {
    ...coding,
    quantity,
    scale,
    factor,
    sign,
    plus: (entry.plus ?? []).map((address) => ({
      table: coding.table,
      address,
      length: coding.length,
    })),
    factors: names.flatMap((name) => factors.find((each) => each.name === name) ?? []),
    format: "decimal",
    expect: [],
    rollsOverAtWh: rolloverWh(entry, coding, factor),
    isMonotonic: knownMonotonic && entry.monotonic !== false,
    pollClass: entry.pollClass,
  };
}

/**
 * Where an energy's count begins again, in whole Wh or varh: as declared; for an unsigned type
 * without factors or summands its full width, where that is whole and exact. Undefined for all others: with
 * scale registers the width says nothing lasting, and a float or a signed count has none.
 */
function rolloverWh(entry: MeasuredEntry, { type }: Coding, factor: number): number | undefined {
  if (!isEnergy(entry.quantity)) return undefined;
  const declared = entry.rollsOverAt;
  const count = declared === undefined ? fullWidth(entry, type) : decimalOf(declared);
  if (count === undefined) return undefined;
  const exact = times(count, decimalOf(factor));
  const whole = wholeOf(exact);
  const isWhole = exact.exponent >= 0 || exact.digits === whole * 10n ** BigInt(-exact.exponent);
  return isWhole && whole > 0n && Number.isSafeInteger(Number(whole)) ? Number(whole) : undefined;
}

function fullWidth({ scale = 1, factors, plus, sign }: MeasuredEntry, type: RegisterType) {
  const isSingle = factors === undefined && plus === undefined;
  if (!isNumber(type) || !type.startsWith("u") || !isSingle || sign === -1) {
    return undefined;
  }
  return times(decimalOf(1n << BigInt(16 * typeRegisters[type])), decimalOf(scale));
}

const placeOf = (
  { table, from, through }: NonNullable<ProfileFile["unread"]>[number],
  defaults: Defaults,
): Place => ({ table: table ?? defaults.table, address: from, length: through - from + 1 });

/** The profile with everything filled in that its entries inherit. `hash`: SHA-256 of its file. */
export function resolveFile(file: ProfileFile, hash: string): Profile {
  const {
    defaults,
    registers: _,
    identity,
    factors: factorEntries = [],
    unread = [],
    whole = [],
    ...head
  } = file;
  const factors = factorEntries.map((entry) => toFactor(entry, defaults));
  const registers = file.registers.map((entry) => toRegister(entry, defaults, factors));
  return {
    ...head,
    hash,
    registers,
    identity: identity.map((entry) => toIdentity(entry, defaults)),
    factors,
    unread: unread.map((range) => placeOf(range, defaults)),
    whole: whole.map((range) => placeOf(range, defaults)),
    rollsOverAtWh: Object.fromEntries(
      registers.flatMap(({ quantity, rollsOverAtWh }) =>
        rollsOverAtWh === undefined ? [] : [[quantity, rollsOverAtWh]],
      ),
    ),
  };
}
