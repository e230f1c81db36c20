import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fabricBinaries } from "../binaries.js";
import { writePrivate } from "../network/files.js";
import { caAddress } from "../network/identities.js";
import { networkFiles } from "../network/layout.js";
import { loadPorts } from "../network/ports.js";
import { ManagedProcess } from "../network/process.js";
import { processSpecs } from "../network/processes.js";
import { membersOf, REGISTRAR_ID, renderCa } from "../network/render.js";
import { topologies } from "../topology.js";
import {
  type CaAddress,
  type CaIdentity,
  createCsr,
  enroll,
  reenroll,
  register,
  revoke,
} from "./index.js";

let dir: string;
let server: ManagedProcess;
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
  dir = mkdtempSync(join(tmpdir(), "powershare-ca-"));
  const files = networkFiles(dir);
  const topology = topologies.neighbourhood;
  const ports = await loadPorts(
    files.ports,
    topology.organisations.map(({ name }) => name),
  );
  const [member] = membersOf(topology, ports, files);
  if (!member) throw new Error("the topology has a member");
  const rendered = renderCa(member, "s3cret");
  const { caHome } = member.files;
  writePrivate(join(caHome, "fabric-ca-server-config.yaml"), rendered.ca);
  writePrivate(join(caHome, "tlsca", "fabric-ca-server-config.yaml"), rendered.tlsCa);
  const chaincode = { main: "unused", packageId: "unused" };
  const specs = processSpecs(member, files, fabricBinaries(), chaincode);
  server = new ManagedProcess(specs.ca, () => undefined);
  server.start();
  await server.ready(30_000);
  ca = caAddress(member);
  const key = newKey();
  const csrPem = await csrFor(REGISTRAR_ID, key);
  const { certificatePem } = await enroll({ ...ca, id: REGISTRAR_ID, secret: "s3cret", csrPem });
  registrar = { certificatePem, sign: signWith(key) };
});
afterAll(async () => {
  await server.stop({ signal: "SIGTERM", graceMs: 5_000 });
  rmSync(dir, { recursive: true });
});

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

test("a CA with another certificate is not spoken to", async () => {
  const { certificatePem } = await newHousehold("h8");
  const impostor = { ...ca, tlsCertificatePem: certificatePem };
  await expect(enroll({ ...impostor, id: "h8", secret: "x", csrPem: "x" })).rejects.toMatchObject({
    code: "fabric.ca-unavailable",
  });
});
