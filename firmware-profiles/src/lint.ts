import { pairedQuantity, quantities, registerUnits } from "./quantities.js";
import type { Profile, ProfileFile, Register } from "./schema.js";

const end = ({ address, length }: Register) => address + length;

/** Registers of a map that the schema cannot judge one by one: returns what is wrong, with paths. */
export function lintProfile(profile: Profile, file: ProfileFile): string[] {
  const all = [...profile.registers, ...profile.identity];
  const path = (register: Register) => {
    const index = profile.registers.indexOf(register);
    return index >= 0 ? `registers.${index}` : `identity.${profile.identity.indexOf(register)}`;
  };
  return [
    ...unitProblems(file),
    ...all.flatMap((register) => placeProblems(register, profile.maxRegisters, path(register))),
    ...overlapProblems(all, path),
    ...profile.registers.flatMap((register) => pairProblems(register, profile, path(register))),
  ];
}

function unitProblems({ registers }: ProfileFile): string[] {
  return registers.flatMap(({ quantity, unit, scale = 1 }, index) => {
    const wanted = quantities.get(quantity) ?? "";
    const problems: string[] = [];
    if (registerUnits.get(unit)?.of !== wanted) {
      problems.push(`registers.${index}.unit: "${unit}" cannot give ${quantity} in "${wanted}"`);
    }
    if (!Number.isInteger(Math.log10(scale))) {
      problems.push(`registers.${index}.scale: expected a power of ten, found ${scale}`);
    }
    return problems;
  });
}

function placeProblems(register: Register, maxRegisters: number, path: string): string[] {
  const problems: string[] = [];
  if (register.length === 0) problems.push(`${path}.length: an ascii register needs a length`);
  if (end(register) > 0x10000) problems.push(`${path}.address: the value runs past address 65535`);
  if (register.length > maxRegisters) problems.push(`${path}.length: longer than maxRegisters`);
  if (register.type === "ascii" && register.pollClass !== "identity") {
    problems.push(`${path}.type: a measured value cannot be text`);
  }
  return problems;
}

function overlapProblems(all: readonly Register[], path: (register: Register) => string): string[] {
  const problems: string[] = [];
  const sorted = all.toSorted((a, b) => a.address - b.address);
  for (const [index, register] of sorted.entries()) {
    const twin = sorted.find((other) => other !== register && other.quantity === register.quantity);
    if (twin) problems.push(`${path(register)}.quantity: ${register.quantity} is there twice`);
    const next = sorted.slice(index + 1).find((other) => other.table === register.table);
    if (next && end(register) > next.address) {
      problems.push(`${path(next)}.address: overlaps ${register.quantity}`);
    }
  }
  return problems;
}

/** Import and export of one energy have to come in one answer: no answer can then swap them. */
function pairProblems(register: Register, profile: Profile, path: string): string[] {
  const paired = pairedQuantity(register.quantity);
  const partner = profile.registers.find(({ quantity }) => quantity === paired);
  if (!partner) return [];
  const span = Math.max(end(register), end(partner)) - Math.min(register.address, partner.address);
  const fits =
    register.table === partner.table &&
    register.pollClass === partner.pollClass &&
    span <= profile.maxRegisters;
  return fits ? [] : [`${path}: ${register.quantity} and ${paired} do not fit into one request`];
}
