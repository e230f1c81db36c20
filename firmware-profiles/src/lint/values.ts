import { typeRegisters } from "../codec.js";
import { decimalOf, numberOf, times } from "../decimal.js";
import { isEnergy, quantityInfo, registerUnits } from "../quantities.js";
import type { ProfileFile } from "../schema.js";
import type { Profile, Register } from "../types.js";

type Entry = ProfileFile["registers"][number];

/** Whether 10^n; logarithms of small powers are not whole to the last bit. */
export const isPowerOfTen = (value: number) => /^10*$/.test(String(decimalOf(value).digits));

/** Units, scales, OBIS codes, signs and rollovers of the measured registers. */
export function valueProblems(profile: Profile, file: ProfileFile): string[] {
  return file.registers.flatMap((entry, index) => {
    const register = profile.registers[index];
    if (!register) return [];
    const problems = [
      ...unitProblems(entry),
      ...kindProblems(entry),
      ...rolloverProblems(entry, register),
    ];
    if (register.type === "u32-u32" && isEnergy(register.quantity)) {
      problems.push("type: an energy is a count of its own, no difference");
    }
    if (register.type === "ascii") problems.push("type: a measured value cannot be text");
    return problems.map((problem) => `registers.${index}.${problem}`);
  });
}

function unitProblems({ quantity, unit, scale = 1 }: Entry): string[] {
  const wanted = quantityInfo(quantity)?.unit ?? "";
  const problems: string[] = [];
  if (registerUnits.get(unit)?.of !== wanted) {
    problems.push(`unit: "${unit}" cannot give ${quantity} in "${wanted}"`);
  }
  if (!isPowerOfTen(scale)) problems.push(`scale: expected a power of ten, found ${scale}`);
  return problems;
}

function kindProblems({ quantity, obis, monotonic, pollClass }: Entry): string[] {
  const info = quantityInfo(quantity);
  const problems: string[] = [];
  if (obis !== undefined && obis !== info?.obis) {
    problems.push(`obis: ${quantity} is ${info?.obis ?? "without a code"}, not ${obis}`);
  }
  if (monotonic !== undefined && info?.monotonic === undefined) {
    problems.push(`monotonic: ${quantity} is no count`);
  }
  if (monotonic === false && info?.monotonic === true) {
    problems.push(`monotonic: ${quantity} never falls; a net count is an activeEnergyTotalWh`);
  }
  const isBilled = quantity === "activeEnergyImportWh" || quantity === "activeEnergyExportWh";
  if (isBilled && pollClass !== "fast") {
    problems.push(`pollClass: ${quantity} is billed and so read at every poll: expected fast`);
  }
  return problems;
}

function rolloverProblems({ quantity, rollsOverAt, sign }: Entry, register: Register): string[] {
  const { type, rollsOverAtWh, isMonotonic } = register;
  const problems: string[] = [];
  if (isMonotonic && type.startsWith("u") && sign === -1) {
    problems.push("sign: an unsigned count with sign -1 is never above 0");
  }
  if (rollsOverAt === undefined) return problems;
  if (register.plus.length > 0) problems.push("rollsOverAt: a sum does not begin again at once");
  else if (!isEnergy(quantity)) problems.push(`rollsOverAt: ${quantity} is no energy`);
  else if (!isMonotonic) problems.push("rollsOverAt: a register that may fall does not roll over");
  else if (rollsOverAtWh === undefined) {
    problems.push(`rollsOverAt: ${rollsOverAt} is no whole number of Wh below 2^53`);
  } else if (rollsOverAtWh > widestWh(register)) {
    problems.push(`rollsOverAt: a ${type} cannot count to ${rollsOverAt}`);
  }
  return problems;
}

/** What the type can count to without factors. */
function widestWh({ type, scale, factor, factors }: Register): number {
  if (type === "ascii" || type.startsWith("float") || factors.length > 0) return Infinity;
  const bits = 16 * typeRegisters[type] - (type.startsWith("s") ? 1 : 0);
  return numberOf(times(times(decimalOf(1n << BigInt(bits)), decimalOf(scale)), decimalOf(factor)));
}
