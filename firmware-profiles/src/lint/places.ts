import { contains, readableAs } from "../map.js";
import { rawHex } from "../resolve.js";
import type { ProfileFile, RawValue } from "../schema.js";
import { headerLength } from "../sunspec.js";
import type { Coding, Profile } from "../types.js";

/** A register of the map with its path in the file. */
interface Declared {
  readonly path: string;
  readonly name: string;
  readonly coding: Coding;
  readonly length: number | undefined;
  readonly notAvailable: readonly RawValue[];
}

const end = ({ address, length }: Coding) => address + length;

/** Registers of the common model after its header (SunSpec model 1). */
const commonLength = 66;

/** Addresses, lengths, overlaps and raw values of everything that the map declares. */
export function placeProblems(profile: Profile, file: ProfileFile): string[] {
  const summands = profile.registers.flatMap((register, index) =>
    register.plus.map((place, at): Declared => {
      const path = `registers.${index}.plus.${at}`;
      const coding = { ...register, ...place };
      return { path, name: register.quantity, coding, length: undefined, notAvailable: [] };
    }),
  );
  const measured = [
    ...summands,
    ...declared("registers", profile.registers, file.registers, "quantity"),
    ...declared("factors", profile.factors, file.factors ?? [], "name"),
  ];
  const identity = declared("identity", profile.identity, file.identity, "quantity");
  // SunSpec: identity lies in another model, so its offsets are others.
  const spaces = profile.sunspec ? [measured, identity] : [[...measured, ...identity]];
  const { sunspec } = profile;
  return [
    ...[...measured, ...identity].flatMap((each) => codingProblems(each, profile.maxRegisters)),
    ...spaces.flatMap(overlapProblems),
    ...(sunspec ? modelProblems(measured, sunspec.length) : []),
    ...(sunspec ? modelProblems(identity, commonLength) : []),
    ...twiceProblems([...measured, ...identity]),
    ...(["unread", "whole"] as const).flatMap((group) =>
      (file[group] ?? []).flatMap(({ from, through }, index) =>
        through < from ? [`${group}.${index}.through: is before from`] : [],
      ),
    ),
    ...profile.whole.flatMap(({ length }, index) =>
      length > profile.maxRegisters ? [`whole.${index}: longer than maxRegisters`] : [],
    ),
    ...[...measured, ...identity]
      .filter(({ coding }) => !contains(readableAs(profile, coding), coding))
      .map(({ path }) => `${path}.address: only partly in a range that is given whole`),
  ];
}

type Entry = {
  readonly length?: number | undefined;
  readonly notAvailable?: RawValue | RawValue[] | undefined;
};

function declared<K extends string, E extends Entry & Readonly<Record<K, string>>>(
  group: string,
  codings: readonly Coding[],
  entries: readonly E[],
  key: K,
): Declared[] {
  return entries.flatMap((entry, index) => {
    const coding = codings[index];
    if (!coding) return [];
    const raws = entry.notAvailable === undefined ? [] : [entry.notAvailable].flat();
    return [
      {
        path: `${group}.${index}`,
        name: entry[key],
        coding,
        length: entry.length,
        notAvailable: raws,
      },
    ];
  });
}

function codingProblems({ path, coding, length, notAvailable }: Declared, max: number): string[] {
  const problems: string[] = [];
  const { type } = coding;
  if (coding.length === 0) problems.push(`${path}.length: an ascii register needs a length`);
  if (type !== "ascii" && length !== undefined && length !== coding.length) {
    problems.push(`${path}.length: a ${type} takes ${coding.length}`);
  }
  if (end(coding) > 0x10000) problems.push(`${path}.address: the value runs past address 65535`);
  if (coding.length > max) problems.push(`${path}.length: longer than maxRegisters`);
  for (const raw of notAvailable) {
    if (type === "ascii") problems.push(`${path}.notAvailable: text has no raw value`);
    else if (rawHex(raw, type) === undefined) {
      const hint =
        typeof raw === "number" && !Number.isSafeInteger(raw) ? " (write it as text)" : "";
      problems.push(`${path}.notAvailable: ${raw} does not fit a ${type}${hint}`);
    }
  }
  return problems;
}

function overlapProblems(all: readonly Declared[]): string[] {
  const sorted = all.toSorted((a, b) => a.coding.address - b.coding.address);
  return sorted.flatMap((one, index) =>
    sorted.slice(index + 1).flatMap((next) => {
      const { coding } = next;
      const isApart = coding.table !== one.coding.table || end(one.coding) <= coding.address;
      return isApart || isShared(one, next) ? [] : [`${next.path}.address: overlaps ${one.name}`];
    }),
  );
}

/** A ratio may be shown as identity or value and be a factor as well. */
function isShared(a: Declared, b: Declared): boolean {
  const isFactor = [a, b].filter(({ path }) => path.startsWith("factors.")).length === 1;
  return isFactor && a.coding.address === b.coding.address && a.coding.type === b.coding.type;
}

function modelProblems(all: readonly Declared[], follow: number): string[] {
  return all
    .filter(({ coding }) => coding.address < headerLength || end(coding) > headerLength + follow)
    .map(({ path }) => `${path}.address: outside the model, whose offsets are 2 to ${follow + 1}`);
}

function twiceProblems(all: readonly Declared[]): string[] {
  const quantities = all.filter(({ path }) => !/^factors\.|\.plus\./.test(path));
  return quantities
    .filter(({ name }, index) => quantities.findIndex((other) => other.name === name) < index)
    .map(({ path, name }) => `${path}.quantity: ${name} is there twice`);
}
