import { type Block, decode, type Profile, type Register } from "@powershare/firmware-profiles";

/** Significant bits of a float's mantissa. */
const mantissaBits: Readonly<Record<string, number>> = { float32: 23, float64: 52 };

/**
 * Smallest step of an energy register at a value, in whole Wh, at least 1: that of its unit, and of a
 * float, which grows with its magnitude (a float32 in kWh steps by 16 Wh from 131,072 kWh on).
 *
 * @param profile with its models found, where it has SunSpec models
 * @param blocks of which the value was decoded: a ratio that is read with the register is in them
 */
export function registerStepWh(
  profile: Profile,
  quantity: string,
  valueWh: number,
  blocks: readonly Block[] = [],
): number {
  const register = profile.registers.find((one) => one.quantity === quantity);
  if (register === undefined) return 1;
  const { type, scale, factor, factors } = register;
  if (factors.length > 0) return stepWithRatioWh(profile, register, valueWh, blocks);
  const unitWh = scale * factor;
  const bits = mantissaBits[type];
  if (bits === undefined) return Math.max(1, Math.ceil(unitWh));
  const exponent = Math.floor(Math.log2(Math.max(valueWh / unitWh, 1)));
  return Math.max(1, Math.ceil(unitWh * 2 ** (exponent - bits)));
}

/** What the value changes by when the register's lowest bit does. */
function stepWithRatioWh(
  profile: Profile,
  { quantity, table, address, length, wordOrder }: Register,
  valueWh: number,
  blocks: readonly Block[],
): number {
  const at = address + (profile.sunspec?.found?.address ?? 0);
  const lowest = 2 * (wordOrder === "big" ? length - 1 : 0) + 1;
  const bumped = blocks.map((block) => {
    const index = 2 * (at - block.address) + lowest;
    const holds = block.table === table && at >= block.address && index < block.bytes.length;
    if (!holds) return block;
    const bytes = Uint8Array.from(block.bytes, (byte, i) => (i === index ? byte ^ 1 : byte));
    return { ...block, bytes };
  });
  const changed = decode(profile, bumped)[quantity];
  return typeof changed === "number" ? Math.max(1, Math.abs(changed - valueWh)) : 1;
}

/** Where an energy register begins again at 0; undefined where it never does. */
export function rollsOverAtWh(profile: Profile, quantity: string): number | undefined {
  return profile.registers.find((one) => one.quantity === quantity)?.rollsOverAtWh;
}
