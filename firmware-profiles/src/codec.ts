import { roundHalfEven, shortestFloat32 } from "./numbers.js";
import { isEnergy } from "./quantities.js";
import type { Register } from "./schema.js";

type NumberType = Exclude<Register["type"], "ascii">;

/** The register's bytes with its highest word first. */
function inBigOrder(bytes: Uint8Array, { wordOrder, type }: Register): DataView {
  const ordered = Uint8Array.from(bytes);
  if (wordOrder === "little" && type !== "ascii") {
    for (let i = 0; i < bytes.length; i++) {
      ordered[i] = bytes[bytes.length - 2 - (i & ~1) + (i & 1)] ?? 0;
    }
  }
  return new DataView(ordered.buffer);
}

function rawNumber(view: DataView, type: NumberType): number | bigint {
  switch (type) {
    case "u16":
      return view.getUint16(0);
    case "s16":
      return view.getInt16(0);
    case "u32":
      return view.getUint32(0);
    case "s32":
      return view.getInt32(0);
    case "u64":
      return view.getBigUint64(0);
    case "s64":
      return view.getBigInt64(0);
    case "float32":
      return view.getFloat32(0);
    case "float64":
      return view.getFloat64(0);
  }
}

/** numerator / denominator, rounded half to even. */
function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = 2n * (numerator - quotient * denominator);
  const size = twice < 0n ? -twice : twice;
  if (size < denominator || (size === denominator && quotient % 2n === 0n)) return quotient;
  return quotient + (numerator < 0n ? -1n : 1n);
}

/** Right to the last bit for whole numbers: dividing by a power of ten rounds once only. */
const timesTen = (value: number, exponent: number) =>
  exponent < 0 ? value / 10 ** -exponent : value * 10 ** exponent;

/** raw × 10^exponent rounded half to even; exact also beyond 2^53. */
function wholeTimesTen(raw: number | bigint, exponent: number): number {
  if (typeof raw === "number") return roundHalfEven(timesTen(raw, exponent));
  const power = 10n ** BigInt(Math.abs(exponent));
  return Number(exponent < 0 ? divideHalfEven(raw, power) : raw * power);
}

const decimalExponent = (value: number) => Math.round(Math.log10(value));

/**
 * The value in the register's bytes, in the unit of its quantity; undefined where they hold no
 * number (NaN, infinity) or one beyond the exact integers.
 */
export function decodeRegister(register: Register, bytes: Uint8Array): number | string | undefined {
  const { type, quantity } = register;
  if (type === "ascii") {
    const text = new TextDecoder("latin1").decode(bytes);
    return text.replaceAll("\0", "").trim();
  }
  const raw = rawNumber(inBigOrder(bytes, register), type);
  if (typeof raw === "number" && !Number.isFinite(raw)) return undefined;
  if (quantity === "serialNumber") return String(raw);
  const exponent = decimalExponent(register.scale) + decimalExponent(register.factor);
  if (isEnergy(quantity)) {
    const value = register.sign * wholeTimesTen(raw, exponent);
    return Number.isSafeInteger(value) ? value + 0 : undefined;
  }
  const meant = type === "float32" ? shortestFloat32(Number(raw)) : Number(raw);
  const value = Number(timesTen(meant, exponent).toPrecision(15));
  return value === 0 ? 0 : register.sign * value;
}

function writeNumber(view: DataView, type: NumberType, value: number): void {
  const whole = Math.round(value);
  const writers: Record<NumberType, () => void> = {
    u16: () => view.setUint16(0, whole),
    s16: () => view.setInt16(0, whole),
    u32: () => view.setUint32(0, whole),
    s32: () => view.setInt32(0, whole),
    u64: () => view.setBigUint64(0, BigInt(whole)),
    s64: () => view.setBigInt64(0, BigInt(whole)),
    float32: () => view.setFloat32(0, value),
    float64: () => view.setFloat64(0, value),
  };
  writers[type]();
}

/** The bytes with which a meter would say the value (in the quantity's unit). */
export function encodeRegister(register: Register, value: number | string): Uint8Array {
  const bytes = new Uint8Array(2 * register.length);
  if (register.type === "ascii") {
    bytes.set(new TextEncoder().encode(String(value)).subarray(0, bytes.length));
    return bytes;
  }
  const exponent = decimalExponent(register.scale) + decimalExponent(register.factor);
  const raw = timesTen(register.sign * Number(value), -exponent);
  writeNumber(new DataView(bytes.buffer), register.type, raw);
  return new Uint8Array(inBigOrder(bytes, register).buffer);
}
