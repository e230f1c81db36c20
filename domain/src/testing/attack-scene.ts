import { toHex } from "../evidence/bytes.js";
import type { EvidenceFile } from "../evidence/evidence-file.js";
import { intervalHash, statementHash } from "../evidence/hashes.js";
import type { Checkpoint, Interval, Reading, Statement } from "../evidence/types.js";
import { between, pick, type Random } from "./attack-edits.js";
import { recordEvidence } from "./record-evidence.js";
import { type SigningCrypto, TestDevice } from "./test-household.js";

type Recorded = ReturnType<typeof recordEvidence>;

/** What an attacker has: a household's own evidence and TPM, and those of another. */
export interface AttackScene {
  readonly node: SigningCrypto;
  readonly device: TestDevice;
  readonly good: Recorded;
  /** Of the same device over the same time, with another beginning: what a restored store would make. */
  readonly branch: Recorded;
  readonly foreignDevice: TestDevice;
  readonly foreign: Recorded;
}

const meters = [
  { id: "eastron/sdm630:12345678", role: "connection", profile: "ab".repeat(32) },
  { id: "eastron/sdm230:87654321", role: "generator", profile: "ba".repeat(32) },
] as const;

export function attackScene(node: SigningCrypto): AttackScene {
  const device = new TestDevice(node, "attacked");
  const foreignDevice = new TestDevice(node, "another");
  const options = { start: "2026-06-01T12:00:00Z", slotSeconds: 5, slots: 4 };
  const events = { eventAtSecond: 8, quoteAtSecond: 3 };
  return {
    node,
    device,
    good: recordEvidence(device, "h1", meters, { ...options, ...events }),
    branch: recordEvidence(device, "h1", meters, { ...options, eventAtSecond: 7 }),
    foreignDevice,
    foreign: recordEvidence(foreignDevice, "h2", meters, options),
  };
}

export const hashOf = (interval: Interval, { crypto }: TestDevice): string =>
  toHex(intervalHash(interval, crypto.sha256));

/** All intervals of one meter in one package under the newest checkpoint, as a backlog is sent. */
export function backlog(
  { device, good }: AttackScene,
  random: Random,
  edit: (all: Interval[]) => Interval[],
) {
  const { id } = pick(meters, random);
  const own = good.packages.filter(({ meter }) => meter === id);
  const newest = own.at(-1);
  if (newest === undefined) throw new Error("no package");
  const intervals = edit(own.flatMap((one) => one.intervals));
  return { ...good, readings: [], events: [], packages: [device.sign({ ...newest, intervals })] };
}

/** One interval changed and signed again, by whoever has the reading key. */
export function resigned(
  { device, good }: AttackScene,
  random: Random,
  change: (interval: Interval) => Partial<Interval>,
): EvidenceFile {
  const index = between(0, good.packages.length - 1, random);
  const packages = good.packages.map((one, i) =>
    i === index
      ? device.sign({ ...one, intervals: one.intervals.map((x) => ({ ...x, ...change(x) })) })
      : one,
  );
  return { ...good, packages, readings: [], events: [] };
}

/** One interval changed, signed, and certified anew by the household's own TPM; later ones follow it. */
export function recertified(
  scene: AttackScene,
  random: Random,
  change: (interval: Interval) => Partial<Interval>,
): EvidenceFile {
  const { device } = scene;
  const file = backlog(scene, random, (all) => {
    const index = between(1, all.length - 1, random);
    const linked: Interval[] = [];
    for (const [i, interval] of all.entries()) {
      const before = linked.at(-1);
      const previous = before === undefined ? interval.previous : hashOf(before, device);
      linked.push({ ...interval, previous, ...(i === index ? change(interval) : {}) });
    }
    return linked;
  });
  const packages = file.packages.map((one) => {
    const last = one.intervals.at(-1);
    if (last === undefined) throw new Error("no interval");
    const heads = { ...one.checkpoint.statement.intervalHeads, [one.meter]: hashOf(last, device) };
    const statement = { ...one.checkpoint.statement, intervalHeads: heads };
    return device.sign({ ...one, checkpoint: device.checkpoint(statement, 300n) });
  });
  return { ...file, packages, checkpoints: [] };
}

export function withReading(
  good: Recorded,
  random: Random,
  change: (reading: Reading) => Partial<Reading>,
) {
  const index = between(0, good.readings.length - 1, random);
  const readings = good.readings.map(({ reading }, i) => ({
    reading: i === index ? { ...reading, ...change(reading) } : reading,
  }));
  return { ...good, readings };
}

/** A statement after the newest one, as the TPM would certify it. */
export function following(
  { device, good }: AttackScene,
  counter: bigint,
  change: Partial<Statement> = {},
  tpm: Parameters<TestDevice["checkpoint"]>[2] = {},
): EvidenceFile {
  const before = good.checkpoints?.at(-1)?.statement;
  if (before === undefined) throw new Error("no checkpoint");
  const { last } = before.readings;
  const statement: Statement = {
    ...before,
    sequence: before.sequence + 1,
    previous: toHex(statementHash(before, device.crypto.sha256)),
    readings: { first: last + 1, last: last + 5 },
    ...change,
  };
  const checkpoint = device.checkpoint(statement, counter, tpm);
  return { ...good, checkpoints: [...(good.checkpoints ?? []), checkpoint] };
}

/** A random checkpoint of the file replaced wherever it stands. */
export function withCheckpoint(
  { good, device }: AttackScene,
  random: Random,
  change: (checkpoint: Checkpoint) => Checkpoint,
): EvidenceFile {
  const { sequence } = pick(good.checkpoints ?? [], random).statement;
  const edit = (one: Checkpoint) => (one.statement.sequence === sequence ? change(one) : one);
  return {
    ...good,
    packages: good.packages.map((one) => device.sign({ ...one, checkpoint: edit(one.checkpoint) })),
    checkpoints: (good.checkpoints ?? []).map(edit),
  };
}
