import { encode, loadProfile, type Profile } from "@powershare/firmware-profiles";
import type { RegisterBank } from "@powershare/modbus";
import type { MeterSpec } from "./cast.js";
import type { ElectricalState } from "./electrical.js";

/** Illegal data address, by the Modbus application protocol V1.1b3, section 7. */
const illegalAddress = { exceptionCode: 2 };

/**
 * The registers of a meter as its profile lays them out, taken from what it measures at the moment
 * it is asked.
 */
export function registerBank(meter: MeterSpec, measure: () => ElectricalState): RegisterBank {
  const profile = loadProfile(meter.profile);
  const identity = { serialNumber: meter.serialNumber, wiringType: meter.phases };
  return (table, address, count) => {
    const image = encode(profile, { ...shown(profile, measure()), ...identity });
    return image.read(table, address, count) ?? illegalAddress;
  };
}

/**
 * To a millionth: finer than any meter, and far from numbers that print with an exponent. What a
 * meter keeps in an unsigned register, such as some a power factor, it shows without its sign.
 */
function shown({ registers }: Profile, state: ElectricalState): Record<string, number> {
  const unsigned = new Set(
    registers.filter(({ type }) => type.startsWith("u")).map(({ quantity }) => quantity),
  );
  return Object.fromEntries(
    Object.entries(state).map(([quantity, value]) => {
      const rounded = Number(value.toFixed(6));
      return [quantity, unsigned.has(quantity) ? Math.abs(rounded) : rounded];
    }),
  );
}
