import * as node from "node:crypto";
import { describe, expect, it } from "vitest";
import { recordEvidence, TestDevice } from "../testing/index.js";
import {
  type Checkpoint,
  type Event,
  type EvidenceFile,
  emptyHead,
  entryLeaf,
  type Interval,
  intervalHash,
  MerkleTree,
  nextHead,
  parseEvidenceFile,
  type Reading,
  type Statement,
  statementHash,
  toHex,
  verifyEvidenceFile,
} from "./index.js";

const device = new TestDevice(node, "h1");
const { crypto } = device;
const meters = [
  { id: "eastron/sdm630:12345678", role: "connection", profile: "ab".repeat(32) },
  { id: "eastron/sdm230:87654321", role: "generator", profile: "ba".repeat(32) },
] as const;
const options = { start: "2026-06-01T12:00:00Z", slotSeconds: 20, slots: 3 };
const recorded = recordEvidence(device, "h1", meters, options);

const eventful = recordEvidence(device, "h1", meters, { ...options, eventAtSecond: 30 });

function verify(file: unknown): ReturnType<typeof verifyEvidenceFile> {
  return verifyEvidenceFile(parseEvidenceFile(JSON.parse(JSON.stringify(file))), crypto);
}

describe("an evidence file", () => {
  it("proves every meter's energy, and every reading by its batch", () => {
    expect(verify(recorded)).toEqual({
      proven: true,
      participant: "h1",
      device: device.id,
      readingSpki: device.reading.spki,
      packages: 6,
      checkpoints: 3,
      sealedAt: "2026-06-01T12:01:00.550Z",
      counter: { first: 256n, last: 258n },
      resets: 0,
      resetsWithoutBoot: 0,
      software: { quotes: 0, unexplained: 0 },
      readings: 122,
      events: 0,
      meters: [
        {
          meter: meters[0].id,
          role: "connection",
          intervals: 3,
          firstSequence: 1,
          from: "2026-06-01T12:00:00Z",
          to: "2026-06-01T12:01:00Z",
          importWh: 120,
          exportWh: 0,
          gaps: 0,
          unsynchronised: 0,
        },
        expect.objectContaining({ role: "generator", importWh: 0, exportWh: 240 }),
      ],
    });
  });

  it("proves single readings by their inclusion proofs", () => {
    const { readings } = statementOf(1);
    const batch = recorded.readings.filter(
      ({ reading: { sequence } }) => sequence >= readings.first && sequence <= readings.last,
    );
    const tree = new MerkleTree(
      crypto.sha256,
      batch.map(({ reading }) => entryLeaf(reading, crypto.sha256)),
    );
    const proven = batch
      .map(({ reading }, i) => ({ reading, proof: tree.proof(i).map(toHex) }))
      .filter((_, i) => i % 7 === 0);
    expect(verify({ ...recorded, readings: proven })).toMatchObject({ proven: true, readings: 6 });
    const [one, other] = proven;
    const swapped = [{ ...one!, proof: other!.proof }];
    expect(verify({ ...recorded, readings: swapped })).toMatchObject({
      code: "evidence.inclusion",
    });
  });

  it("proves events in the one sequence of the readings, in whole batches and by proofs", () => {
    const { sequence } = eventful.events[0]!.event;
    expect(verify(eventful)).toMatchObject({ proven: true, readings: 122, events: 1 });
    const { first, last } = eventful.checkpoints![1]!.statement.readings;
    const entries = [
      ...eventful.readings.map(({ reading }) => reading),
      eventful.events[0]!.event,
    ].sort((a, b) => a.sequence - b.sequence);
    const leaves = entries.slice(first - 1, last).map((entry) => entryLeaf(entry, crypto.sha256));
    const proof = new MerkleTree(crypto.sha256, leaves).proof(sequence - first).map(toHex);
    const events = [{ ...eventful.events[0]!, proof }];
    expect(verify({ ...eventful, readings: [], events })).toMatchObject({
      proven: true,
      events: 1,
    });
  });

  it("proves intervals alone, without readings or checkpoints", () => {
    const { readings: _r, checkpoints: _c, ...bare } = recorded;
    expect(verify(bare)).toMatchObject({ proven: true, readings: 0, checkpoints: 3 });
  });

  it("may begin in the middle of a meter's history, and says so", () => {
    const later = { ...recorded, packages: recorded.packages.slice(2), readings: [] };
    expect(verify(later)).toMatchObject({
      proven: true,
      meters: [{ firstSequence: 2 }, { firstSequence: 2 }],
    });
  });

  it("has a shape that is refused with the place where it differs", () => {
    expect(() => parseEvidenceFile({ ...recorded, format: "ocmf" })).toThrow(/at \/format/);
    expect(() => verify(withReading(3, { sequence: 0 }))).toThrow(
      /at \/readings\/3\/reading\/sequence/,
    );
  });
});

function statementOf(index: number): Statement {
  return recorded.checkpoints![index]!.statement;
}
function withReading(index: number, changes: Partial<Reading>): EvidenceFile {
  const { reading } = recorded.readings[index]!;
  return {
    ...recorded,
    readings: recorded.readings.with(index, { reading: { ...reading, ...changes } }),
  };
}
/** The bare file with another statement put to the TPM in place of one of its checkpoints. */
function withStatement(
  index: number,
  changes: Partial<Statement>,
  counter = 256n + BigInt(index),
): EvidenceFile {
  const forged: Checkpoint = device.checkpoint({ ...statementOf(index), ...changes }, counter);
  const packages = recorded.packages.map((evidence, i) =>
    Math.floor(i / 2) === index ? device.sign({ ...evidence, checkpoint: forged }) : evidence,
  );
  return { ...recorded, packages, checkpoints: [], readings: [] };
}
/** A checkpoint after the last one of the file. */
function following(
  changes: Partial<Statement>,
  counter: bigint,
  tpm: Parameters<TestDevice["checkpoint"]>[2] = {},
): Checkpoint {
  const last = statementOf(2);
  const statement = {
    ...last,
    sequence: 4,
    previous: toHex(statementHash(last, crypto.sha256)),
    readings: { first: 123, last: 123 },
    ...changes,
  };
  return device.checkpoint(statement, counter, tpm);
}
/** The first slot with a lie about the readings at the ends of the first interval, or in the first of them. */
function withBoundary(changes: Partial<Interval>, reading: Partial<Reading> = {}): EvidenceFile {
  const [first, ...rest] = recorded.readings.slice(0, statementOf(0).readings.last);
  const readings = [{ reading: { ...first!.reading, ...reading } }, ...rest];
  const leaves = readings.map((one) => entryLeaf(one.reading, crypto.sha256));
  const merkleRoot = toHex(new MerkleTree(crypto.sha256, leaves).root());
  const head = leaves.reduce((link, leaf) => nextHead(link, leaf, crypto.sha256), emptyHead());
  const evidence = recorded.packages[0]!;
  const lie = { ...evidence.intervals[0]!, merkleRoot, ...changes };
  const intervalHeads = { [lie.meter]: toHex(intervalHash(lie, crypto.sha256)) };
  const statement = { ...statementOf(0), merkleRoot, chainHead: toHex(head), intervalHeads };
  const checkpoint = device.checkpoint(statement, 256n);
  const packages = [device.sign({ ...evidence, intervals: [lie], checkpoint })];
  return { ...recorded, packages, checkpoints: [], readings };
}
const without = <T>(list: readonly T[], index: number): T[] => list.filter((_, i) => i !== index);

it("a file with an honest first interval alone is proven, so that only the lies below are refused", () => {
  expect(verify(withBoundary({}))).toMatchObject({ proven: true, readings: 42 });
});

/** The first slot, whose first interval begins with an event in the place of a reading. */
function withOpening(changes: Partial<Event> = {}): EvidenceFile {
  const [first, ...readings] = recorded.readings.slice(0, statementOf(0).readings.last);
  const evidence = recorded.packages[0]!;
  const interval = evidence.intervals[0]!;
  const { registers: _r, quality: _q, profile: _p, meter, ...stamp } = first!.reading;
  const event: Event = {
    ...stamp,
    v: 1,
    kind: "event",
    meter,
    event: "meter-epoch-opened",
    details: { ...interval.first, at: first!.reading.at },
    ...changes,
  };
  const entries = [event, ...readings.map(({ reading }) => reading)];
  const leaves = entries.map((entry) => entryLeaf(entry, crypto.sha256));
  const merkleRoot = toHex(new MerkleTree(crypto.sha256, leaves).root());
  const chainHead = toHex(
    leaves.reduce((link, leaf) => nextHead(link, leaf, crypto.sha256), emptyHead()),
  );
  const opened = { ...interval, merkleRoot };
  const intervalHeads = { [meter]: toHex(intervalHash(opened, crypto.sha256)) };
  const statement = { ...statementOf(0), merkleRoot, chainHead, intervalHeads };
  const checkpoint = device.checkpoint(statement, 256n);
  const packages = [device.sign({ ...evidence, intervals: [opened], checkpoint })];
  return { ...recorded, packages, checkpoints: [], readings, events: [{ event }] };
}

describe("an interval that begins with a meter's new epoch", () => {
  it("is proven by the event that tells of its opening reading", () => {
    expect(verify(withOpening())).toMatchObject({ proven: true, readings: 41, events: 1 });
  });

  const { meter, at } = recorded.readings[0]!.reading;
  it.each<[string, Partial<Event>]>([
    ["an event of another kind", { event: "clock-step" }],
    ["another meter's", { meter: `${meter}0` }],
    ["other registers", { details: { importWh: 99, exportWh: 0, at } }],
    [
      "another time",
      { details: { ...recorded.packages[0]!.intervals[0]!.first, at: "2026-06-01T12:00:01.000Z" } },
    ],
  ])("is not by %s", (_, changes) => {
    expect(verify(withOpening(changes))).toMatchObject({
      code: "evidence.boundary",
      place: "/events/0",
    });
  });
});

describe("a forged evidence file", () => {
  const foreign = new TestDevice(node, "h2");
  const other = recordEvidence(foreign, "h1", meters, options);
  const again = recordEvidence(device, "h1", meters, { ...options, start: "2026-06-01T13:00:00Z" });

  const forgeries: readonly [string, string, string, unknown][] = [
    [
      "evidence.key",
      "/device",
      "keys that are no TPM keys",
      { ...recorded, device: { ...recorded.device, readingKey: "00" } },
    ],
    [
      "evidence.certification",
      "/device",
      "another device's reading key",
      { ...recorded, device: { ...recorded.device, readingKey: other.device.readingKey } },
    ],
    [
      "evidence.counter-name",
      "/device/counterName",
      "another NV index",
      { ...recorded, device: { ...recorded.device, counterName: "00" } },
    ],
    [
      "evidence.signature",
      "/packages/0",
      "another device's packages",
      { ...recorded, packages: other.packages },
    ],
    [
      "evidence.device",
      "/packages/0",
      "another device id",
      { ...recorded, device: { ...recorded.device, device: "0".repeat(64) } },
    ],
    [
      "evidence.sequence",
      "/packages/2",
      "a package left out",
      {
        ...recorded,
        packages: without(recorded.packages, 2)
          .toReversed()
          .toReversed()
          .filter((_, i) => i !== 1),
      },
    ],
    [
      "evidence.sequence",
      "/packages/2",
      "a package twice",
      { ...recorded, packages: [...recorded.packages.slice(0, 2), recorded.packages[0]] },
    ],
    [
      "evidence.sequence",
      "/packages/1",
      "packages in the wrong order",
      { ...recorded, packages: [recorded.packages[2], recorded.packages[0]] },
    ],
    [
      "evidence.fork",
      "/checkpoints/0",
      "two histories of one device",
      { ...recorded, checkpoints: again.checkpoints, readings: [] },
    ],
    [
      "evidence.device",
      "/checkpoints/0",
      "a checkpoint that names another device",
      {
        ...recorded,
        checkpoints: [
          device.checkpoint({ ...statementOf(2), sequence: 9, device: foreign.id }, 300n),
        ],
      },
    ],
    [
      "evidence.attestation-signature",
      "/checkpoints/0",
      "another device's checkpoint",
      { ...recorded, checkpoints: other.checkpoints },
    ],
    [
      "evidence.statement-chain",
      "/packages/2/checkpoint",
      "a statement that does not follow",
      withStatement(1, { previous: "0".repeat(64) }),
    ],
    [
      "evidence.batch",
      "/packages/2/checkpoint",
      "a reading left out between batches",
      withStatement(1, {
        readings: { ...statementOf(1).readings, first: statementOf(1).readings.first + 1 },
      }),
    ],
    [
      "evidence.batch",
      "/packages/2/checkpoint",
      "a batch that runs backwards",
      withStatement(1, { readings: { first: 90, last: 83 } }),
    ],
    ["evidence.counter", "/packages/4", "a statement put in later", withStatement(1, {}, 299n)],
    [
      "evidence.inclusion",
      "/readings/42",
      "another register value",
      withReading(50, { registers: [{ table: "input", address: 72, bytes: "00".repeat(8) }] }),
    ],
    [
      "evidence.inclusion",
      "/readings/0",
      "a rejected reading called good",
      withReading(5, { reason: "meter.register-jumped" }),
    ],
    [
      "evidence.batch-incomplete",
      "/readings/0",
      "a reading left out",
      { ...recorded, readings: without(recorded.readings, 7) },
    ],
    [
      "evidence.reading-repeated",
      "/readings/122",
      "a reading twice",
      { ...recorded, readings: [...recorded.readings, recorded.readings[3]] },
    ],
    ["evidence.batch-incomplete", "/readings/42", "an event left out", { ...eventful, events: [] }],
    [
      "evidence.inclusion",
      "/readings/42",
      "an event that says something else",
      {
        ...eventful,
        events: [{ event: { ...eventful.events[0]!.event, details: { stepMs: 0 } } }],
      },
    ],
    [
      "evidence.reading-repeated",
      "/events/0",
      "an event in the place of a reading",
      { ...recorded, events: [{ event: { ...eventful.events[0]!.event, sequence: 4 } }] },
    ],
    [
      "evidence.reading-uncovered",
      "/readings/122",
      "a reading after the last batch",
      {
        ...recorded,
        readings: [
          ...recorded.readings,
          { reading: { ...recorded.readings[121]!.reading, sequence: 123 } },
        ],
      },
    ],
    [
      "evidence.reading-uncovered",
      "/readings/0",
      "a reading before the first batch",
      { ...recorded, packages: recorded.packages.slice(2), checkpoints: [] },
    ],
    [
      "evidence.counter",
      "/checkpoints/0",
      "a statement with a counter that was used",
      { ...recorded, checkpoints: [following({}, 258n)] },
    ],
    [
      "evidence.reset-count",
      "/checkpoints/0",
      "a statement of a TPM that was set back",
      { ...recorded, checkpoints: [following({}, 259n, { resetCount: 1 })] },
    ],
    [
      "evidence.chain-head",
      "/readings/82",
      "a head of another chain",
      { ...withStatement(2, { chainHead: "0".repeat(64) }), readings: recorded.readings },
    ],
    [
      "evidence.boundary",
      "/readings/0",
      "an interval that begins with another reading than it says",
      withBoundary({ boundaryErrorMs: { start: 0, end: 250 } }),
    ],
    [
      "evidence.boundary",
      "/readings/0",
      "an interval that begins with a rejected reading",
      withBoundary({}, { quality: "rejected", reason: "meter.register-jumped" }),
    ],
    [
      "evidence.chain-head",
      "/readings/0",
      "a first batch that follows something",
      {
        ...withStatement(0, { chainHead: "0".repeat(64) }),
        packages: withStatement(0, { chainHead: "0".repeat(64) }).packages.slice(0, 2),
        readings: recorded.readings.slice(0, 42),
      },
    ],
    [
      "evidence.batch",
      "/checkpoints/0",
      "a later batch that holds a reading of an earlier one",
      {
        ...recorded,
        checkpoints: [following({ sequence: 9, readings: { first: 122, last: 130 } }, 300n)],
      },
    ],
    [
      "evidence.boundary",
      "/readings/1",
      "an interval that begins with another meter's reading",
      withBoundary({ readings: { first: 2, last: 41 } }),
    ],
  ];
  it.each(forgeries)("%s at %s: %s", (code, place, _, file) => {
    const report = verify(file);
    expect(report.proven ? "proven" : [report.code, report.place]).toEqual([code, place]);
  });
});
