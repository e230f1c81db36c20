import type { ProfileFile } from "../schema.js";
import type { Profile, Register } from "../types.js";

type Entry = ProfileFile["identity"][number];

/** Whether a scan can tell the meter, and what its identity registers are expected to say. */
export function identityProblems(profile: Profile, { identity }: ProfileFile): string[] {
  const problems = identity.flatMap((entry, index) => {
    const register = profile.identity[index];
    const found = register ? entryProblems(entry, register) : [];
    return found.map((problem) => `identity.${index}.${problem}`);
  });
  const tells = ({ quantity, expect }: Entry) =>
    quantity === "serialNumber" || expect !== undefined;
  // An empty list says that the meter has nothing of the kind.
  if (identity.length > 0 && !identity.some(tells)) {
    problems.push("identity: expected a serialNumber, or what a register must say (expect)");
  }
  return problems;
}

function entryProblems({ quantity, expect, format }: Entry, { type }: Register): string[] {
  const problems: string[] = [];
  const isFloat = type.startsWith("float");
  if (format !== undefined && (type === "ascii" || isFloat)) {
    problems.push(`format: a ${type} register has none`);
  }
  if (expect === undefined) return problems;
  if (quantity === "serialNumber") problems.push("expect: every meter has its own serial number");
  const isText = type === "ascii" || format === "hex";
  for (const [index, value] of expect.entries()) {
    if (isText !== (typeof value === "string")) {
      problems.push(`expect.${index}: expected ${isText ? "text" : "a number"}, found ${value}`);
    }
  }
  return problems;
}
