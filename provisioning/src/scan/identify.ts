import {
  decode,
  isExpected,
  type PlannedRead,
  type Profile,
  ProfileError,
  planReads,
  resolveProfile,
  serialNumberOf,
  type Values,
} from "@powershare/firmware-profiles";
import { judgeByPhysics, shownQuantities } from "./physics.js";
import type { UnitReader } from "./unit-reader.js";

/** What a profile was recognised by, the surest first. */
export type Ground = "model code" | "SunSpec model" | "physics";

/** A profile that fits the meter. */
export interface Candidate {
  /** With the places of its SunSpec models on this meter, where it has such. */
  readonly profile: Profile;
  readonly by: Ground;
  /** Why, and what speaks against it; for people. */
  readonly reason: string;
  /** Live values to compare with the meter's display, as far as the profile has them. */
  readonly values: Values;
  readonly serialNumber: string | undefined;
  /** Higher fits better; comparable among the candidates of one meter only. */
  readonly rank: number;
}

type Identity =
  /** `isCertain`: no other device says this by chance, as it may a small number. */
  | {
      readonly kind: "proven";
      readonly by: Ground;
      readonly text: string;
      readonly isCertain: boolean;
    }
  /** The profile says nothing by which it could be told, or this meter refuses to say it. */
  | { readonly kind: "open"; readonly text: string }
  | { readonly kind: "other" };

/** An identity that the meter states outweighs all physics; one that it refuses to state counts against. */
const provenRank = 100;
const withheldRank = -1;
/** A meter that refuses registers which the profile reads at every poll is hardly of this model. */
const missingRank = -2;
const makersSettingRank = 1;

/**
 * Profiles that fit a meter, best first: those whose identity registers say so; only where there
 * is none, those whose values are physically those of a meter on the grid. A profile that merely
 * decodes is none of them.
 * Rejects with BusError where the port or the connection itself fails.
 */
export async function identify(
  unit: UnitReader,
  profiles: readonly Profile[],
  isLikely: (profile: Profile) => boolean,
): Promise<Candidate[]> {
  const { proven, open } = await sortByIdentity(unit, profiles, isLikely);
  if (proven.length > 0) return byRank(proven);
  const plausible: Candidate[] = [];
  for (const { profile, text } of open) {
    const candidate = await candidateByPhysics(unit, profile, text, isLikely(profile));
    if (candidate) plausible.push(candidate);
  }
  return byRank(plausible);
}

interface Sorted {
  readonly proven: Candidate[];
  /** Those of which the meter says neither yes nor no. */
  readonly open: { readonly profile: Profile; readonly text: string }[];
}

/**
 * Those that leave the factory with this line's setting first. A model code with the grid's values
 * beside it is no chance: after it only those are looked at whose code was read already.
 */
async function sortByIdentity(
  unit: UnitReader,
  profiles: readonly Profile[],
  isLikely: (profile: Profile) => boolean,
): Promise<Sorted> {
  const sorted: Sorted = { proven: [], open: [] };
  const ordered = profiles.toSorted((a, b) => Number(isLikely(b)) - Number(isLikely(a)));
  for (const each of ordered) {
    const [proven] = sorted.proven;
    if (proven && !isNear(unit, each, proven.profile)) continue;
    const profile = await resolved(unit, each);
    if (!profile) continue;
    const identity = await identityOf(unit, profile);
    if (identity.kind === "open") sorted.open.push({ profile, text: identity.text });
    if (identity.kind !== "proven") continue;
    const candidate = await candidateByIdentity(unit, profile, identity, isLikely(each));
    if (candidate) sorted.proven.push(candidate);
  }
  return sorted;
}

/** By physics one step of rank is no difference: neither the line's setting nor one fact more is proof. */
const physicsStep = 1;

/** Whether others fit as well as the best: a person has to look at the meter's type. */
export function isAmbiguous([best, second]: readonly Candidate[]): boolean {
  if (!best || !second) return false;
  return best.rank - second.rank <= (best.by === "physics" ? physicsStep : 0);
}

/** Between two readings of one meter not more is counted. */
const sameEnergyWh = 50;

/**
 * Whether this unit is the meter that was found before, heard again: its serial number says so,
 * or, where it tells none, its energy counts.
 */
export async function answersAs(unit: UnitReader, known: Candidate): Promise<boolean> {
  const { profile, serialNumber, values } = known;
  if (serialNumber !== undefined) return (await serialNumberAt(unit, profile)) === serialNumber;
  const now = await snapshot(unit, profile);
  const energies = Object.keys(values).filter((quantity) => quantity.startsWith("activeEnergy"));
  return (
    now !== undefined &&
    energies.length > 0 &&
    energies.every((each) => Math.abs(Number(now[each]) - Number(values[each])) <= sameEnergyWh)
  );
}

const byRank = (candidates: readonly Candidate[]) =>
  candidates.toSorted(
    (a, b) => b.rank - a.rank || size(b) - size(a) || (a.profile.id < b.profile.id ? -1 : 1),
  );

/** Of maps that fit alike, the one that explains more of the meter comes first. */
const size = ({ profile }: Candidate) => profile.registers.length;

/** The profile on this meter; undefined where it needs SunSpec models that the meter has not. */
async function resolved(unit: UnitReader, profile: Profile): Promise<Profile | undefined> {
  try {
    return await resolveProfile(profile, async (table, address, count) => {
      const attempt = await unit.read({ table, address, count });
      if ("bytes" in attempt) return attempt.bytes;
      throw new ProfileError("profile.no-sunspec", `nothing at ${address}`);
    });
  } catch (error) {
    if (error instanceof ProfileError) return undefined;
    throw error;
  }
}

const expectingOf = ({ identity }: Profile) => identity.filter(({ expect }) => expect.length > 0);

/** Whether a profile may be meant where another is proven: both of SunSpec, or its code was read already. */
function isNear(unit: UnitReader, profile: Profile, proven: Profile): boolean {
  if (profile.sunspec) return proven.sunspec !== undefined;
  const quantities = expectingOf(profile).map(({ quantity }) => quantity);
  if (quantities.length === 0) return false;
  return plan(profile, quantities).every((read) => unit.knows(read));
}

async function identityOf(unit: UnitReader, profile: Profile): Promise<Identity> {
  const expecting = expectingOf(profile);
  const model = profile.sunspec?.found?.model;
  if (expecting.length === 0) {
    return model === undefined
      ? { kind: "open", text: "" }
      : { kind: "proven", by: "SunSpec model", text: `SunSpec model ${model}`, isCertain: true };
  }
  const quantities = expecting.map(({ quantity }) => quantity);
  const blocks = await unit.readAll(plan(profile, quantities));
  if (!blocks) return { kind: "open", text: `it does not tell its ${quantities.join(", ")}` };
  const values = decode(profile, blocks);
  if (!isExpected(profile, values)) return { kind: "other" };
  const text = quantities.map((quantity) => `${quantity} ${String(values[quantity])}`).join(", ");
  const isCertain = expecting.some(({ type }) => type === "ascii");
  return { kind: "proven", by: "model code", text, isCertain };
}

async function candidateByIdentity(
  unit: UnitReader,
  profile: Profile,
  { by, text, isCertain }: Extract<Identity, { kind: "proven" }>,
  isLikely: boolean,
): Promise<Candidate | undefined> {
  const values = (await snapshot(unit, profile)) ?? {};
  const { isPlausible, isContradicted, score } = judgeByPhysics(profile, values);
  if (isContradicted && !isCertain) return undefined;
  const doubt = isContradicted ? "; its values are not those of a meter on the grid" : "";
  const rank = provenRank + (isPlausible ? score : 0) + (isLikely ? makersSettingRank : 0);
  const serialNumber = await serialNumberAt(unit, profile);
  return { profile, by, reason: text + doubt, values, serialNumber, rank };
}

async function candidateByPhysics(
  unit: UnitReader,
  profile: Profile,
  withheld: string,
  isLikely: boolean,
): Promise<Candidate | undefined> {
  if (!(await isOnGrid(unit, profile))) return undefined;
  // First the long blocks: much of what follows is then known.
  const isWhole = (await unit.readAll(planReads(profile))) !== undefined;
  const values = await snapshot(unit, profile);
  if (!values) return undefined;
  const { isPlausible, deadPhases, score, reasons } = judgeByPhysics(profile, values);
  // Without the model code that it should state, all phases have to speak for it.
  if (!isPlausible || (withheld && deadPhases > 0)) return undefined;
  const rank =
    score +
    (isLikely ? makersSettingRank : 0) +
    (withheld ? withheldRank : 0) +
    (isWhole ? 0 : missingRank);
  const against = [withheld, isWhole ? "" : "it refuses some of its registers"];
  const reason = [...against.filter((each) => each !== ""), ...reasons].join(", ");
  const serialNumber = await serialNumberAt(unit, profile);
  return { profile, by: "physics", reason, values, serialNumber, rank };
}

/** A first look at little, for most profiles fail here. */
async function isOnGrid(unit: UnitReader, profile: Profile): Promise<boolean> {
  const declared = profile.registers.filter(({ quantity }) => gridQuantities.includes(quantity));
  const blocks = await unit.readAll(
    plan(
      profile,
      declared.map(({ quantity }) => quantity),
    ),
  );
  return (
    blocks !== undefined &&
    !judgeByPhysics({ registers: declared }, decode(profile, blocks)).isContradicted
  );
}

/** Undefined where the meter does not have all the registers that the profile says it has. */
async function snapshot(unit: UnitReader, profile: Profile): Promise<Values | undefined> {
  const quantities = shownQuantities.filter((quantity) =>
    profile.registers.some((register) => register.quantity === quantity),
  );
  const blocks = await unit.readAll(plan(profile, quantities));
  return blocks && decode(profile, blocks);
}

async function serialNumberAt(unit: UnitReader, profile: Profile): Promise<string | undefined> {
  const blocks = await unit.readAll(plan(profile, ["serialNumber"]));
  return blocks && blocks.length > 0 ? serialNumberOf(decode(profile, blocks)) : undefined;
}

const gridQuantities: readonly string[] = ["voltageL1V", "frequencyHz"];

/** A scan plans the same reads for each meter again. */
const plans = new WeakMap<Profile, Map<string, readonly PlannedRead[]>>();

function plan(profile: Profile, quantities: readonly string[]): readonly PlannedRead[] {
  const ofProfile = plans.get(profile) ?? new Map<string, readonly PlannedRead[]>();
  plans.set(profile, ofProfile);
  const key = quantities.join();
  const planned = ofProfile.get(key) ?? planKnown(profile, quantities);
  ofProfile.set(key, planned);
  return planned;
}

function planKnown(profile: Profile, quantities: readonly string[]): readonly PlannedRead[] {
  const known = [...profile.registers, ...profile.identity];
  const wanted = quantities.filter((each) => known.some(({ quantity }) => quantity === each));
  return wanted.length === 0 ? [] : planReads(profile, { quantities: wanted });
}
