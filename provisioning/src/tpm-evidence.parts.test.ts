import * as node from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Checkpoint,
  cryptoFrom,
  deviceCounterName,
  type Statement,
  statementHash,
  toHex,
  verifyCheckpoint,
  verifyKeyCertification,
  zeroHash,
} from "@powershare/domain/evidence";
import { type DeviceIdentity, openIdentity, openSwtpm, provisionIdentity, Tpm } from "node-tpm2";
import { type RunningSwtpm, startSwtpm } from "node-tpm2/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const crypto = cryptoFrom(node);
let folder: string;
let swtpm: RunningSwtpm;
let blobs: Awaited<ReturnType<typeof provisionIdentity>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "powershare-tpm-"));
  swtpm = await startSwtpm({
    stateDir: join(folder, "state"),
    socketPath: join(folder, "tpm.sock"),
  });
  const tpm = await openTpm();
  blobs = await provisionIdentity(tpm);
  await tpm.close();
});
afterAll(async () => {
  await swtpm.stop();
  await rm(folder, { recursive: true });
});

async function openTpm(): Promise<Tpm> {
  return Tpm.open(openSwtpm({ path: swtpm.socketPath }));
}

async function withIdentity<T>(use: (identity: DeviceIdentity) => Promise<T>): Promise<T> {
  const tpm = await openTpm();
  try {
    return await use(await openIdentity(tpm, blobs));
  } finally {
    await tpm.close();
  }
}

async function checkpoint(identity: DeviceIdentity, sequence: number): Promise<Checkpoint> {
  const statement: Statement = {
    v: 1,
    device: identity.device,
    sequence,
    previous: zeroHash,
    at: "2026-06-01T12:00:00.000Z",
    monotonicMs: 0,
    bootId: "boot",
    clock: "synchronised",
    readings: { first: sequence, last: sequence },
    chainHead: zeroHash,
    merkleRoot: zeroHash,
    intervalHeads: {},
  };
  const { attest, signature } = await identity.checkpoint(statementHash(statement, crypto.sha256));
  return { statement, attest: toHex(attest), signature: toHex(signature) };
}

describe("what a TPM says about itself", () => {
  it("passes for keys, counter and checkpoints of a device, over a power cut", async () => {
    const before = await withIdentity(async (identity) => {
      const keys = verifyKeyCertification(
        {
          attestationKey: identity.attestationPublic,
          readingKey: identity.readingPublic,
          ...(await identity.certifyReadingKey()),
        },
        crypto,
      );
      expect(toHex(keys.readingSpki)).toBe(toHex(identity.readingSpki));
      const counterName = await identity.counterName();
      expect(toHex(counterName)).toBe(toHex(deviceCounterName(crypto.sha256)));
      const registered = { attestationSpki: keys.attestationSpki, counterName };
      const first = verifyCheckpoint(await checkpoint(identity, 1), registered, crypto);
      const second = verifyCheckpoint(await checkpoint(identity, 2), registered, crypto);
      expect(second.counter).toBe(first.counter + 1n);
      expect(second.resetCount).toBe(first.resetCount);
      return { registered, second };
    });
    await swtpm.powerCut();
    const after = await withIdentity((identity) => checkpoint(identity, 3));
    const third = verifyCheckpoint(after, before.registered, crypto);
    expect(third.counter).toBeGreaterThan(before.second.counter);
    expect(third.resetCount).toBe(before.second.resetCount + 1);
  });
});
