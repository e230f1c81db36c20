import type { Profile } from "@powershare/firmware-profiles";

/** Significant bits of a float's mantissa. */
const mantissaBits: Readonly<Record<string, number>> = { float32: 23, float64: 52 };
/** A count whose ratio is read with it may step by so much. */
const stepWithRatioWh = 1_000;

/**
 * Smallest step of an energy register at a value, in whole Wh, at least 1: that of its unit, and of a
 * float, which grows with its magnitude (a float32 in kWh steps by 16 Wh from 131,072 kWh on).
 */
export function registerStepWh(profile: Profile, quantity: string, valueWh: number): number {
  const register = profile.registers.find((one) => one.quantity === quantity);
  if (register === undefined) return 1;
  const { type, scale, factor, factors } = register;
  if (factors.length > 0) return stepWithRatioWh;
  const unitWh = scale * factor;
  const bits = mantissaBits[type];
  if (bits === undefined) return Math.max(1, Math.ceil(unitWh));
  const exponent = Math.floor(Math.log2(Math.max(valueWh / unitWh, 1)));
  return Math.max(1, Math.ceil(unitWh * 2 ** (exponent - bits)));
}

/** Where an energy register begins again at 0; undefined where it never does. */
export function rollsOverAtWh(profile: Profile, quantity: string): number | undefined {
  return profile.registers.find((one) => one.quantity === quantity)?.rollsOverAtWh;
}
