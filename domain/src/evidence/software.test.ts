import * as node from "node:crypto";
import { describe, expect, it } from "vitest";
import { recordEvidence, TestDevice } from "../testing/index.js";
import {
  type Checkpoint,
  type Event,
  fromHex,
  parseEvidenceFile,
  pcrAfter,
  quoteStatementHash,
  statementHash,
  toHex,
  verifyEvidenceFile,
  verifySoftwareQuote,
} from "./index.js";

const device = new TestDevice(node, "h1");
const { crypto } = device;
const zeros: Uint8Array = new Uint8Array(32);
const meters = [
  { id: "eastron/sdm630:12345678", role: "connection", profile: "ab".repeat(32) },
] as const;
const recorded = recordEvidence(device, "h1", meters, {
  start: "2026-06-01T12:00:00Z",
  slotSeconds: 5,
  slots: 3,
  quoteAtSecond: 2,
});
const right = recorded.events[0]!.event;
const software = {
  version: "0.1.0 v20.20.0",
  bundle: "ab".repeat(32),
  configuration: "cd".repeat(32),
};

/** A quote as an agent would record it: for a PCR that held `before`, and holds `now`. */
function quoteOf({
  stated = software,
  before = zeros,
  now = pcrAfter(before, stated, crypto.sha256),
  of = device,
} = {}): Event {
  const details = { ...stated, pcrBefore: toHex(before) };
  const event: Event = { ...right, details };
  const { attest, signature } = of.quote(quoteStatementHash(event, crypto.sha256), now);
  return { ...event, details: { ...details, attest: toHex(attest), signature: toHex(signature) } };
}
const check = (event: Event) => verifySoftwareQuote(event, device.attestation.spki, crypto);

describe("a quote of software", () => {
  it("shows what was measured since the TPM's reset", () => {
    expect(verifyEvidenceFile(parseEvidenceFile(recorded), crypto)).toMatchObject({
      proven: true,
      events: 1,
      software: { quotes: 1, unexplained: 0, newest: { ...software, at: right.at } },
    });
  });

  it("shows what was there before, for others to explain", () => {
    const first = check(quoteOf());
    const update = { ...software, bundle: "ef".repeat(32) };
    const next = check(quoteOf({ stated: update, before: fromHex(first.pcr) }));
    expect(next.details.pcrBefore).toBe(first.pcr);
  });

  const { attest: _, ...unsigned } = right.details;
  it.each([
    ["by another TPM", quoteOf({ of: new TestDevice(node, "h2") })],
    ["whose PCR holds other software", quoteOf({ now: crypto.sha256(zeros) })],
    ["of which the version was changed", { ...right, details: { ...right.details, version: "2" } }],
    ["moved in time", { ...right, at: "2026-06-01T12:00:03.000Z" }],
    ["moved to another boot", { ...right, bootId: "another" }],
    ["without its attestation", { ...right, details: unsigned }],
    ["with more in it", { ...right, details: { ...right.details, note: "trust me" } }],
    ["that is a checkpoint", { ...right, details: { ...right.details, ...checkpointOf() } }],
  ])("%s is refused", (_, event) => {
    expect(() => check(event)).toThrow(expect.objectContaining({ code: "evidence.software" }));
  });
});

function checkpointOf(): Pick<Checkpoint, "attest" | "signature"> {
  const { attest, signature } = recorded.checkpoints![0]!;
  return { attest, signature };
}

describe("a TPM that was reset", () => {
  function after(change: { bootId?: string }, resetCount: number) {
    const { statement } = recorded.checkpoints!.at(-1)!;
    const { last } = statement.readings;
    const next = {
      ...statement,
      ...change,
      sequence: statement.sequence + 1,
      previous: toHex(statementHash(statement, crypto.sha256)),
      readings: { first: last + 1, last: last + 1 },
    };
    const checkpoint = device.checkpoint(next, 900n, { resetCount });
    const file = { ...recorded, checkpoints: [...recorded.checkpoints!, checkpoint] };
    return verifyEvidenceFile(parseEvidenceFile(file), crypto);
  }

  it("with the machine is in order, alone it is flagged", () => {
    expect(after({ bootId: "another boot" }, 3)).toMatchObject({ resets: 1, resetsWithoutBoot: 0 });
    expect(after({}, 3)).toMatchObject({ proven: true, resets: 1, resetsWithoutBoot: 1 });
  });
});

it("a file may hold checkpoints and readings without a package, but not neither", () => {
  const { packages: _, ...rest } = recorded;
  expect(verifyEvidenceFile(parseEvidenceFile({ ...rest, packages: [] }), crypto)).toMatchObject({
    proven: true,
    participant: undefined,
    readings: recorded.readings.length,
  });
  const nothing = { format: rest.format, v: 1, device: rest.device, packages: [] };
  expect(() => parseEvidenceFile(nothing)).toThrow(/a package or a checkpoint/);
});
