import * as node from "node:crypto";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { MeterHead } from "../ledger/records.js";
import { TestHousehold } from "../testing/test-household.js";
import { type EvidencePackage, type Interval, type Statement, verifyPackage } from "./index.js";

const connection = "eastron/sdm630:12345678";
const generator = "eastron/sdm230:87654321";
const slot = { slotSeconds: 900 };

let home: TestHousehold;
beforeEach(() => {
  home = new TestHousehold(node, {
    participant: "h1",
    meters: [
      { id: connection, role: "connection", profile: "ab".repeat(32) },
      { id: generator, role: "generator", profile: "ba".repeat(32) },
    ],
  });
});

function check(evidence: unknown, head?: MeterHead): ReturnType<typeof verifyPackage> {
  return verifyPackage(evidence, home.registered(), head, home.device.crypto, slot);
}
/** The code that the refusal carries. */
function refusal(evidence: unknown, head?: MeterHead): string {
  try {
    check(evidence, head);
  } catch (error) {
    if (error instanceof Error && "code" in error) return String(error.code);
    throw error;
  }
  return "accepted";
}
const energies = [
  { importWh: 250, exportWh: 0 },
  { importWh: 0, exportWh: 1200 },
  { importWh: 3, exportWh: 0 },
];

describe("an evidence package in order", () => {
  it("is accepted, and gives the head that the next one follows", () => {
    const { head } = check(home.evidence(connection, energies));
    expect(head).toMatchObject({
      meter: connection,
      participant: "h1",
      sequence: 3,
      end: "2026-06-01T12:45:00Z",
      importWh: 253,
      exportWh: 1200,
      counter: "256",
      resetCount: 2,
    });
    expect(check(home.evidence(connection, energies), head).head.sequence).toBe(6);
  });

  it("may share its checkpoint with the package of another meter", () => {
    const grid = home.intervals(connection, energies);
    const sun = home.intervals(generator, energies);
    const checkpoint = home.checkpoint();
    expect(refusal(home.seal(grid, checkpoint))).toBe("accepted");
    expect(refusal(home.seal(sun, checkpoint))).toBe("accepted");
  });

  it("carries up to 200 intervals, a gap, and intervals by an unsynchronised clock", () => {
    expect(refusal(home.evidence(connection, Array(200).fill(energies[0])))).toBe("accepted");
    const [long] = home.intervals(generator, energies);
    for (const quality of ["gap", "unsynchronised"] as const) {
      const gap = { ...long!, quality, end: "2026-06-01T14:00:00Z" };
      expect(refusal(resealed([gap]))).toBe("accepted");
    }
  });
});

/** A package of these intervals that the household's TPM signs in full: its owner may lie about anything in it. */
function resealed(
  intervals: readonly Interval[],
  changes: Partial<Statement> = {},
  tpm: Parameters<TestHousehold["device"]["checkpoint"]>[2] = {},
): EvidencePackage {
  const relinked = home.relink(intervals);
  const statement = { ...home.statement(), ...home.headsOf(relinked), ...changes };
  return home.seal(relinked, home.device.checkpoint(statement, 300n, tpm));
}

describe("a package changed after it was signed", () => {
  const changes: readonly [string, (evidence: EvidencePackage) => unknown][] = [
    ["energy", (e) => edit(e, { importWh: 251 })],
    ["an interval dropped", (e) => ({ ...e, intervals: e.intervals.slice(1) })],
    ["another checkpoint", (e) => ({ ...e, checkpoint: home.checkpoint() })],
    ["another participant", (e) => ({ ...e, participant: "h2" })],
    ["one bit of the signature", (e) => ({ ...e, signature: flipHex(e.signature) })],
    ["a signature of zeros", (e) => ({ ...e, signature: "0".repeat(128) })],
    ["a signature of ones", (e) => ({ ...e, signature: "f".repeat(128) })],
  ];
  it.each(changes)("is refused: %s", (_, change) => {
    expect(refusal(change(home.evidence(connection, energies)))).toBe("evidence.signature");
  });

  it("is refused whatever character of it was changed", () => {
    const text = JSON.stringify(home.evidence(connection, energies.slice(0, 1)));
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.constantFrom("0", "1", "7", "9", "a", "f"),
        (at, c) => {
          fc.pre(text[at] !== c);
          const changed = parsed(text.slice(0, at) + c + text.slice(at + 1));
          expect(refusal(changed)).not.toBe("accepted");
        },
      ),
    );
  });
});

describe("a package signed in full by a household that lies", () => {
  const zeros = "0".repeat(64);
  type Lie = (intervals: readonly [Interval, Interval, Interval]) => EvidencePackage;
  const lies: readonly [string, string, Lie][] = [
    [
      "evidence.participant",
      "another participant's interval",
      ([a, b, c]) => resealed([{ ...a, participant: "h2" }, b, c]),
    ],
    [
      "evidence.participant",
      "another participant's package",
      ([a]) => home.device.sign({ ...resealed([a]), participant: "h2" }),
    ],
    [
      "evidence.meter",
      "an unregistered meter",
      ([a]) => resealed([{ ...a, meter: "eastron/sdm630:1" }]),
    ],
    [
      "evidence.meter",
      "intervals of two meters",
      ([a, b]) => resealed([a, { ...b, meter: generator }]),
    ],
    [
      "evidence.role",
      "the connection called a generator",
      ([a]) => resealed([{ ...a, role: "generator" }]),
    ],
    ["evidence.device", "another device's statement", ([a]) => resealed([a], { device: zeros })],
    ["evidence.sequence", "the first interval dropped", ([, b, c]) => resealed([b, c])],
    ["evidence.sequence", "one in the middle dropped", ([a, , c]) => resealed([a, c])],
    ["evidence.sequence", "one repeated", ([a, b]) => resealed([a, a, b])],
    ["evidence.sequence", "two in the wrong order", ([a, b, c]) => resealed([a, c, b])],
    [
      "evidence.chain",
      "a first one with a past",
      ([a]) => home.seal([{ ...a, previous: "1".repeat(64) }]),
    ],
    [
      "evidence.chain",
      "one spliced in from another history",
      ([a, b]) => home.seal([{ ...a, boundaryErrorMs: { start: 0, end: 0 } }, b]),
    ],
    ["evidence.epoch", "an epoch that falls", ([a, b]) => resealed([{ ...a, epoch: 2 }, b])],
    [
      "evidence.readings",
      "boundary readings in the wrong order",
      ([a]) => resealed([{ ...a, readings: { first: 9, last: 9 } }]),
    ],
    [
      "evidence.readings",
      "boundary readings that do not meet",
      ([a, b]) => resealed([a, { ...b, readings: { ...b.readings, first: 902 } }]),
    ],
    ["evidence.time-order", "an empty interval", ([a]) => resealed([{ ...a, end: a.start }])],
    [
      "evidence.time-gap",
      "a hole in time",
      ([a, b]) =>
        resealed([a, { ...b, start: "2026-06-01T12:30:00Z", end: "2026-06-01T12:45:00Z" }]),
    ],
    ["evidence.time-gap", "an overlap", ([a, b]) => resealed([a, { ...b, start: a.start }])],
    [
      "evidence.alignment",
      "a start between slots",
      ([a]) => resealed([{ ...a, start: "2026-06-01T12:00:01Z" }]),
    ],
    [
      "evidence.alignment",
      "an end between slots",
      ([a]) => resealed([{ ...a, end: "2026-06-01T12:14:59Z" }]),
    ],
    [
      "evidence.quality",
      "two slots called good",
      ([a]) => resealed([{ ...a, end: "2026-06-01T12:30:00Z" }]),
    ],
    [
      "evidence.register-went-back",
      "a register that falls",
      ([a]) => resealed([{ ...a, importWh: 0, first: { importWh: 300, exportWh: 0 } }]),
    ],
    [
      "evidence.register-gap",
      "a register that jumps between intervals",
      ([a, b]) =>
        resealed([
          a,
          {
            ...b,
            exportWh: 1201,
            first: { importWh: 250, exportWh: 99 },
            last: { importWh: 250, exportWh: 1300 },
          },
        ]),
    ],
    [
      "evidence.energy",
      "more energy than the registers say",
      ([a]) => resealed([{ ...a, exportWh: 1 }]),
    ],
    [
      "evidence.interval-head",
      "intervals that no checkpoint names",
      ([a]) => resealed([a], { intervalHeads: {} }),
    ],
    [
      "evidence.interval-head",
      "the checkpoint of a longer history",
      (all) => home.seal(all.slice(0, 2)),
    ],
    [
      "evidence.merkle-root",
      "another root than that of the batch it ends in",
      ([a]) => resealed([{ ...a, merkleRoot: zeros }]),
    ],
    [
      "evidence.uncovered",
      "a checkpoint before the last reading",
      ([a]) => resealed([a], { readings: { first: 1, last: 900 } }),
    ],
    [
      "evidence.schema",
      "an unknown member",
      ([a]) => home.seal([Object.assign({}, a, { note: "" })]),
    ],
    ["evidence.schema", "negative energy", ([a]) => home.seal([{ ...a, importWh: -1 }])],
    [
      "evidence.schema",
      "a day that does not exist",
      ([a]) => home.seal([{ ...a, start: "2026-02-30T12:00:00Z" }]),
    ],
    ["evidence.schema", "no interval", ([a]) => ({ ...home.seal([a]), intervals: [] })],
  ];
  it.each(lies)("%s: %s", (code, _, lie) => {
    const [a, b, c] = home.intervals(connection, energies);
    expect(refusal(lie([a!, b!, c!]))).toBe(code);
  });

  it("says where the shape is wrong", () => {
    const evidence = home.evidence(connection, energies);
    expect(() => check(edit(evidence, { importWh: 0.5 }))).toThrow(/at \/intervals\/0\/importWh/);
  });
});

describe("a package after one that was accepted", () => {
  let head: MeterHead;
  let accepted: EvidencePackage;
  beforeEach(() => {
    accepted = home.evidence(connection, energies);
    ({ head } = check(accepted));
  });

  const wrong: readonly [string, string, () => unknown, () => MeterHead][] = [
    ["evidence.sequence", "the same again", () => accepted, () => head],
    [
      "evidence.sequence",
      "one was left out",
      () => home.seal(home.intervals(connection, energies).slice(1)),
      () => head,
    ],
    [
      "evidence.chain",
      "another history was accepted",
      () => home.evidence(connection, energies),
      () => ({ ...head, hash: "1".repeat(64) }),
    ],
    [
      "evidence.time-gap",
      "another end was accepted",
      () => home.evidence(connection, energies),
      () => ({ ...head, end: "2026-06-01T12:30:00Z" }),
    ],
    [
      "evidence.register-gap",
      "another register was accepted",
      () => home.evidence(connection, energies),
      () => ({ ...head, exportWh: 1199 }),
    ],
    [
      "evidence.epoch",
      "a higher epoch was accepted",
      () => home.evidence(connection, energies),
      () => ({ ...head, epoch: 2 }),
    ],
    [
      "evidence.counter",
      "the counter was used before",
      () => home.evidence(connection, energies),
      () => ({ ...head, counter: "257" }),
    ],
    [
      "evidence.reset-count",
      "the reset count fell",
      () => home.evidence(connection, energies),
      () => ({ ...head, resetCount: 3 }),
    ],
  ];
  it.each(wrong)("is refused with %s: %s", (code, _, next, before) => {
    expect(refusal(next(), before())).toBe(code);
  });

  it("is refused under an old checkpoint", () => {
    const next = home.intervals(connection, energies);
    expect(refusal(home.seal(next, accepted.checkpoint), head)).toBe("evidence.interval-head");
  });

  it("is refused when another household's keys signed it", () => {
    const other = new TestHousehold(node, { participant: "h2", meters: home.meters });
    const foreign = { ...other.evidence(connection, energies), participant: "h1" };
    expect(refusal(foreign, head)).toBe("evidence.signature");
  });
});

function edit(evidence: EvidencePackage, changes: Partial<Interval>): EvidencePackage {
  const [first, ...rest] = evidence.intervals;
  return { ...evidence, intervals: [{ ...first!, ...changes }, ...rest] };
}
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
function flipHex(hex: string): string {
  return `${hex.slice(0, -1)}${hex.endsWith("0") ? "1" : "0"}`;
}
