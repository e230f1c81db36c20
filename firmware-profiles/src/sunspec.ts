import { ProfileError } from "./errors.js";
import type { Table } from "./schema.js";
import type { Block, FoundModels, Profile, SunspecMap } from "./types.js";

/** "SunS": the marker before the first model (SunSpec Device Information Model Specification V1.1, 6.1). */
const marker = [0x5375, 0x6e53] as const;
/** Registers of the marker, and of a model's header: its ID and how many registers follow. */
export const headerLength = 2;
/** ID of the header that ends the chain. */
export const endModel = 0xffff;
export const commonModel = 1;
/** The common model with and without its last, padding register. */
const commonLengths: readonly number[] = [65, 66];
/** Real chains have some 10 models; a longer one is a meter that answers anything. */
const mostModels = 64;

type WordAt = (address: number) => number | undefined;

interface Located {
  /** Added to the addresses of registers and factors; undefined where the model is not found. */
  readonly model: number | undefined;
  /** Added to the addresses of identity registers. */
  readonly common: number | undefined;
}

/**
 * Where the blocks themselves say that the models are: by the chain from the marker or from a common
 * model on, as far as the blocks hold it, else by a block that begins with the measuring model's
 * header. 0 and 0 for a map with fixed addresses.
 */
export function locateModels(map: SunspecMap | undefined, blocks: readonly Block[]): Located {
  if (!map) return { model: 0, common: 0 };
  const word = wordsOf(blocks);
  const starts = blocks.map(({ address }) => address).toSorted((a, b) => a - b);
  const marked = map.bases.filter((at) => word(at) === marker[0] && word(at + 1) === marker[1]);
  const chains = [
    ...marked.map((base) => base + headerLength),
    ...starts.filter((at) => isCommon(word(at), word(at + 1))),
  ].map((at) => walkWords(map, at, word));
  const walked = chains.find(({ model }) => model !== undefined) ?? chains[0];
  return {
    model: walked?.model ?? starts.find((at) => isMeasuring(map, word(at), word(at + 1))),
    common: walked?.common,
  };
}

const isMeasuring = ({ models, length }: SunspecMap, id = 0, follow = 0) =>
  models.includes(id) && follow >= length;

const isCommon = (id: number | undefined, follow = 0) =>
  id === commonModel && commonLengths.includes(follow);

function wordsOf(blocks: readonly Block[]): WordAt {
  return (address) => {
    const block = blocks.findLast(
      (each) => each.address <= address && address < each.address + each.bytes.length / 2,
    );
    const high = block?.bytes[2 * (address - block.address)];
    const low = block?.bytes[2 * (address - block.address) + 1];
    return high === undefined || low === undefined ? undefined : 256 * high + low;
  };
}

/** Follows the chain from the header at `start` as far as the words go. */
function walkWords(map: SunspecMap, start: number, word: WordAt): Located {
  let common: number | undefined;
  let at = start;
  for (let n = 0; n < mostModels; n++) {
    const [id, follow] = [word(at), word(at + 1)];
    if (id === undefined || follow === undefined || id === endModel) break;
    if (isCommon(id, follow)) common = at;
    if (isMeasuring(map, id, follow)) return { model: at, common };
    at += headerLength + follow;
  }
  return { model: undefined, common };
}

/** Reads `count` registers from `address`; throws where the meter does not give them. */
export type ReadRegisters = (table: Table, address: number, count: number) => Promise<Uint8Array>;

type Attempt = { readonly found: FoundModels } | { readonly problem: ProfileError | Error };

/**
 * The profile with its models' addresses on this meter, found by walking the chain from each base;
 * a profile without SunSpec models as it is. With several measuring models the first counts, with
 * the common model before it.
 * Throws ProfileError: `profile.no-sunspec` where no base has the marker, `profile.no-model` with
 * the models that are there instead, `profile.bad-chain` where the chain has no end; and whatever
 * `read` threw, where no base answered or a chain broke off.
 */
export async function resolveProfile(profile: Profile, read: ReadRegisters): Promise<Profile> {
  const { sunspec } = profile;
  if (!sunspec) return profile;
  const table = profile.registers[0]?.table ?? "holding";
  const problems: Error[] = [];
  for (const base of sunspec.bases) {
    const attempt = await tryBase(sunspec, base, async (address) => {
      const bytes = await read(table, address, headerLength);
      return [
        wordsOf([{ table, address, bytes }])(address),
        wordsOf([{ table, address, bytes }])(address + 1),
      ];
    });
    if ("found" in attempt) return { ...profile, sunspec: { ...sunspec, found: attempt.found } };
    problems.push(attempt.problem);
  }
  // What a base said of its models tells more than that another has none, and that more than silence.
  const rank = (problem: Error) =>
    problem instanceof ProfileError ? (problem.code === "profile.no-sunspec" ? 1 : 2) : 0;
  const [worst] = problems.toSorted((a, b) => rank(b) - rank(a));
  throw worst ?? new ProfileError("profile.no-sunspec", "the profile names no base");
}

type ReadPair = (address: number) => Promise<readonly (number | undefined)[]>;

async function tryBase(map: SunspecMap, base: number, read: ReadPair): Promise<Attempt> {
  let isSunspec = false;
  try {
    const [first, second] = await read(base);
    isSunspec = first === marker[0] && second === marker[1];
    if (isSunspec) return await walk(map, base, read);
    return { problem: new ProfileError("profile.no-sunspec", `no "SunS" at ${base}`) };
  } catch (error) {
    // A meter that has nothing at a base refuses to answer there, or is silent.
    if (isSunspec) throw error;
    return { problem: error instanceof Error ? error : new Error(String(error)) };
  }
}

async function walk(map: SunspecMap, base: number, read: ReadPair): Promise<Attempt> {
  const seen: string[] = [];
  let commonAddress: number | undefined;
  let address = base + headerLength;
  while (seen.length < mostModels && address + headerLength <= 0x10000) {
    const [id, follow] = await read(address);
    if (id === endModel || id === undefined || follow === undefined) {
      const text = `models at ${base}: ${seen.join(", ") || "none"}; none of ${map.models.join(", ")}`;
      return { problem: new ProfileError("profile.no-model", text) };
    }
    if (isCommon(id, follow)) commonAddress = address;
    if (isMeasuring(map, id, follow) && commonAddress !== undefined) {
      return { found: { commonAddress, model: id, address } };
    }
    seen.push(`${id} (${follow} registers)`);
    address += headerLength + follow;
  }
  const text = `the chain at ${base} has no end: ${seen.slice(0, 5).join(", ")}, …`;
  return { problem: new ProfileError("profile.bad-chain", text) };
}

/**
 * Where the planner finds the map's registers on the meter.
 * Throws ProfileError `profile.unresolved` where the chain was not walked yet.
 */
export function shiftsOf({ id, sunspec }: Profile): {
  readonly model: number;
  readonly common: number;
} {
  if (!sunspec) return { model: 0, common: 0 };
  const { found } = sunspec;
  if (!found) {
    throw new ProfileError(
      "profile.unresolved",
      `${id}: its addresses are known only from a live meter`,
    );
  }
  return { model: found.address, common: found.commonAddress };
}

/** A SunSpec profile as if its device had the shortest chain: for plans without a device, whose lengths it does not change. */
export function withAssumedModels(profile: Profile): Profile {
  const { sunspec } = profile;
  if (!sunspec || sunspec.found) return profile;
  const { model: address, common: commonAddress } = chainOf(profile);
  const found = { address, commonAddress, model: sunspec.models[0] ?? 0 };
  return { ...profile, sunspec: { ...sunspec, found } };
}

interface Chain {
  readonly table: Table;
  readonly model: number;
  readonly common: number;
  /** Marker, headers and end, by absolute address. */
  readonly fixed: readonly { readonly address: number; readonly bytes: Uint8Array }[];
}

/** The shortest chain a meter of this profile can have: common model, measuring model, end. */
export function chainOf({ sunspec, registers }: Profile): Chain {
  const table = registers[0]?.table ?? "holding";
  if (!sunspec) return { table, model: 0, common: 0, fixed: [] };
  const { bases, models, length } = sunspec;
  const base = bases[0] ?? 40_000;
  const common = base + headerLength;
  const follow = 66;
  const model = common + headerLength + follow;
  const end = model + headerLength + length;
  const pair = (address: number, first: number, second: number) => ({
    address,
    bytes: Uint8Array.of(first >> 8, first & 0xff, second >> 8, second & 0xff),
  });
  return {
    table,
    model,
    common,
    fixed: [
      pair(base, ...marker),
      pair(common, commonModel, follow),
      pair(model, models[0] ?? 0, length),
      pair(end, endModel, 0),
    ],
  };
}
