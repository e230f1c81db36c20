import * as crypto from "node:crypto";
import { join } from "node:path";
import {
  cryptoFrom,
  MerkleTree,
  parseEvidenceFile,
  verifyEvidenceFile,
} from "@powershare/domain/evidence";
import { recordEvidence, TestDevice } from "@powershare/domain/testing";
import { openIdentity, openSwtpm, provisionIdentity, Tpm } from "node-tpm2";
import { startSwtpm } from "node-tpm2/testing";
import { type ChipDuty, chipDuties } from "./tpm-duty.js";

const { sha256 } = cryptoFrom(crypto);
const batchSize = 86_400;
const days = 30;

export interface EvidenceFigures {
  /** By a TPM in software, which says nothing of a chip. */
  readonly swtpm: { readonly signaturesPerSecond: number; readonly checkpointsPerSecond: number };
  readonly tree: {
    readonly leaves: number;
    readonly leavesPerSecond: number;
    readonly proofsPerSecond: number;
  };
  readonly month: {
    readonly readings: number;
    readonly megabytes: number;
    /** Signatures, trees and chains. */
    readonly verifiedPerSecond: number;
    /** From the text of the file: JSON and schema too. */
    readonly readPerSecond: number;
  };
  readonly duties: readonly ChipDuty[];
}

/** What evidence costs: TPM, tree, and the verification of a month. */
export async function benchEvidence(
  directory: string,
  say: (message: string) => void,
): Promise<EvidenceFigures> {
  say("evidence: signatures and checkpoints by swtpm");
  const swtpm = await benchSwtpm(directory);
  say("evidence: tree and proofs");
  const tree = benchTree();
  say(`evidence: a package of ${days} days`);
  return { swtpm, tree, month: benchMonth(), duties: chipDuties() };
}

async function benchSwtpm(directory: string): Promise<EvidenceFigures["swtpm"]> {
  const simulator = await startSwtpm({
    stateDir: join(directory, "tpm"),
    socketPath: join(directory, "tpm.sock"),
  });
  try {
    const tpm = await Tpm.open(openSwtpm({ path: simulator.socketPath }));
    try {
      const identity = await openIdentity(tpm, await provisionIdentity(tpm));
      const digest = sha256(Uint8Array.of(1));
      const signaturesPerSecond = await perSecond(300, () => identity.sign(digest));
      const checkpointsPerSecond = await perSecond(300, () => identity.checkpoint(digest));
      await identity.close();
      return { signaturesPerSecond, checkpointsPerSecond };
    } finally {
      await tpm.close();
    }
  } finally {
    await simulator.stop();
  }
}

async function perSecond(count: number, once: () => Promise<unknown>): Promise<number> {
  for (let i = 0; i < count / 10; i++) await once();
  const began = performance.now();
  for (let i = 0; i < count; i++) await once();
  return rate(count, performance.now() - began);
}

function benchTree(): EvidenceFigures["tree"] {
  const leaves = Array.from({ length: batchSize }, (_, i) =>
    sha256(Uint8Array.of(i, i >> 8, i >> 16)),
  );
  new MerkleTree(sha256, leaves).root();
  const began = performance.now();
  const tree = new MerkleTree(sha256, leaves);
  tree.root();
  const grown = performance.now();
  const proofs = 10_000;
  for (let i = 0; i < proofs; i++) tree.proof((i * 7919) % batchSize);
  return {
    leaves: batchSize,
    leavesPerSecond: rate(batchSize, grown - began),
    proofsPerSecond: rate(proofs, performance.now() - grown),
  };
}

/** One meter read every ten seconds, slots of 15 minutes. */
function monthText(): { text: string; readings: number } {
  const file = recordEvidence(
    new TestDevice(crypto, "bench"),
    "h1",
    [{ id: "eastron/sdm630:12345678", role: "connection", profile: "ab".repeat(32) }],
    { start: "2026-06-01T00:00:00Z", slotSeconds: 900, slots: 96 * days, pollSeconds: 10 },
  );
  return { text: JSON.stringify(file), readings: file.readings.length };
}

function benchMonth(): EvidenceFigures["month"] {
  const { text, readings } = monthText();
  const began = performance.now();
  const file = parseEvidenceFile(JSON.parse(text));
  const read = performance.now();
  const report = verifyEvidenceFile(file, cryptoFrom(crypto));
  const ended = performance.now();
  if (!report.proven) throw new Error(`the bench's own package is not proven: ${report.message}`);
  return {
    readings,
    megabytes: Math.round(text.length / 1e6),
    verifiedPerSecond: rate(readings, ended - read),
    readPerSecond: rate(readings, ended - began),
  };
}

const rate = (count: number, ms: number): number => Math.round((1000 * count) / ms);
