import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { password } from "./commands/command.js";
import { getHandles } from "./commands/lifecycle.js";
import { create, createPrimary, load } from "./commands/objects.js";
import { sign } from "./commands/signatures.js";
import { HANDLE_RANGE, HIERARCHY } from "./constants.js";
import { endorsementPrimary } from "./endorsement.js";
import { openIdentity, provisionIdentity } from "./identity.js";
import { readingKey, storageRootKey } from "./identity-templates.js";
import { whileLoaded } from "./loaded.js";
import { makeCredential } from "./make-credential.js";
import { nameOf, publicToSpki } from "./public-area.js";
import { type Session, withSession } from "./session.js";
import { type RunningSwtpm, startSwtpm } from "./testing/index.js";
import { probe } from "./testing/transport-probe.js";
import { verifies } from "./testing/verify.js";
import { withTpm } from "./testing/with-tpm.js";
import type { Tpm } from "./tpm.js";
import type { Transport } from "./transports/transport.js";

let dir: string;
let swtpm: RunningSwtpm;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tpm-sessions-"));
  swtpm = await startSwtpm({ stateDir: join(dir, "state"), socketPath: join(dir, "tpm.sock") });
});

afterAll(async () => {
  await swtpm.stop();
  await rm(dir, { recursive: true });
});

const message = Buffer.from("hello");
const digest = Uint8Array.from(createHash("sha256").update(message).digest());
const secretAuth = Buffer.from(Array.from({ length: 32 }, (_, index) => 200 - index));

/** What passed on the bus while `use` ran. */
async function overheard<T>(use: (tpm: Tpm) => Promise<T>): Promise<{ result: T; bus: Buffer }> {
  const passed: Uint8Array[] = [];
  const result = await withTpm(swtpm.socketPath, use, (transport) =>
    probe(transport, {
      onResponse: (response, command) => {
        passed.push(command, response);
        return response;
      },
    }),
  );
  return { result, bus: Buffer.concat(passed) };
}

/** A session salted to the endorsement key, and a storage root to work under. */
const salted = <T>(tpm: Tpm, use: (session: Session) => Promise<T>) =>
  whileLoaded(tpm, endorsementPrimary({}), (saltKey) =>
    withSession(tpm, { type: "hmac", saltKey }, use),
  );
const storageRoot = createPrimary(HIERARCHY.owner, storageRootKey);
const makeKey = (tpm: Tpm, auth?: Session) =>
  whileLoaded(tpm, storageRoot, (parent) =>
    tpm.run(
      create(
        parent.handle,
        readingKey,
        secretAuth,
        auth?.use({ authValue: new Uint8Array(), encryptCommand: true, encryptResponse: true }) ??
          password(),
      ),
    ),
  );

describe("a salted session", () => {
  it("carries a new key's auth value encrypted; a password would carry it in clear", async () => {
    const { bus } = await overheard((tpm) => salted(tpm, (session) => makeKey(tpm, session)));
    expect(bus.includes(secretAuth)).toBe(false);
    const { bus: clear } = await overheard((tpm) => makeKey(tpm));
    expect(clear.includes(secretAuth)).toBe(true);
  });

  it("gives a response back decrypted: the key that was made loads and signs", async () => {
    const { result, bus } = await overheard(async (tpm) => {
      const wrapped = await salted(tpm, (session) => makeKey(tpm, session));
      const signature = await whileLoaded(tpm, storageRoot, (parent) =>
        whileLoaded(tpm, load(parent.handle, wrapped), (key) =>
          withSession(tpm, { type: "hmac" }, (session) =>
            tpm.run(
              sign({ handle: key.handle, auth: session.use({ authValue: secretAuth }) }, digest),
            ),
          ),
        ),
      );
      return { wrapped, signature };
    });
    expect(verifies(publicToSpki(result.wrapped.publicArea), message, result.signature)).toBe(true);
    expect(bus.includes(secretAuth)).toBe(false);
  });

  it("is flushed after use, also when the use failed", async () => {
    await withTpm(swtpm.socketPath, async (tpm) => {
      const failing = salted(tpm, () => Promise.reject(new Error("no")));
      await expect(failing).rejects.toThrow("no");
      const { values } = await tpm.run(getHandles(HANDLE_RANGE.loadedSession, 8));
      expect(values).toEqual([]);
    });
  });

  it("takes 70 commands, its nonces rolling with each", async () => {
    await withTpm(swtpm.socketPath, (tpm) =>
      salted(tpm, async (session) => {
        for (let n = 0; n < 70; n += 1) await makeKey(tpm, session);
      }),
    );
  });
});

describe("somebody on the bus", () => {
  const isCreate = (command: Uint8Array) => Buffer.from(command).readUInt32BE(6) === 0x153;
  const flip = (bytes: Uint8Array, at: number) =>
    bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
  const making = (wrap: (transport: Transport) => Transport) =>
    withTpm(swtpm.socketPath, (tpm) => salted(tpm, (session) => makeKey(tpm, session)), wrap);

  it.each([
    ["the parameters", () => 40],
    ["the public key in them", () => 190],
    ["the TPM's nonce", (length: number) => length - 50],
    ["the HMAC", (length: number) => length - 1],
  ] as const)("who changes %s of an answer is noticed", async (_what, byteAt) => {
    const forged = making((transport) =>
      probe(transport, {
        onResponse: (response, command) =>
          isCreate(command) ? flip(response, byteAt(response.length)) : response,
      }),
    );
    await expect(forged).rejects.toMatchObject({ code: "tpm.malformed" });
  });

  it("who changes a command gets it refused", async () => {
    const changed = making((transport) =>
      probe(transport, {
        onCommand: (command) => (isCreate(command) ? flip(command, command.length - 20) : command),
        onResponse: (response) => response,
      }),
    );
    await expect(changed).rejects.toMatchObject({ code: "tpm.auth" });
  });
});

describe("a wrong auth value in a session", () => {
  it("is refused as tpm.auth", async () => {
    const signing = withTpm(swtpm.socketPath, async (tpm) => {
      const wrapped = await makeKey(tpm);
      return whileLoaded(tpm, storageRoot, (parent) =>
        whileLoaded(tpm, load(parent.handle, wrapped), (key) =>
          withSession(tpm, { type: "hmac" }, (session) =>
            tpm.run(
              sign(
                { handle: key.handle, auth: session.use({ authValue: Uint8Array.of(1) }) },
                digest,
              ),
            ),
          ),
        ),
      );
    });
    await expect(signing).rejects.toMatchObject({ code: "tpm.auth" });
  });

  it("may end in zeros, which a TPM drops", async () => {
    const withZeros = Uint8Array.from([7, 0, 5, 0, 0]);
    await withTpm(swtpm.socketPath, (tpm) =>
      whileLoaded(tpm, storageRoot, async (parent) => {
        const wrapped = await tpm.run(create(parent.handle, readingKey, withZeros));
        await whileLoaded(tpm, load(parent.handle, wrapped), (key) =>
          withSession(tpm, { type: "hmac" }, (session) =>
            tpm.run(
              sign({ handle: key.handle, auth: session.use({ authValue: withZeros }) }, digest),
            ),
          ),
        );
      }),
    );
  });
});

describe("an enrolment secret", () => {
  it("crosses the bus neither in the credential nor in the answer", async () => {
    const secret = Buffer.from("one-time-secret!");
    const { result, bus } = await overheard(async (tpm) => {
      const identity = await openIdentity(tpm, await provisionIdentity(tpm));
      const endorsement = await whileLoaded(tpm, endorsementPrimary({}), (key) => key.publicArea);
      const name = nameOf(identity.attestationPublic);
      const found = await identity.activateCredential(makeCredential(endorsement, name, secret));
      await identity.close();
      return found;
    });
    expect(Buffer.from(result)).toEqual(secret);
    expect(bus.includes(secret)).toBe(false);
  });
});
