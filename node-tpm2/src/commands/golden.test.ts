import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HIERARCHY, OBJECT } from "../constants.js";
import { TpmError } from "../errors.js";
import { attestationKey, readingKey, storageRootKey } from "../identity-templates.js";
import { decodePublic, encodePublic, nameOf, publicToSpki } from "../public-area.js";
import { Session } from "../session.js";
import { goldenVectors } from "../testing/golden-vectors.js";
import { verifies } from "../testing/verify.js";
import { type Command, decodeResponse, encodeCommand, password } from "./command.js";
import { activateCredential } from "./credentials.js";
import { flushContext, getHandles, getProperties, shutdown, startup } from "./lifecycle.js";
import {
  nvCertifyCounter,
  nvDefineSpace,
  nvIncrement,
  nvRead,
  nvReadCounter,
  nvReadPublic,
  nvUndefineSpace,
  nvWrite,
} from "./nv.js";
import { create, createPrimary, load, readPublic } from "./objects.js";
import { pcrDigest, pcrExtend, pcrRead, quote } from "./pcr.js";
import {
  loadExternal,
  policyAuthorize,
  policyAuthValue,
  policyDigest,
  policyGetDigest,
  policyPcr,
  policySecret,
  verifySignature,
} from "./policies.js";
import { startAuthSession } from "./sessions.js";
import { certify, sign } from "./signatures.js";

type VectorName = keyof typeof goldenVectors;

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const responseTo = (name: VectorName) => bytes(goldenVectors[name].response);
const answer = <Result>(name: VectorName, command: Command<Result>) =>
  decodeResponse(command, responseTo(name), 1);

const index = 0x01805053;
const counter = {
  index,
  attributes: 0x06040014,
  authPolicy: new Uint8Array(),
  dataBytes: 8,
};
const loaded = (value: number) => ({ value, generation: 1 });
const authValue = bytes("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
const auth = password(authValue);
const digest = Uint8Array.from(createHash("sha256").update("hello").digest());
const qualifyingData = Uint8Array.from({ length: 32 }, (_, position) => position + 1);
const signer = { handle: loaded(0x80000000) };
const readingSigner = { handle: loaded(0x80000001), auth };

const createCommand = create(loaded(0x80000000), readingKey, authValue);
const wrapped = answer("create", createCommand);
const attestationPrimary = createPrimary(HIERARCHY.endorsement, attestationKey);
const attestationPublic = answer("createPrimaryAttestation", attestationPrimary).publicArea;

const nonceCaller = Uint8Array.from({ length: 32 }, (_, position) => position);
const policySession = loaded(0x03000000);
const authorityKey = {
  ...attestationKey,
  attributes: OBJECT.userWithAuth | OBJECT.sign,
  x: bytes("d6c063cac464ac621e56e652fed5390b0c9caf37ebc0db21909e2cc8f1925959"),
  y: bytes("4bfe3ea0ac8c4ce5aed186dc355cc0717230f80ca2bd911357f9779eca602c76"),
};
const authorityName = nameOf(encodePublic(authorityKey));
const approvedPolicy = policyDigest.pcr([12], pcrDigest([new Uint8Array(32)]));
const reference = Uint8Array.from(Buffer.from("edge agent"));
const approval = bytes(
  "6e9bcbaebdca98964e09d43fd4a5e0ade1f803106952f39d95a27fecbbf80d18f80b20b1d830ab2f4ae662f178386592f2f83542ae24b0a1ea25f8dce8ad851c",
);
const ticket = bytes(
  "80224000000100409ecc81a9e127ed2670d1088bbeadbac9fa8e12a72eef3122dd28bdb53ce2e47945912122c7953bd4f02815d7019b053745951e2fef65226a5883c4b6e3de8558",
);
const named = (value: number, name: string) => ({
  handle: { ...loaded(value), name: bytes(name) },
  name: bytes(name),
  publicArea: new Uint8Array(),
});
const credential = {
  blob: bytes(
    "00203b69a913453b60353a4079eb41844943007b287772e0442a457b300224933c75a782b63bc2b27529295455b179a8",
  ),
  encryptedSeed: bytes(
    "002055900c46de1008c59c03dfbbd96859b7cfff5a05444395fb7cfbbcbcb24aab5500207ace166463f0398c802c3ccecc42d35f1c6b2e2c0ae0b4ac40d286448258f4f1",
  ),
};
const satisfied = new Session({
  handle: policySession,
  salt: new Uint8Array(),
  isPolicy: true,
  nonceCaller,
  nonceTpm: bytes("0321a5591d88ba18a483fbcbc71e72ef34e399209ef80adce301ad0750e8d6d9"),
  random: (size) => new Uint8Array(size).fill(7),
});
const bytesOf = (value: unknown) => {
  if (value instanceof Uint8Array) return value;
  throw new TypeError("not bytes");
};

const commands: Record<VectorName, Command<unknown>> = {
  startup: startup(),
  getProperties: getProperties(0x20e, 2),
  createPrimaryStorage: createPrimary(HIERARCHY.owner, storageRootKey),
  create: createCommand,
  load: load(loaded(0x80000000), wrapped),
  flushContext: flushContext(loaded(0x80000000)),
  createPrimaryAttestation: attestationPrimary,
  getHandles: getHandles(0x80000000, 64),
  readPublic: readPublic(loaded(0x80000001)),
  sign: sign(readingSigner, digest),
  certify: certify(readingSigner, signer, qualifyingData),
  nvDefineSpace: nvDefineSpace(counter),
  nvIncrement: nvIncrement(index),
  nvReadPublic: nvReadPublic(index),
  nvReadCounter: nvReadCounter(index),
  nvCertifyCounter: nvCertifyCounter(index, signer, qualifyingData),
  nvUndefineSpace: nvUndefineSpace(index),
  shutdown: shutdown(),
  startAuthSession: startAuthSession({ type: "policy", nonceCaller }),
  policySecret: policySecret(policySession, HIERARCHY.endorsement),
  policyPcr: policyPcr(policySession, [11]),
  policyAuthValue: policyAuthValue(policySession),
  policyGetDigest: policyGetDigest(policySession),
  loadExternal: loadExternal(authorityKey),
  verifySignature: verifySignature(
    loaded(0x80000000),
    policyDigest.approval(approvedPolicy, reference),
    approval,
  ),
  policyAuthorize: policyAuthorize(
    policySession,
    { policy: approvedPolicy, reference },
    authorityName,
    ticket,
  ),
  pcrExtend: pcrExtend(11, Uint8Array.from(createHash("sha256").update("bundle").digest())),
  pcrRead: pcrRead([11, 12]),
  quote: quote(signer, [11], qualifyingData),
  nvWrite: nvWrite(0x01c0000a, 4, Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8])),
  nvRead: nvRead(0x01c0000a, 4, 8),
  activateCredential: activateCredential(
    named(0x80000000, "000b0fd1e22cb8b7b1d4cddd8267455a1efcf6d67d619caa686f232999dd4f3080bc"),
    named(0x80000001, "000b5fd4d5d520608c6f7e4bc2642090191a5702eea1f5c5f61ea9eeefc18f093fee"),
    credential,
    satisfied.use(),
  ),
};
const vectorNames = Object.keys(goldenVectors).filter((name): name is VectorName =>
  Object.hasOwn(goldenVectors, name),
);

describe("command bytes", () => {
  it.each(vectorNames)("%s", (name) => {
    const hex = Buffer.from(encodeCommand(commands[name])).toString("hex");
    expect(hex).toBe(goldenVectors[name].command.replaceAll(" ", ""));
  });
});

describe("recorded responses", () => {
  it.each([
    "startup",
    "flushContext",
    "nvDefineSpace",
    "nvIncrement",
    "nvUndefineSpace",
    "nvWrite",
    "pcrExtend",
    "policyAuthorize",
    "policyAuthValue",
    "policyPcr",
    "policySecret",
    "shutdown",
  ] as const)("%s answers with nothing", (name) => {
    expect(answer(name, commands[name])).toBeUndefined();
  });

  it("getHandles lists the two loaded keys", () => {
    expect(answer("getHandles", getHandles(0x80000000, 64))).toEqual({
      values: [0x80000000, 0x80000001],
      more: false,
    });
  });

  it("getProperties pairs property and value", () => {
    expect(answer("getProperties", getProperties(0x20e, 2))).toEqual({
      values: [
        [0x20e, 0],
        [0x20f, 3],
      ],
      more: true,
    });
  });

  it("createPrimary gives a handle of this generation and the template with a point in it", () => {
    const object = answer("createPrimaryAttestation", attestationPrimary);
    const { name } = object;
    expect(object.handle).toEqual({ value: 0x80000000, generation: 1, name });
    const { x, y, ...rest } = decodePublic(object.publicArea);
    expect({ ...rest, x: x.length, y: y.length }).toEqual({ ...attestationKey, x: 32, y: 32 });
    expect(name).toEqual(nameOf(object.publicArea));
  });

  it("load and readPublic speak of the key that create made", () => {
    expect(answer("load", load(loaded(0x80000000), wrapped)).handle.value).toBe(0x80000001);
    expect(answer("readPublic", readPublic(1)).publicArea).toEqual(wrapped.publicArea);
  });

  it.each([
    ["policyGetDigest", "c74bae996dd88b8fa7a7dc673c9be97f1288bd852e1671d8269f48959749c04a"],
    ["verifySignature", Buffer.from(ticket).toString("hex")],
    ["nvRead", "0102030405060708"],
    ["activateCredential", Buffer.from("aBcDeFgHiJkL").toString("hex")],
  ] as const)("%s gives %s", (name, hex) => {
    expect(Buffer.from(bytesOf(answer(name, commands[name]))).toString("hex")).toBe(hex);
  });

  it("pcrRead gives the measured PCR and the untouched one", () => {
    const measured = createHash("sha256")
      .update(new Uint8Array(32))
      .update(createHash("sha256").update("bundle").digest());
    expect(answer("pcrRead", pcrRead([11, 12])).values).toEqual([
      Uint8Array.from(measured.digest()),
      new Uint8Array(32),
    ]);
  });

  it("sign gives r and s that the reading key verifies", () => {
    const signature = answer("sign", sign(readingSigner, digest));
    expect(verifies(publicToSpki(wrapped.publicArea), Buffer.from("hello"), signature)).toBe(true);
  });

  it.each([
    ["certify", certify(readingSigner, signer, qualifyingData)],
    ["nvCertifyCounter", nvCertifyCounter(index, signer, qualifyingData)],
  ] as const)("%s gives an attestation that the attestation key verifies", (name, command) => {
    const { attest, signature } = answer(name, command);
    expect(verifies(publicToSpki(attestationPublic), attest, signature)).toBe(true);
    expect(Buffer.from(attest).includes(Buffer.from(qualifyingData))).toBe(true);
  });

  it("nvReadPublic gives the written counter, nvReadCounter its value", () => {
    const { nvPublic } = answer("nvReadPublic", nvReadPublic(index));
    expect(nvPublic).toEqual({ ...counter, attributes: 0x26040014 });
    expect(answer("nvReadCounter", nvReadCounter(index))).toBe(1n);
  });
});

describe("a response that is not as it should be", () => {
  const malformed: unknown = expect.objectContaining({ code: "tpm.malformed" });
  const attempt = (name: VectorName, response: Uint8Array): unknown => {
    try {
      decodeResponse(commands[name], response, 1);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  /** The response with its size field set to what is there. */
  const resized = (response: Uint8Array) => {
    const copy = Buffer.from(response);
    if (copy.length >= 6) copy.writeUInt32BE(copy.length, 2);
    return copy;
  };

  it.each(vectorNames)("%s: cut short anywhere, or longer, it is refused", (name) => {
    const response = responseTo(name);
    for (let length = 0; length < response.length; length += 1) {
      const cut = response.subarray(0, length);
      expect(attempt(name, cut)).toEqual(malformed);
      expect(attempt(name, resized(cut))).toEqual(malformed);
    }
    const longer = Uint8Array.from([...response, 0]);
    expect(attempt(name, longer)).toEqual(malformed);
    expect(attempt(name, resized(longer))).toEqual(malformed);
  });

  it("of another command is refused wherever the shapes differ", () => {
    expect(attempt("sign", responseTo("certify"))).toEqual(malformed);
    expect(attempt("certify", responseTo("sign"))).toEqual(malformed);
    expect(attempt("getHandles", responseTo("getProperties"))).toEqual(malformed);
    expect(attempt("load", responseTo("createPrimaryStorage"))).toEqual(malformed);
    expect(attempt("nvReadCounter", responseTo("nvIncrement"))).toEqual(malformed);
  });

  it("with random bytes changed gives a result or a coded error, nothing else", () => {
    const change = fc.record({ at: fc.nat(1023), to: fc.nat(255) });
    fc.assert(
      fc.property(
        fc.constantFrom(...vectorNames),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        (name, changes) => {
          const response = responseTo(name);
          for (const { at, to } of changes) response[at % response.length] = to;
          const error = attempt(name, response);
          return error === undefined || error instanceof TpmError;
        },
      ),
      { numRuns: 5_000, seed: 20 },
    );
  });

  it("with a public area of another kind gives a coded error when that is read", () => {
    fc.assert(
      fc.property(fc.nat(wrapped.publicArea.length - 1), fc.nat(255), (at, to) => {
        const area = Uint8Array.from(wrapped.publicArea);
        area[at] = to;
        try {
          return publicToSpki(area).length === 91;
        } catch (error) {
          return error instanceof TpmError;
        }
      }),
      { numRuns: 2_000, seed: 22 },
    );
  });

  it("of random bytes is refused", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...vectorNames),
        fc.uint8Array({ maxLength: 64 }),
        (name, noise) => {
          expect(attempt(name, noise)).toEqual(malformed);
        },
      ),
      { numRuns: 1_000, seed: 21 },
    );
  });
});
