import { declaredRuns, undeclaredBetween } from "../map.js";
import { pairedQuantity } from "../quantities.js";
import type { Place, Profile, Register } from "../types.js";

const hex = (address: number) => `0x${address.toString(16).toUpperCase().padStart(4, "0")}`;
const end = ({ address, length }: Place) => address + length;

/**
 * Import and export of one energy have to come in one answer: no answer can then swap them, and
 * both are of one moment. Where the meter's limits forbid it the profile says `importExport: apart`.
 */
export function pairProblems(profile: Profile): string[] {
  const problems = profile.registers.flatMap((register, index) => {
    const partner = register.quantity.includes("EnergyImport")
      ? profile.registers.find(({ quantity }) => quantity === pairedQuantity(register.quantity))
      : undefined;
    const why = partner && whyApart(profile, register, partner);
    return why ? [{ index, text: `${register.quantity} and ${partner.quantity} ${why}` }] : [];
  });
  if (profile.importExport === "together") {
    return problems.map(({ index, text }) => `registers.${index}: ${text}`);
  }
  return problems.length > 0 ? [] : ["importExport: import and export do fit into one request"];
}

function whyApart(profile: Profile, a: Register, b: Register): string | undefined {
  const places = [a, ...a.plus, b, ...b.plus];
  const from = Math.min(...places.map(({ address }) => address));
  const to = Math.max(...places.map(end));
  const count = to - from;
  if (a.table !== b.table) return "do not fit into one request: they are in two tables";
  if (a.pollClass !== b.pollClass) return "do not fit into one request: their poll classes differ";
  if (count > profile.maxRegisters) {
    return `do not fit into one request: ${count} registers of ${profile.maxRegisters}`;
  }
  const hole = undeclaredBetween(declaredRuns(profile, a.table), from, to);
  return hole === undefined || profile.gaps === "readable"
    ? undefined
    : `do not fit into one request: nothing is declared at ${hex(hole)} between them; declare it, as unread where it is not read, or gaps: readable`;
}
