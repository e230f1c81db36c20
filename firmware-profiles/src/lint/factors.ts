import type { ProfileFile } from "../schema.js";
import type { Profile } from "../types.js";
import { isPowerOfTen } from "./values.js";

/** Scale, decimal-point and ratio registers, and who names them. */
export function factorProblems(profile: Profile, file: ProfileFile): string[] {
  const names = profile.factors.map(({ name }) => name);
  const used = new Set(file.registers.flatMap(({ factors = [] }) => factors));
  return [
    ...file.registers.flatMap(({ factors = [] }, index) =>
      [
        ...factors
          .filter((name) => !names.includes(name))
          .map((name) => `there is no factor "${name}"; there are: ${names.join(", ") || "none"}`),
        ...factors
          .filter((name, at) => factors.indexOf(name) !== at)
          .map((name) => `"${name}" is there twice`),
      ].map((problem) => `registers.${index}.factors: ${problem}`),
    ),
    ...(file.factors ?? []).flatMap((entry, index) =>
      entryProblems(entry, file.defaults, names.indexOf(entry.name) !== index, used).map(
        (problem) => `factors.${index}.${problem}`,
      ),
    ),
  ];
}

type Entry = NonNullable<ProfileFile["factors"]>[number];

function entryProblems(
  { name, type, as, choices, scale = 1 }: Entry,
  defaults: ProfileFile["defaults"],
  isTwice: boolean,
  used: ReadonlySet<string>,
): string[] {
  const problems: string[] = [];
  if (isTwice) problems.push(`name: "${name}" is there twice`);
  if (!used.has(name)) problems.push(`name: no register names "${name}" in its factors`);
  if ((type ?? defaults.type) === "ascii") problems.push("type: a factor is no text");
  if (!isPowerOfTen(scale)) problems.push(`scale: expected a power of ten, found ${scale}`);
  const hasChoices = Object.keys(choices ?? {}).length > 0;
  if (as === "choice" && !hasChoices) problems.push("choices: expected factors by raw value");
  if (as !== "choice" && choices) problems.push(`choices: belong to as: choice, not ${as}`);
  if (as !== "multiplier" && (type ?? defaults.type).startsWith("float")) {
    problems.push(`type: as: ${as} needs a whole number`);
  }
  return problems;
}
