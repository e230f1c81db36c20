import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HIERARCHY } from "../constants.js";
import { TpmError } from "../errors.js";
import { attestationKey, readingKey, storageRootKey } from "../identity-templates.js";
import { decodePublic, nameOf, publicToSpki } from "../public-area.js";
import { goldenVectors } from "../testing/golden-vectors.js";
import { verifies } from "../testing/verify.js";
import { type Command, decodeResponse, encodeCommand, password } from "./command.js";
import { flushContext, getHandles, getProperties, shutdown, startup } from "./lifecycle.js";
import {
  nvCertifyCounter,
  nvDefineSpace,
  nvIncrement,
  nvReadCounter,
  nvReadPublic,
  nvUndefineSpace,
} from "./nv.js";
import { create, createPrimary, load, readPublic } from "./objects.js";
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
const auth = password(bytes("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"));
const digest = Uint8Array.from(createHash("sha256").update("hello").digest());
const qualifyingData = Uint8Array.from({ length: 32 }, (_, position) => position + 1);
const signer = { handle: loaded(0x80000000) };
const readingSigner = { handle: loaded(0x80000001), auth };

const createCommand = create(loaded(0x80000000), readingKey, auth.hmac);
const wrapped = answer("create", createCommand);
const attestationPrimary = createPrimary(HIERARCHY.endorsement, attestationKey);
const attestationPublic = answer("createPrimaryAttestation", attestationPrimary).publicArea;

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
    expect(object.handle).toEqual({ value: 0x80000000, generation: 1 });
    const { x, y, ...rest } = decodePublic(object.publicArea);
    expect({ ...rest, x: x.length, y: y.length }).toEqual({ ...attestationKey, x: 32, y: 32 });
    expect(object.name).toEqual(nameOf(object.publicArea));
  });

  it("load and readPublic speak of the key that create made", () => {
    expect(answer("load", load(loaded(0x80000000), wrapped)).handle.value).toBe(0x80000001);
    expect(answer("readPublic", readPublic(1)).publicArea).toEqual(wrapped.publicArea);
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
