import {
  type Decimal,
  decimalOf,
  exactDecimalOf,
  numberOf,
  one,
  plus,
  quotient,
  remainder,
  times,
  wholeOf,
  wholeQuotient,
} from "./decimal.js";
import { shortestFloat32 } from "./numbers.js";
import { isEnergy } from "./quantities.js";
import type { NumberType, RegisterType } from "./schema.js";
import type { Coding, Factor, Register } from "./types.js";

/** Registers each type takes; ascii takes as many as it says. */
export const typeRegisters: Readonly<Record<NumberType, number>> = {
  u16: 1,
  s16: 1,
  u32: 2,
  s32: 2,
  "u32-u32": 4,
  float32: 2,
  u64: 4,
  s64: 4,
  float64: 4,
};

/** Factors beyond 10^±10 are no scale that any meter has (nor does SunSpec, whose range this is). */
const largestExponent = 10;

const isFloat = (type: RegisterType) => type === "float32" || type === "float64";
const isSigned = (type: RegisterType) => type.startsWith("s");
const bitsOf = (type: NumberType) => 16 * typeRegisters[type];

/** The bytes with the highest word of each number first; from there back it is the same. */
function inBigOrder(bytes: Uint8Array, { wordOrder, type }: Coding): Uint8Array {
  if (wordOrder === "big" || type === "ascii") return bytes;
  const size = type === "u32-u32" ? 4 : bytes.length;
  return bytes.map((_, i) => {
    const within = i % size;
    return bytes[i - within + size - 2 - (within & ~1) + (within & 1)] ?? 0;
  });
}

/** All bits of the bytes as an unsigned whole number. */
const bitsIn = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);

/** What stands in the bytes; undefined where that is no number or means "not measured". */
function rawNumber(coding: Coding & { readonly type: NumberType }, bytes: Uint8Array) {
  const ordered = inBigOrder(bytes, coding);
  const { type } = coding;
  if (coding.notAvailable.includes(Buffer.from(ordered).toString("hex"))) return undefined;
  if (!isFloat(type)) {
    const bits = bitsIn(ordered);
    if (type === "u32-u32") return (bits >> 32n) - BigInt.asUintN(32, bits);
    return isSigned(type) ? BigInt.asIntN(bitsOf(type), bits) : bits;
  }
  const view = new DataView(ordered.buffer, ordered.byteOffset, ordered.length);
  const value = type === "float32" ? view.getFloat32(0) : view.getFloat64(0);
  return Number.isFinite(value) ? value : undefined;
}

/** A float32 means the shortest decimal that it stands for. */
function meantNumber(coding: Coding & { readonly type: NumberType }, bytes: Uint8Array) {
  const raw = rawNumber(coding, bytes);
  if (raw === undefined) return undefined;
  return decimalOf(
    coding.type === "float32" && typeof raw === "number" ? shortestFloat32(raw) : raw,
  );
}

/** Text in printable ASCII; undefined where there is none, or bytes that were never written (0xFF). */
function textIn(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder("latin1").decode(bytes).replaceAll("\0", "").trim();
  return /^[\x20-\x7e]+$/.test(text) ? text : undefined;
}

function identityIn(register: Register, bytes: Uint8Array): number | string | undefined {
  const { type, format, quantity } = register;
  if (type === "ascii") return textIn(bytes);
  const ordered = inBigOrder(bytes, register);
  const number = meantNumber({ ...register, type }, bytes);
  if (number === undefined) return undefined;
  if (format === "hex") return Buffer.from(ordered).toString("hex").toUpperCase();
  if (quantity === "serialNumber") {
    return isFloat(type) ? String(numberOf(number)) : String(number.digits);
  }
  return numberOf(number);
}

/** What one raw unit is in the quantity's unit, without factors. */
const unitOf = ({ scale, factor, sign }: Register): Decimal =>
  times(times(decimalOf(scale), decimalOf(factor)), decimalOf(sign));

/**
 * The value in the register's bytes, in the unit of its quantity; undefined where they hold no
 * number (NaN, infinity, "not measured"), no text, or an energy beyond the exact integers.
 * `factor`: product of the register's factors; `summands`: bytes of the registers that are added to it. Energies are computed exactly, from all bits of a
 * float, and rounded half to even once, at the end.
 */
export function decodeRegister(
  register: Register,
  bytes: Uint8Array,
  factor: Decimal = one,
  summands: readonly Uint8Array[] = [],
): number | string | undefined {
  if (register.pollClass === "identity" || register.type === "ascii") {
    return identityIn(register, bytes);
  }
  let sum = exactNumber(register, bytes);
  for (const each of summands) {
    const summand = exactNumber(register, each);
    sum = sum && summand && plus(sum, summand);
  }
  if (!sum) return undefined;
  const value = times(sum, times(unitOf(register), factor));
  if (!isEnergy(register.quantity)) return numberOf(value);
  const whole = Number(wholeOf(value));
  return Number.isSafeInteger(whole) ? whole : undefined;
}

/** What a measured register says, in raw units: an energy with all bits of a float, else what it means. */
function exactNumber(register: Register, bytes: Uint8Array): Decimal | undefined {
  const { type, quantity } = register;
  if (type === "ascii") return undefined;
  if (!isEnergy(quantity)) return meantNumber({ ...register, type }, bytes);
  const raw = rawNumber({ ...register, type }, bytes);
  if (raw === undefined) return undefined;
  return typeof raw === "bigint" ? decimalOf(raw) : exactDecimalOf(raw);
}

/** By what the factor register multiplies; undefined where it holds no factor. */
export function decodeFactor(factor: Factor, bytes: Uint8Array): Decimal | undefined {
  const meant = meantNumber(factor, bytes);
  return meant && factorOf(factor, times(meant, decimalOf(factor.scale)));
}

/** By what a factor register multiplies that holds the number `meant`; undefined where that is no factor. */
export const factorMeaning = (factor: Factor, meant: number): Decimal | undefined =>
  factorOf(factor, decimalOf(meant));

function factorOf({ as, choices }: Factor, meant: Decimal): Decimal | undefined {
  if (as === "multiplier") return meant.digits > 0n ? meant : undefined;
  const number = numberOf(meant);
  if (as === "choice") {
    const chosen = choices[String(number)];
    return chosen === undefined ? undefined : decimalOf(chosen);
  }
  const isExponent = Number.isInteger(number) && Math.abs(number) <= largestExponent;
  if (!isExponent || (as === "decimals" && number < 0)) return undefined;
  return { digits: 1n, exponent: as === "exponent" ? number : -number };
}

/** Lowest and highest raw value of a whole type. */
function rangeOf(type: NumberType): readonly [bigint, bigint] {
  if (type === "u32-u32") return [-0xffff_ffffn, 0xffff_ffffn];
  const bits = BigInt(bitsOf(type));
  return isSigned(type)
    ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n]
    : [0n, (1n << bits) - 1n];
}

/** All bits of two numbers of which one is 0 and whose difference this is. */
const pairOf = (difference: bigint) => (difference < 0n ? -difference : difference << 32n);

/** The bytes of a raw value; undefined where the type cannot hold it. */
function bytesOf(coding: Coding & { readonly type: NumberType }, raw: bigint | number) {
  const { type, length } = coding;
  const bytes = new Uint8Array(2 * length);
  const view = new DataView(bytes.buffer);
  if (typeof raw === "number") {
    if (!Number.isFinite(type === "float32" ? Math.fround(raw) : raw)) return undefined;
    if (type === "float32") view.setFloat32(0, raw);
    else view.setFloat64(0, raw);
  } else {
    const [low, high] = rangeOf(type);
    if (raw < low || raw > high) return undefined;
    const bits = type === "u32-u32" ? pairOf(raw) : BigInt.asUintN(bitsOf(type), raw);
    bytes.set(Buffer.from(bits.toString(16).padStart(4 * length, "0"), "hex"));
  }
  return inBigOrder(bytes, coding);
}

function identityBytes(register: Register, value: number | string): Uint8Array | undefined {
  const { type, format, length } = register;
  if (type === "ascii") {
    const text = Buffer.from(String(value), "latin1");
    if (text.length > 2 * length) return undefined;
    const bytes = new Uint8Array(2 * length);
    bytes.set(text);
    return bytes;
  }
  const digits = String(value);
  if (format === "hex") {
    return /^[0-9A-Fa-f]+$/.test(digits)
      ? bytesOf({ ...register, type }, BigInt(`0x${digits}`))
      : undefined;
  }
  if (isFloat(type)) return bytesOf({ ...register, type }, Number(value));
  return /^-?\d+$/.test(digits) ? bytesOf({ ...register, type }, BigInt(digits)) : undefined;
}

/** The raw value nearest to a value; energies go round at their rollover, as the meter's would. */
function rawOf(register: Register, value: Decimal, factor: Decimal): bigint | number {
  const unit = times(unitOf(register), factor);
  const { rollsOverAtWh, type } = register;
  const round = rollsOverAtWh === undefined ? undefined : decimalOf(rollsOverAtWh);
  if (isFloat(type)) {
    const shown = round && value.digits >= 0n ? remainder(value, round) : value;
    return numberOf(quotient(shown, unit));
  }
  const raw = wholeQuotient(value, unit);
  return round && raw >= 0n ? raw % wholeQuotient(round, unit) : raw;
}

/**
 * The bytes with which a meter would say the value (in the quantity's unit) under a factor.
 * Undefined where the register cannot hold it.
 */
export function encodeRegister(
  register: Register,
  value: number | string,
  factor: Decimal = one,
): Uint8Array | undefined {
  const { type, pollClass } = register;
  if (pollClass === "identity" || type === "ascii") return identityBytes(register, value);
  if (!Number.isFinite(Number(value))) return undefined;
  return bytesOf({ ...register, type }, rawOf(register, decimalOf(Number(value)), factor));
}

/** The bytes of a factor register that holds the number `meant`; undefined where it cannot. */
export function encodeFactor(factor: Factor, meant: number): Uint8Array | undefined {
  if (!Number.isFinite(meant)) return undefined;
  const raw = quotient(decimalOf(meant), decimalOf(factor.scale));
  const bytes = bytesOf(factor, isFloat(factor.type) ? numberOf(raw) : wholeOf(raw));
  return bytes && decodeFactor(factor, bytes) ? bytes : undefined;
}
