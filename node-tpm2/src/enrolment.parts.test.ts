import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  sign as signBySoftware,
} from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Writer } from "./bytes.js";
import { nvDefineSpace, nvUndefineSpace, nvWrite } from "./commands/nv.js";
import { create, createPrimary, load } from "./commands/objects.js";
import { pcrDigest, pcrExtend, pcrRead } from "./commands/pcr.js";
import {
  loadExternal,
  policyAuthorize,
  policyAuthValue,
  policyDigest,
  policyGetDigest,
  policyPcr,
  verifySignature,
} from "./commands/policies.js";
import { sign } from "./commands/signatures.js";
import { HIERARCHY, NV, OBJECT } from "./constants.js";
import { type Endorsement, readEndorsement } from "./endorsement.js";
import { type DeviceIdentity, openIdentity, provisionIdentity } from "./identity.js";
import { attestationKey, readingKey, storageRootKey } from "./identity-templates.js";
import { whileLoaded } from "./loaded.js";
import { makeCredential } from "./make-credential.js";
import { type EccPublic, encodePublic, nameOf, publicToSpki } from "./public-area.js";
import { type Session, withSession } from "./session.js";
import { type RunningSwtpm, simulatedMaker, startSwtpm } from "./testing/index.js";
import { tpm2Tool } from "./testing/tpm2-tools.js";
import { verifies } from "./testing/verify.js";
import { withTpm as withSwtpm } from "./testing/with-tpm.js";
import type { Tpm } from "./tpm.js";

let dir: string;
let swtpm: RunningSwtpm;
let other: RunningSwtpm;

const file = (name: string) => join(dir, name);
const start = (name: string) =>
  startSwtpm({ stateDir: file(name), socketPath: file(`${name}.sock`) });
const withTpm = <T>(use: (tpm: Tpm) => Promise<T>, tpm = swtpm) => withSwtpm(tpm.socketPath, use);
const tool = (commandLine: string) => tpm2Tool(swtpm.socketPath, dir, commandLine);
const sha256 = (bytes: Uint8Array) => Uint8Array.from(createHash("sha256").update(bytes).digest());
const secret = Uint8Array.from(Buffer.from("aBcDeFgHiJkL"));

const withIdentity = <T>(
  use: (identity: DeviceIdentity, endorsement: Endorsement, tpm: Tpm) => Promise<T>,
  of = swtpm,
) =>
  withTpm(async (tpm) => {
    const identity = await openIdentity(tpm, await provisionIdentity(tpm));
    const result = await use(identity, await readEndorsement(tpm), tpm);
    await identity.close();
    return result;
  }, of);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tpm-enrolment-"));
  [swtpm, other] = await Promise.all([start("device"), start("other")]);
});

afterAll(async () => {
  await Promise.all([swtpm.stop(), other.stop()]);
  await rm(dir, { recursive: true });
});

describe("a credential made by software", () => {
  it("gives its secret to the TPM and the key it was made for", async () => {
    const found = await withIdentity((identity, { publicArea }) =>
      identity.activateCredential(
        makeCredential(publicArea, nameOf(identity.attestationPublic), secret),
      ),
    );
    expect(found).toEqual(secret);
  });

  it("gives it to no other TPM", async () => {
    const made = await withIdentity(async (identity, { publicArea }) =>
      makeCredential(publicArea, nameOf(identity.attestationPublic), secret),
    );
    const stolen = withIdentity((identity) => identity.activateCredential(made), other);
    await expect(stolen).rejects.toMatchObject({ code: "tpm.response" });
  });

  it("gives it to no other key of the same TPM", async () => {
    const stolen = withIdentity((identity, { publicArea }) =>
      identity.activateCredential(
        makeCredential(publicArea, nameOf(identity.readingPublic), secret),
      ),
    );
    await expect(stolen).rejects.toMatchObject({
      responseName: expect.stringContaining("INTEGRITY") as unknown,
    });
  });

  it.each([
    ["blob", 3],
    ["blob", 40],
    ["encryptedSeed", 10],
  ] as const)("is refused with a bit of its %s changed", async (part, at) => {
    const changed = withIdentity((identity, { publicArea }) => {
      const made = makeCredential(publicArea, nameOf(identity.attestationPublic), secret);
      const bytes = made[part].map((byte, index) => (index === at ? byte ^ 1 : byte));
      return identity.activateCredential({ ...made, [part]: bytes });
    });
    await expect(changed).rejects.toMatchObject({ name: "TpmResponseError" });
  });

  it("refuses an endorsement key that is none, and a secret too long", async () => {
    await withIdentity(async (identity, { publicArea }) => {
      const name = nameOf(identity.attestationPublic);
      expect(() => makeCredential(identity.attestationPublic, name, secret)).toThrow(/storage key/);
      expect(() => makeCredential(publicArea, name, new Uint8Array(33))).toThrow(RangeError);
      const offCurve = publicArea.map((byte, index) =>
        index === publicArea.length - 1 ? byte ^ 1 : byte,
      );
      expect(() => makeCredential(offCurve, name, secret)).toThrow(/not on P-256/);
    });
  });
});

describe("tpm2-tools and this library", () => {
  /** The endorsement key by our template, made by the tools. */
  const toolsEk = `tpm2_createek -G ecc -c ek.ctx -u ek.pub`;

  it("activate each other's credentials", async () => {
    const { publicArea, name } = await withIdentity(async (identity, endorsement) => ({
      publicArea: endorsement.publicArea,
      name: nameOf(identity.attestationPublic),
    }));
    await tool(toolsEk);
    // Ours for their activation: the file of tpm2_makecredential is magic, version, ID_OBJECT, ENCRYPTED_SECRET.
    await tool(
      `tpm2_createprimary -C e -g sha256 -G ecc256:ecdsa-sha256:null -a fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|sign -c ak.ctx`,
    );
    expect(
      (await tool("tpm2_readpublic -c ak.ctx")).includes(Buffer.from(name).toString("hex")),
    ).toBe(true);
    const ours = makeCredential(publicArea, name, secret);
    await writeFile(
      file("ours.cred"),
      new Writer().u32(0xbadcc0de).u32(1).sized(ours.blob).sized(ours.encryptedSeed).done(),
    );
    await tool("tpm2_startauthsession --policy-session -S policy.ctx");
    await tool("tpm2_policysecret -S policy.ctx -c e");
    await tool(
      "tpm2_activatecredential -c ak.ctx -C ek.ctx -i ours.cred -o found -P session:policy.ctx",
    );
    expect(await readFile(file("found"))).toEqual(Buffer.from(secret));
    await tool("tpm2_flushcontext policy.ctx");
    // Theirs for our activation.
    await writeFile(file("secret"), secret);
    await tool(
      `tpm2_makecredential -e ek.pub -s secret -n ${Buffer.from(name).toString("hex")} -o theirs.cred`,
    );
    const theirs = await readFile(file("theirs.cred"));
    const blobLength = theirs.readUInt16BE(8);
    const found = await withIdentity((identity) =>
      identity.activateCredential({
        blob: Uint8Array.from(theirs.subarray(10, 10 + blobLength)),
        encryptedSeed: Uint8Array.from(theirs.subarray(12 + blobLength)),
      }),
    );
    expect(found).toEqual(secret);
  });

  it("compute the same policy of PCR, approval and auth value", async () => {
    const values = await withTpm((tpm) => tpm.run(pcrRead([12]))).then((read) => read.values);
    const approved = policyDigest.pcr([12], pcrDigest(values));
    const reference = Buffer.from("edge agent");
    const keyName = nameOf(encodePublic(readingKey));
    await Promise.all([
      writeFile(file("reference"), reference),
      writeFile(file("key.name"), keyName),
      writeFile(file("approved"), approved),
    ]);
    await tool("tpm2_startauthsession -S trial.ctx");
    await tool("tpm2_policypcr -S trial.ctx -l sha256:12 -L theirs.pcr");
    expect(await readFile(file("theirs.pcr"))).toEqual(Buffer.from(approved));
    await tool(
      "tpm2_policyauthorize -S trial.ctx -i approved -q reference -n key.name -L theirs.authorize",
    );
    const authorized = policyDigest.authorize(keyName, reference);
    expect(await readFile(file("theirs.authorize"))).toEqual(Buffer.from(authorized));
    await tool("tpm2_policyauthvalue -S trial.ctx -L theirs.value");
    const expected = policyDigest.authValue(authorized);
    expect(await readFile(file("theirs.value"))).toEqual(Buffer.from(expected));
    await tool("tpm2_flushcontext trial.ctx");
  });

  it("see the same PCR, and the tools accept our quote, but not under another challenge", async () => {
    const challenge = sha256(Buffer.from("challenge"));
    const quoted = await withIdentity(async (identity, _endorsement, tpm) => {
      await identity.measure(sha256(Buffer.from("bundle")));
      const { values } = await tpm.run(pcrRead([11]));
      const spki = publicToSpki(identity.attestationPublic);
      const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
      await writeFile(file("ak.pem"), key.export({ type: "spki", format: "pem" }));
      return { values, ...(await identity.quoteMeasurements(challenge)) };
    });
    const expected = sha256(Buffer.concat([new Uint8Array(32), sha256(Buffer.from("bundle"))]));
    expect(quoted.values).toEqual([expected]);
    await tool("tpm2_pcrread sha256:11 -o pcr.bin");
    expect(await readFile(file("pcr.bin"))).toEqual(Buffer.from(expected));
    await writeFile(file("quote.msg"), quoted.attest);
    const [r, s] = [quoted.signature.subarray(0, 32), quoted.signature.subarray(32)];
    await writeFile(
      file("quote.sig"),
      new Writer().u16(0x0018).u16(0x000b).sized(r).sized(s).done(),
    );
    const check = (hex: string) =>
      tool(`tpm2_checkquote -u ak.pem -m quote.msg -s quote.sig -g sha256 -q ${hex}`);
    await check(Buffer.from(challenge).toString("hex"));
    await expect(check("00".repeat(32))).rejects.toThrow(/nonce|qualif|Error|ERROR/i);
    const digestAt = Buffer.from(quoted.attest).includes(Buffer.from(pcrDigest(quoted.values)));
    expect(digestAt).toBe(true);
  });
});

describe("the endorsement certificate", () => {
  const index = 0x01c0000a;
  const attributes = NV.authRead | NV.authWrite | NV.noDa;

  const writeCertificate = (certificate: Uint8Array) =>
    withTpm(async (tpm) => {
      const area = { index, attributes, authPolicy: new Uint8Array(), dataBytes: 1000 };
      await tpm.run(nvDefineSpace(area));
      const padded = Uint8Array.from({ length: 1000 }, (_, at) => certificate[at] ?? 0xff);
      for (const at of [0, 500]) await tpm.run(nvWrite(index, at, padded.slice(at, at + 500)));
    });
  const remove = () => withTpm((tpm) => tpm.run(nvUndefineSpace(index)));

  const maker = simulatedMaker("Test maker");

  it("is absent on a chip without one", async () => {
    expect((await withTpm((tpm) => readEndorsement(tpm))).certificate).toBeUndefined();
  });

  it("is read whole, without what fills up its index", async () => {
    const { publicArea, device } = await withTpm((tpm) => readEndorsement(tpm));
    const certificate = maker.certify(publicToSpki(publicArea));
    await writeCertificate(certificate);
    expect(await withTpm((tpm) => readEndorsement(tpm))).toEqual({
      publicArea,
      device,
      certificate,
    });
    await remove();
  });

  it.each([
    [
      "for another key",
      async () => maker.certify(publicToSpki((await withIdentity(async (i) => i)).readingPublic)),
    ],
    ["that is damaged", async () => Uint8Array.from([0x30, 0x82, 0, 5, 1, 2, 3, 4, 5])],
  ] as const)("%s is refused", async (_what, certificate) => {
    await writeCertificate(await certificate());
    await expect(withTpm((tpm) => readEndorsement(tpm))).rejects.toMatchObject({
      code: "tpm.certificate",
    });
    await remove();
  });
});

describe("a key bound to approved software", () => {
  const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x = "", y = "" } = authority.publicKey.export({ format: "jwk" });
  const authorityKey: EccPublic = {
    ...attestationKey,
    attributes: OBJECT.userWithAuth | OBJECT.sign,
    x: Uint8Array.from(Buffer.from(x, "base64url")),
    y: Uint8Array.from(Buffer.from(y, "base64url")),
  };
  const authorityName = nameOf(encodePublic(authorityKey));
  const reference = Uint8Array.from(Buffer.from("edge agent"));
  const keyAuth = Uint8Array.from([1, 2, 3]);
  const boundKey: EccPublic = {
    ...readingKey,
    attributes: (readingKey.attributes & ~OBJECT.userWithAuth) | OBJECT.adminWithPolicy,
    authPolicy: policyDigest.authValue(policyDigest.authorize(authorityName, reference)),
  };
  const message = Buffer.from("reading");
  const pcrs = [12];

  /** The policy of the software measured now, and the authority's signature under it. */
  async function approve(tpm: Tpm) {
    const { values } = await tpm.run(pcrRead(pcrs));
    const policy = policyDigest.pcr(pcrs, pcrDigest(values));
    const approval = policyDigest.approval(policy, reference);
    // As ECDSA with SHA-256 signs: over the hash of what is approved.
    const signature = signBySoftware("sha256", Buffer.concat([policy, reference]), {
      key: authority.privateKey,
      dsaEncoding: "ieee-p1363",
    });
    return { policy, approval, signature: Uint8Array.from(signature) };
  }
  type Approval = Awaited<ReturnType<typeof approve>>;

  async function satisfy(tpm: Tpm, { handle }: Session, { policy, approval, signature }: Approval) {
    await tpm.run(policyPcr(handle, pcrs));
    const ticket = await whileLoaded(tpm, loadExternal(authorityKey), (key) =>
      tpm.run(verifySignature(key.handle, approval, signature)),
    );
    await tpm.run(policyAuthorize(handle, { policy, reference }, authorityName, ticket));
    await tpm.run(policyAuthValue(handle));
  }

  const signBound = (tpm: Tpm, wrapped: Parameters<typeof load>[1], approval: Approval) =>
    whileLoaded(tpm, createPrimary(HIERARCHY.owner, storageRootKey), (parent) =>
      whileLoaded(tpm, load(parent.handle, wrapped), (key) =>
        withSession(tpm, { type: "policy" }, async (session) => {
          await satisfy(tpm, session, approval);
          expect(await tpm.run(policyGetDigest(session.handle))).toEqual(boundKey.authPolicy);
          const auth = session.use({ authValue: keyAuth });
          return tpm.run(sign({ handle: key.handle, auth }, sha256(message)));
        }),
      ),
    );

  it("signs, stops signing when the software changes, and signs again once that is approved", async () => {
    await withTpm(async (tpm) => {
      const wrapped = await whileLoaded(
        tpm,
        createPrimary(HIERARCHY.owner, storageRootKey),
        (parent) => tpm.run(create(parent.handle, boundKey, keyAuth)),
      );
      const first = await approve(tpm);
      const signature = await signBound(tpm, wrapped, first);
      expect(verifies(publicToSpki(wrapped.publicArea), message, signature)).toBe(true);

      await tpm.run(pcrExtend(12, sha256(Buffer.from("update"))));
      await expect(signBound(tpm, wrapped, first)).rejects.toMatchObject({ code: "tpm.response" });

      const updated = await signBound(tpm, wrapped, await approve(tpm));
      expect(verifies(publicToSpki(wrapped.publicArea), message, updated)).toBe(true);
    });
  });

  it("takes no approval of somebody else", async () => {
    const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" });
    await withTpm(async (tpm) => {
      const { policy, approval } = await approve(tpm);
      const signature = Uint8Array.from(
        signBySoftware("sha256", Buffer.concat([policy, reference]), {
          key: stranger.privateKey,
          dsaEncoding: "ieee-p1363",
        }),
      );
      const forged = whileLoaded(tpm, loadExternal(authorityKey), (key) =>
        tpm.run(verifySignature(key.handle, approval, signature)),
      );
      await expect(forged).rejects.toMatchObject({
        responseName: expect.stringContaining("SIGNATURE") as unknown,
      });
    });
  });
});
