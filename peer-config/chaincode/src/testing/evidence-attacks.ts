import { type Checkpoint, fromHex, type Interval, toHex } from "@powershare/domain/evidence";
import { flipped, type Random, seeded } from "@powershare/domain/testing";
import type { AttackedLedger } from "./attacked-ledger.js";
import { type CountedAttacks, countAttacks } from "./count-attacks.js";
import type { TestResident } from "./neighbourhood.js";

interface Attack {
  readonly evidence: unknown;
  /** Under whose certificate it is sent; the household's own unless it says so. */
  readonly by?: TestResident;
}
type Family = (scene: AttackedLedger, random: Random) => Attack;

const pick = <T>(items: readonly T[], random: Random): T => {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError("nothing to choose from");
  return item;
};
const upTo = (most: number, random: Random): number => 1 + Math.floor(random() * most);
const shifted = (text: string, seconds: number): string =>
  `${new Date(Date.parse(text) + seconds * 1000).toISOString().slice(0, 19)}Z`;

/** One interval of the next package changed; the household signs it and has its own TPM certify it. */
function resealed(
  scene: AttackedLedger,
  random: Random,
  change: (interval: Interval) => Partial<Interval>,
): Attack {
  const next = scene.intervals.slice(2, 6);
  const at = Math.floor(random() * next.length);
  const changed = next.map((one, i) => (i === at ? { ...one, ...change(one) } : one));
  return { evidence: scene.sealed(scene.home.household.relink(changed), 320n) };
}

function withCheckpoint(scene: AttackedLedger, change: (one: Checkpoint) => Checkpoint): Attack {
  const next = scene.next();
  return { evidence: scene.home.household.seal(next.intervals, change(next.checkpoint)) };
}

/** Any string or number of a JSON value changed. */
function flip(value: unknown, random: Random): unknown {
  if (typeof value !== "object" || value === null) return flipped(value, random);
  const keys = Object.keys(value);
  const key = pick(keys, random);
  const member: unknown = Reflect.get(value, key);
  const changed = flip(member, random);
  if (Array.isArray(value))
    return value.map((item: unknown, i) => (String(i) === key ? changed : item));
  return { ...value, [key]: changed };
}

function brokenSignature(valid: string, random: Random): string {
  const zero = "00".repeat(32);
  const order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
  const [r, s] = [valid.slice(0, 64), valid.slice(64)];
  const digit = (Number.parseInt(valid.charAt(0), 16) + upTo(15, random)) % 16;
  const changed = digit.toString(16) + valid.slice(1);
  return pick(
    [zero + s, r + zero, order + s, r + order, "ff".repeat(64), changed, valid.slice(2)],
    random,
  );
}

/** What a household, or whoever holds its card or another TPM, may send; the ledger takes none of it. */
export const evidenceAttacks = {
  flip: (scene, random) => ({ evidence: flip(scene.next(), random) }),
  drop: (scene, random) => {
    const left = scene.intervals.slice(2, 6).toSpliced(Math.floor(random() * 3), 1);
    const honest = random() < 0.5 ? left : scene.home.household.relink(left);
    return { evidence: scene.sealed(honest, 320n) };
  },
  repeat: (scene, random) => {
    const some = scene.intervals.slice(2, 6);
    const again = pick(some, random);
    const old = pick(scene.intervals.slice(0, 2), random);
    const doubled = pick([[...some, again], [old, ...some], [some[0], ...some], [old]], random);
    return {
      evidence: scene.sealed(
        doubled.flatMap((one) => one ?? []),
        320n,
      ),
    };
  },
  reorder: (scene, random) => {
    const some = scene.intervals.slice(2, 6);
    const at = Math.floor(random() * 3);
    some.splice(at, 2, ...some.slice(at, at + 2).reverse());
    return { evidence: scene.sealed(some, 320n) };
  },
  splice: (scene, random) => {
    const at = Math.floor(random() * 4);
    const { participant } = scene.home.household;
    const strange = scene.foreign[2 + at];
    const own = { participant, meter: scene.home.meter };
    const some = scene.intervals
      .slice(2, 6)
      .map((one, i) => (i === at && strange ? { ...strange, ...own } : one));
    // The other log's interval keeps what went before it there.
    return {
      evidence: scene.sealed(
        some.map((one, i) => (i === at ? { ...one, previous: strange?.previous ?? "" } : one)),
        320n,
      ),
    };
  },
  "back-date": (scene, random) =>
    resealed(scene, random, ({ start, end }) => {
      const by = -900 * upTo(100_000, random);
      return { start: shifted(start, by), end: shifted(end, by) };
    }),
  "roll back": (scene, random) => {
    const old = pick(scene.intervals.slice(0, 2), random);
    const again = {
      ...old,
      importWh: old.importWh + 1,
      last: { ...old.last, importWh: old.last.importWh + 1 },
    };
    const counter = BigInt(Math.floor(random() * 311));
    return pick(
      [
        () => ({ evidence: scene.sealed([again], 400n) }),
        () => ({ evidence: scene.sealed(scene.intervals.slice(2, 6), counter) }),
      ],
      random,
    )();
  },
  "cloned card": (scene, random) => {
    const { intervals, checkpoint, ...rest } = scene.next();
    const { device } = scene.other.household;
    const certified = device.checkpoint(checkpoint.statement, 320n);
    const { signature: _, ...unsigned } = { ...rest, intervals, checkpoint };
    return pick<() => Attack>(
      [
        () => ({ evidence: device.sign(unsigned) }),
        () => ({ evidence: scene.home.household.seal(intervals, certified) }),
        () => ({ evidence: device.sign({ ...unsigned, checkpoint: certified }) }),
      ],
      random,
    )();
  },
  "another device": (scene, random) => {
    const foreign = scene.other.household;
    const sealed = foreign.seal(scene.foreign.slice(0, 1));
    return pick<Attack>(
      [
        { evidence: scene.next(), by: scene.other },
        { evidence: sealed },
        { evidence: scene.home.household.device.sign({ ...sealed, participant: "home" }) },
      ],
      random,
    );
  },
  "TPM reset": (scene, random) =>
    pick(
      [
        () => ({ evidence: scene.sealed(scene.intervals.slice(2, 6), BigInt(upTo(310, random))) }),
        () => ({
          evidence: scene.sealed(scene.intervals.slice(2, 6), 320n, {
            resetCount: random() < 0.5 ? 0 : 1,
          }),
        }),
      ],
      random,
    )(),
  "clock step": (scene, random) =>
    resealed(scene, random, ({ start, end }) =>
      pick(
        [
          { start: shifted(start, upTo(800, random)) },
          { end: shifted(end, upTo(800, random)) },
          { start: end, end: start },
          { end: shifted(end, 900 * upTo(100, random)) },
        ],
        random,
      ),
    ),
  "forged attestation": (scene, random) =>
    withCheckpoint(scene, (one) => {
      const { device } = scene.home.household;
      const bytes = fromHex(one.attest);
      const signed = (attest: Uint8Array) => ({
        ...one,
        attest: toHex(attest),
        signature: toHex(device.attestation.sign(attest)),
      });
      return pick(
        [
          () =>
            device.checkpoint(one.statement, 320n, { magic: Math.floor(random() * 0xff544347) }),
          () => device.checkpoint(one.statement, 320n, { type: pick([0x8017, 0x8018], random) }),
          () => device.checkpoint(one.statement, 320n, { counterName: bytes.slice(0, 34) }),
          () => ({ ...one, signature: toHex(device.reading.sign(bytes)) }),
          () => signed(bytes.slice(0, Math.floor(random() * bytes.length))),
          () => signed(Uint8Array.of(...bytes, Math.floor(random() * 256))),
          () => ({
            ...one,
            statement: { ...one.statement, monotonicMs: upTo(1_000_000, random) + 1000 },
          }),
        ],
        random,
      )();
    }),
  "malformed signature": (scene, random) => {
    const next = scene.next();
    if (random() < 0.5)
      return { evidence: { ...next, signature: brokenSignature(next.signature, random) } };
    return withCheckpoint(scene, (one) => ({
      ...one,
      signature: brokenSignature(one.signature, random),
    }));
  },
  registers: (scene, random) =>
    resealed(scene, random, ({ importWh, first, last }) => {
      const by = upTo(1_000_000, random);
      return pick(
        [
          { importWh: importWh + by },
          { last: { ...last, exportWh: last.exportWh + by } },
          {
            first: { ...first, importWh: first.importWh + by },
            last: { ...last, importWh: last.importWh + by },
          },
        ],
        random,
      );
    }),
  epoch: (scene, random) =>
    resealed(scene, random, ({ meter }) =>
      pick([{ epoch: 0 }, { meter: `${meter}.2` }, { meter: `eastron/sdm230:home` }], random),
    ),
} satisfies Record<string, Family>;

export type EvidenceAttack = keyof typeof evidenceAttacks;

/** Tries so many of a family. */
export function tryEvidenceAttacks(
  scene: AttackedLedger,
  family: EvidenceAttack,
  count: number,
  seed: number,
): Promise<CountedAttacks> {
  return countAttacks(count, seed, async (at) => {
    const { evidence, by } = evidenceAttacks[family](scene, seeded(at)) as Attack;
    return await scene.refusal(evidence, by);
  });
}
