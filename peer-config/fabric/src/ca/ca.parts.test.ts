import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { identityOf } from "../network/identities.js";
import { REGISTRAR_ID, type RunningCa, startCa } from "../testing/index.js";
import {
  type CaAddress,
  type CaIdentity,
  createCsr,
  enroll,
  modify,
  readIdentity,
  reenroll,
  register,
  revoke,
  revokeCertificate,
  validCertificates,
} from "./index.js";

let running: RunningCa;
let ca: CaAddress;
let registrar: CaIdentity;

const newKey = () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const signWith = (key: KeyObject) => (message: Uint8Array) =>
  Promise.resolve(sign("sha256", message, key));
const csrFor = (commonName: string, key: KeyObject) =>
  createCsr({
    commonName,
    publicKeySpki: createPublicKey(key).export({ type: "spki", format: "der" }),
    sign: signWith(key),
  });

/** Registers and enrols somebody with the attributes of a household. */
async function newHousehold(id: string): Promise<{ key: KeyObject; certificatePem: string }> {
  const attributes = { role: "resident", microgrid: "m1" };
  const secret = await register({ ...ca, id, type: "client", attributes }, registrar);
  const key = newKey();
  const { certificatePem } = await enroll({ ...ca, id, secret, csrPem: await csrFor(id, key) });
  return { key, certificatePem };
}

beforeAll(async () => {
  running = await startCa();
  ({ ca } = running);
  registrar = identityOf(running.registrar);
});
afterAll(() => running.stop());

describe("enrolment", () => {
  test("certifies the key of the request, with the attributes of the registration", async () => {
    const { key, certificatePem } = await newHousehold("h1");
    const certificate = new X509Certificate(certificatePem);
    expect(certificate.checkPrivateKey(key)).toBe(true);
    expect(certificate.subject).toContain("CN=h1");
    expect(certificate.raw.toString("latin1")).toContain('"microgrid":"m1","role":"resident"');
    expect(certificate.verify(createPublicKey(ca.tlsCertificatePem))).toBe(true);
  });

  test("works once per secret", async () => {
    const secret = await register({ ...ca, id: "h2", type: "client" }, registrar);
    const csrPem = await csrFor("h2", newKey());
    const { chainPem } = await enroll({ ...ca, id: "h2", secret, csrPem });
    expect(chainPem.trim()).toBe(ca.tlsCertificatePem.trim());
    await expect(enroll({ ...ca, id: "h2", secret, csrPem })).rejects.toMatchObject({
      code: "fabric.ca-refused",
    });
  });

  test("is refused for a wrong secret, and for a request in another name", async () => {
    const secret = await register({ ...ca, id: "h3", type: "client" }, registrar);
    const own = await csrFor("h3", newKey());
    const other = await csrFor("h1", newKey());
    const refused = { code: "fabric.ca-refused" };
    await expect(enroll({ ...ca, id: "h3", secret: "guess", csrPem: own })).rejects.toMatchObject(
      refused,
    );
    await expect(enroll({ ...ca, id: "h3", secret, csrPem: other })).rejects.toMatchObject(refused);
  });

  // Fabric CA would take an attribute extension from this field.
  test("sends no field that it does not know", async () => {
    const request = {
      ...ca,
      id: "h3",
      secret: "x",
      csrPem: "x",
      extensions: [{ id: "1.2.3.4.5.6.7.8.1", value: "00" }],
    };
    await expect(enroll(request)).rejects.toMatchObject({
      code: "fabric.ca-request",
      message: expect.stringContaining("extensions") as unknown,
    });
  });

  test("gives a TLS certificate for the names asked for", async () => {
    const csrPem = await csrFor(REGISTRAR_ID, newKey());
    const tlsCa = { ...ca, caName: ca.caName.replace("ca-", "tlsca-") };
    const { certificatePem } = await enroll({
      ...tlsCa,
      id: REGISTRAR_ID,
      secret: "s3cret",
      csrPem,
      profile: "tls",
      hosts: ["localhost", "127.0.0.1"],
    });
    const certificate = new X509Certificate(certificatePem);
    expect(certificate.checkHost("localhost")).toBe("localhost");
    expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
  });
});

describe("a registrar's token", () => {
  test("is accepted every time, whatever S its signatures have", async () => {
    const ids = Array.from({ length: 16 }, (_, index) => `token-${index}`);
    const secrets = await Promise.all(
      ids.map((id) => register({ ...ca, id, type: "client" }, registrar)),
    );
    expect(new Set(secrets).size).toBe(ids.length);
  });

  test("cannot be had by an ordinary client", async () => {
    const { key, certificatePem } = await newHousehold("h4");
    const client = { certificatePem, sign: signWith(key) };
    await expect(register({ ...ca, id: "h5", type: "client" }, client)).rejects.toMatchObject({
      code: "fabric.ca-refused",
    });
  });

  test("cannot register a name twice", async () => {
    await register({ ...ca, id: "h6", type: "client" }, registrar);
    await expect(register({ ...ca, id: "h6", type: "client" }, registrar)).rejects.toMatchObject({
      code: "fabric.ca-identity-exists",
    });
  });
});

test("re-enrolment renews a certificate with the present one; after revocation it is over", async () => {
  const { key, certificatePem } = await newHousehold("h7");
  const holder = { certificatePem, sign: signWith(key) };
  const csrPem = await csrFor("h7", key);
  const renewed = await reenroll({ ...ca, csrPem }, holder);
  const serial = new X509Certificate(renewed.certificatePem).serialNumber;
  expect(serial).not.toBe(new X509Certificate(certificatePem).serialNumber);

  const crl = await revoke({ ...ca, id: "h7", reason: "keycompromise" }, registrar);
  expect(crl).toMatch(/^-----BEGIN X509 CRL-----/);
  await expect(reenroll({ ...ca, csrPem }, holder)).rejects.toMatchObject({
    code: "fabric.ca-refused",
  });
});

describe("an identity that is registered", () => {
  const identity = { id: "h9", type: "client" as const, attributes: { device: "aa" } };
  const secret = "a secret of the registrar's own";

  test("enrols with the secret that the registrar chose, and no more often than that", async () => {
    await register({ ...ca, ...identity, secret }, registrar);
    const csrPem = await csrFor("h9", newKey());
    await enroll({ ...ca, id: "h9", secret, csrPem });
    await expect(enroll({ ...ca, id: "h9", secret, csrPem })).rejects.toMatchObject({
      code: "fabric.ca-refused",
    });
  });

  test("gets one more certificate, with other attributes, by another secret", async () => {
    const next = "another secret of the registrar";
    const changes = { id: "h9", attributes: { device: "bb" }, maxEnrollments: 2, secret: next };
    await modify({ ...ca, ...changes }, registrar);
    const { type, attributes } = await readIdentity({ ...ca, id: "h9" }, registrar);
    expect([type, attributes.get("device")]).toEqual(["client", "bb"]);
    const csrPem = await csrFor("h9", newKey());
    await expect(enroll({ ...ca, id: "h9", secret, csrPem })).rejects.toMatchObject({
      code: "fabric.ca-refused",
    });
    const { certificatePem } = await enroll({ ...ca, id: "h9", secret: next, csrPem });
    const certificate = new X509Certificate(certificatePem);
    expect(certificate.raw.toString("latin1")).toContain('"device":"bb"');
  });

  test("has its certificates revoked one by one, and can have another afterwards", async () => {
    const both = await validCertificates({ ...ca, id: "h9" }, registrar);
    expect(both).toHaveLength(2);
    for (const certificatePem of both) {
      await revokeCertificate({ ...ca, certificatePem, reason: "superseded" }, registrar);
    }
    expect(await validCertificates({ ...ca, id: "h9" }, registrar)).toEqual([]);
    const changes = { id: "h9", attributes: {}, maxEnrollments: 3, secret };
    await modify({ ...ca, ...changes }, registrar);
    const csrPem = await csrFor("h9", newKey());
    await enroll({ ...ca, id: "h9", secret, csrPem });
    expect(await validCertificates({ ...ca, id: "h9" }, registrar)).toHaveLength(1);
  });
});

test("a CA with another certificate is not spoken to", async () => {
  const { certificatePem } = await newHousehold("h8");
  const impostor = { ...ca, tlsCertificatePem: certificatePem };
  await expect(enroll({ ...impostor, id: "h8", secret: "x", csrPem: "x" })).rejects.toMatchObject({
    code: "fabric.ca-unavailable",
  });
});
