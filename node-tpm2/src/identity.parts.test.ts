import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Reader, toHex } from "./bytes.js";
import { command, password } from "./commands/command.js";
import { getHandles, getProperties } from "./commands/lifecycle.js";
import { COUNTER_BYTES, nvDefineSpace, nvUndefineSpace } from "./commands/nv.js";
import { createPrimary } from "./commands/objects.js";
import { sign } from "./commands/signatures.js";
import { HANDLE_RANGE, HIERARCHY, NV, OBJECT, PROPERTY } from "./constants.js";
import { p1363, toDerLowS } from "./ecdsa.js";
import { openIdentity, provisionIdentity } from "./identity.js";
import type { IdentityBlobs } from "./identity-blobs.js";
import { COUNTER_ATTRIBUTES, COUNTER_INDEX } from "./identity-templates.js";
import { nameOf, publicToSpki } from "./public-area.js";
import { type RunningSwtpm, startSwtpm } from "./testing/index.js";
import { verifies } from "./testing/verify.js";
import { withTpm as withSwtpm } from "./testing/with-tpm.js";
import type { Tpm } from "./tpm.js";

let dir: string;
let swtpm: RunningSwtpm;
let blobs: IdentityBlobs;

const start = (name: string) =>
  startSwtpm({ stateDir: join(dir, name), socketPath: join(dir, `${name}.sock`) });

const withTpm = <T>(use: (tpm: Tpm) => Promise<T>, socketPath = swtpm.socketPath) =>
  withSwtpm(socketPath, use);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tpm-identity-"));
  swtpm = await start("home");
  blobs = await withTpm((tpm) => provisionIdentity(tpm));
});

afterAll(async () => {
  await swtpm.stop();
  await rm(dir, { recursive: true });
});

const sha256 = (bytes: Uint8Array) => Uint8Array.from(createHash("sha256").update(bytes).digest());

/** The fields of a TPMS_ATTEST over a counter (TPM 2.0 Part 2, clause 10.12.12). */
function readNvAttest(attest: Uint8Array) {
  const reader = new Reader(attest, "attest");
  reader.expect(reader.u32(), 0xff544347, "magic");
  reader.expect(reader.u16(), 0x8014, "type");
  reader.sized();
  const extraData = reader.sized();
  reader.u64();
  const resetCount = reader.u32();
  const restartCount = reader.u32();
  const safe = reader.u8();
  reader.u64();
  const indexName = reader.sized();
  reader.expect(reader.u16(), 0, "offset");
  const contents = new Reader(reader.sized(), "counter");
  reader.end();
  return { extraData, resetCount, restartCount, safe, indexName, counter: contents.u64() };
}

async function property(tpm: Tpm, wanted: number): Promise<number | undefined> {
  const { values } = await tpm.run(getProperties(wanted, 1));
  return values.find(([name]) => name === wanted)?.[1];
}

describe("a device identity in a TPM", () => {
  it("signs digests that the reading key verifies, low S in DER too", async () => {
    await withTpm(async (tpm) => {
      const identity = await openIdentity(tpm, blobs);
      const message = randomBytes(100);
      const signature = await identity.sign(sha256(message));
      expect(signature).toHaveLength(64);
      expect(verifies(identity.readingSpki, message, signature)).toBe(true);
      expect(verifies(identity.readingSpki, message, toDerLowS(signature), "der")).toBe(true);
      await identity.close();
    });
  });

  it("gives signatures with s in the upper half too, which toDerLowS folds: 200 all verify", async () => {
    await withTpm(async (tpm) => {
      const identity = await openIdentity(tpm, blobs);
      let high = 0;
      for (let count = 0; count < 200; count += 1) {
        const message = Uint8Array.of(count);
        const raw = await identity.sign(sha256(message));
        const der = toDerLowS(raw);
        expect(verifies(identity.readingSpki, message, der, "der")).toBe(true);
        const folded = p1363(der);
        if (toHex(folded) !== toHex(raw)) high += 1;
        expect(folded[32]).toBeLessThan(0x80);
      }
      expect(high).toBeGreaterThan(0);
      expect(high).toBeLessThan(200);
      await identity.close();
    });
  });

  it("signs for many at once, although a chip has room for three sessions", async () => {
    await withTpm(async (tpm) => {
      const identity = await openIdentity(tpm, blobs);
      const messages = Array.from({ length: 40 }, (_, n) => Buffer.from(`reading ${n}`));
      const signatures = await Promise.all(messages.map((one) => identity.sign(sha256(one))));
      for (const [n, message] of messages.entries()) {
        const signature = signatures[n] ?? new Uint8Array();
        expect(verifies(identity.readingSpki, message, signature)).toBe(true);
      }
      await identity.close();
    });
  });

  it("has its reading key certified by its attestation key", async () => {
    await withTpm(async (tpm) => {
      const identity = await openIdentity(tpm, blobs);
      const { attest, signature } = await identity.certifyReadingKey();
      const attestationSpki = publicToSpki(identity.attestationPublic);
      expect(verifies(attestationSpki, attest, signature)).toBe(true);
      expect(toHex(attest)).toContain(toHex(nameOf(identity.readingPublic)));
      await identity.close();
    });
  });

  it("attests its data and a counter that rises by one, also when asked many times at once", async () => {
    await withTpm(async (tpm) => {
      const identity = await openIdentity(tpm, blobs);
      const attestationSpki = publicToSpki(identity.attestationPublic);
      const inputs = Array.from({ length: 8 }, (_, index) => sha256(Uint8Array.of(index)));
      const checkpoints = await Promise.all(inputs.map((data) => identity.checkpoint(data)));
      const read = checkpoints.map(({ attest }) => readNvAttest(attest));
      const counterName = await identity.counterName();
      const first = read[0]!.counter;
      for (const [index, { attest, signature }] of checkpoints.entries()) {
        expect(verifies(attestationSpki, attest, signature)).toBe(true);
        expect(read[index]!.extraData).toEqual(inputs[index]);
        expect(read[index]!.indexName).toEqual(counterName);
        expect(read[index]!.counter).toBe(first + BigInt(index));
      }
      expect(toHex(counterName)).toBe(blobs.counterName);
      await identity.close();
    });
  });

  it("survives power cuts: same keys, a counter that never goes back, no dictionary-attack try spent", async () => {
    let counter = 0n;
    let resets = -1;
    for (let cycle = 0; cycle < 5; cycle += 1) {
      await withTpm(async (tpm) => {
        const identity = await openIdentity(tpm, blobs);
        for (let round = 0; round < 3; round += 1) {
          const read = readNvAttest((await identity.checkpoint(Uint8Array.of(1))).attest);
          expect(read.counter).toBeGreaterThan(counter);
          expect(read.resetCount).toBeGreaterThan(resets);
          counter = read.counter;
          if (round === 2) resets = read.resetCount;
        }
        await identity.sign(new Uint8Array(32));
        expect(toHex(await identity.counterName())).toBe(blobs.counterName);
        expect(await property(tpm, PROPERTY.lockoutCounter)).toBe(0);
      });
      await swtpm.powerCut();
    }
  });

  it("goes on by itself when the TPM loses power under an open identity", async () => {
    await withTpm(async (tpm) => {
      const identity = await openIdentity(tpm, blobs);
      const before = readNvAttest((await identity.checkpoint(Uint8Array.of(1))).attest);
      await swtpm.powerCut();
      const message = randomBytes(20);
      const [signature, checkpoint] = await Promise.all([
        identity.sign(sha256(message)),
        identity.checkpoint(Uint8Array.of(2)),
      ]);
      expect(verifies(identity.readingSpki, message, signature)).toBe(true);
      expect(readNvAttest(checkpoint.attest).counter).toBeGreaterThan(before.counter);
      await identity.close();
    });
  });

  it("loses no count over a power cut after close(), and jumps ahead over one without it", async () => {
    const countOnce = (close: boolean) =>
      withTpm(async (tpm) => {
        const identity = await openIdentity(tpm, blobs);
        const { attest } = await identity.checkpoint(Uint8Array.of(1));
        if (close) await identity.close();
        return readNvAttest(attest).counter;
      });
    const closed = await countOnce(true);
    await swtpm.powerCut();
    const left = await countOnce(false);
    expect(left).toBe(closed + 1n);
    await swtpm.powerCut();
    expect(await countOnce(true)).toBeGreaterThan(left + 1n);
  });

  it("signs no more once closed, so that the TPM stays shut down in order", async () => {
    await withTpm(async (tpm) => {
      const identity = await openIdentity(tpm, blobs);
      const last = identity.checkpoint(Uint8Array.of(1));
      await identity.close();
      await expect(last).resolves.toBeDefined();
      await expect(identity.sign(new Uint8Array(32))).rejects.toMatchObject({ code: "tpm.closed" });
      await expect(identity.checkpoint(Uint8Array.of(1))).rejects.toMatchObject({
        code: "tpm.closed",
      });
    });
  });

  it.each([
    ["an empty digest", 0],
    ["a digest of SHA-384", 48],
  ])("refuses to sign %s", async (_, size) => {
    await withTpm(async (tpm) => {
      const identity = await openIdentity(tpm, blobs);
      await expect(identity.sign(new Uint8Array(size))).rejects.toThrow(RangeError);
      await expect(identity.checkpoint(new Uint8Array(size))).rejects.toThrow(RangeError);
      await identity.close();
    });
  });

  it("leaves nothing loaded after provisioning, two keys while open, none after closing", async () => {
    const loaded = async (tpm: Tpm) =>
      (await tpm.run(getHandles(HANDLE_RANGE.transient, 8))).values.length;
    await withTpm(async (tpm) => {
      await provisionIdentity(tpm);
      expect(await loaded(tpm)).toBe(0);
      const identity = await openIdentity(tpm, blobs);
      expect(await loaded(tpm)).toBe(2);
      await identity.close();
      expect(await loaded(tpm)).toBe(0);
    });
  });

  it("is the same device with the same counter when provisioned again, with a new reading key", async () => {
    const again = await withTpm((tpm) => provisionIdentity(tpm));
    const { device, storageRootName, attestationName, counterName } = blobs;
    expect(again).toMatchObject({ device, storageRootName, attestationName, counterName });
    expect(again.readingPublic).not.toBe(blobs.readingPublic);
  });
});

/** An unrestricted signing key as others make it, without noDA. */
const guardedKey = {
  attributes:
    OBJECT.fixedTpm |
    OBJECT.fixedParent |
    OBJECT.sensitiveDataOrigin |
    OBJECT.userWithAuth |
    OBJECT.sign,
  authPolicy: new Uint8Array(),
  use: "ecdsa" as const,
  x: new Uint8Array(),
  y: new Uint8Array(),
};

describe("a key without noDA", () => {
  it("costs a dictionary-attack try at each power cut: the control for those above", async () => {
    const other = await start("control");
    const spent: (number | undefined)[] = [];
    for (let cycle = 0; cycle < 3; cycle += 1) {
      await withTpm(async (tpm) => {
        spent.push(await property(tpm, PROPERTY.lockoutCounter));
        const { handle } = await tpm.run(createPrimary(HIERARCHY.owner, guardedKey));
        await tpm.run(sign({ handle }, new Uint8Array(32)));
      }, other.socketPath);
      await other.powerCut();
    }
    expect(spent).toEqual([0, 1, 2]);
    await other.stop();
  });
});

describe("a TPM in lockout", () => {
  it("refuses a key without noDA, and signs on with the identity's keys", async () => {
    const other = await start("lockout");
    await withTpm(async (tpm) => {
      const identity = await openIdentity(tpm, await provisionIdentity(tpm));
      const root = await tpm.run(createPrimary(HIERARCHY.owner, guardedKey));
      const wrong = password(Uint8Array.of(1));
      const guess = () =>
        tpm.run(sign({ handle: root.handle, auth: wrong }, new Uint8Array(32))).then(
          () => undefined,
          (error: unknown) => error,
        );
      const tries = (await property(tpm, PROPERTY.maxAuthFail)) ?? 0;
      for (let index = 0; index < tries; index += 1) {
        expect(await guess()).toMatchObject({ code: "tpm.auth" });
      }
      expect(await guess()).toMatchObject({ code: "tpm.locked", responseCode: 0x921 });
      await expect(identity.sign(new Uint8Array(32))).resolves.toHaveLength(64);
      await expect(identity.checkpoint(Uint8Array.of(1))).resolves.toBeDefined();
    }, other.socketPath);
    await other.stop();
  });
});

describe("an identity that is not this TPM's", () => {
  it("is refused in another TPM as tpm.wrong-tpm", async () => {
    const other = await start("other");
    await withTpm(async (tpm) => {
      await expect(openIdentity(tpm, blobs)).rejects.toMatchObject({ code: "tpm.wrong-tpm" });
      expect((await tpm.run(getHandles(HANDLE_RANGE.transient, 8))).values).toEqual([]);
    }, other.socketPath);
    await other.stop();
  });

  it("is refused after the owner hierarchy was cleared as tpm.cleared", async () => {
    const other = await start("cleared");
    await withTpm(async (tpm) => {
      const mine = await provisionIdentity(tpm);
      await tpm.run(clearByLockout);
      await expect(openIdentity(tpm, mine)).rejects.toMatchObject({ code: "tpm.cleared" });
      expect((await tpm.run(getHandles(HANDLE_RANGE.transient, 8))).values).toEqual([]);
    }, other.socketPath);
    await other.stop();
  });

  it("is refused with another reading key's blob as tpm.blobs", async () => {
    await withTpm(async (tpm) => {
      const readingPrivate = blobs.readingPrivate.replace(/.$/, (digit) =>
        digit === "0" ? "1" : "0",
      );
      await expect(openIdentity(tpm, { ...blobs, readingPrivate })).rejects.toMatchObject({
        code: "tpm.blobs",
      });
      expect((await tpm.run(getHandles(HANDLE_RANGE.transient, 8))).values).toEqual([]);
    });
  });

  it("is refused without its counter as tpm.counter, and so is provisioning over a foreign index", async () => {
    const other = await start("counter");
    await withTpm(async (tpm) => {
      const mine = await provisionIdentity(tpm);
      await tpm.run(nvUndefineSpace(COUNTER_INDEX));
      await expect(openIdentity(tpm, mine)).rejects.toMatchObject({ code: "tpm.counter" });
      await tpm.run(
        nvDefineSpace({
          index: COUNTER_INDEX,
          attributes: COUNTER_ATTRIBUTES & ~NV.orderly,
          authPolicy: new Uint8Array(),
          dataBytes: COUNTER_BYTES,
        }),
      );
      await expect(provisionIdentity(tpm)).rejects.toMatchObject({ code: "tpm.counter" });
    }, other.socketPath);
    await other.stop();
  });
});

/** TPM2_Clear by the lockout hierarchy (TPM 2.0 Part 3, clause 24.6): what a new owner does. */
const clearByLockout = command({
  name: "TPM2_Clear",
  code: 0x126,
  handles: [0x4000000a],
  authorizations: [password()],
  parse: () => undefined,
});
