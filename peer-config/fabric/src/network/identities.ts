import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CaAddress, type CaIdentity, createCsr, enroll, register } from "../ca/index.js";
import { writePrivate } from "./files.js";
import type { NodeFiles } from "./layout.js";
import {
  caName,
  HOST,
  type Member,
  REGISTRAR_ID,
  renderChaincodeConnection,
  renderNodeOus,
  tlsCaName,
} from "./render.js";

/** Names and addresses in every TLS certificate of a network on one machine. */
const TLS_HOSTS = ["localhost", "127.0.0.1"];

/** A key in software with its certificate: nodes and administrators; households have theirs in a TPM. */
export interface KeyPair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** The member's CA for identities. */
export function caAddress({ spec, files, ports }: Member): CaAddress {
  return {
    url: `https://${HOST}:${ports.ca}`,
    tlsCertificatePem: readFileSync(files.caCertificate, "utf8"),
    caName: caName(spec),
  };
}

/** Identity that acts with a private key in PEM. */
export function identityOf({ certificatePem, privateKeyPem }: KeyPair): CaIdentity {
  const key = createPrivateKey(privateKeyPem);
  return { certificatePem, sign: (message) => Promise.resolve(sign("sha256", message, key)) };
}

/** Registrar and administrator as they were kept at the first start. */
export function readKeyPair(dir: string): KeyPair {
  return {
    certificatePem: readFileSync(join(dir, "signcerts", "cert.pem"), "utf8"),
    privateKeyPem: readFileSync(join(dir, "keystore", "key.pem"), "utf8"),
  };
}

/**
 * Gives a member everything that proves who is who, all of it from its own CA: registrar, administrator, orderer,
 * peer and chaincode, each with a key of its own, and the MSP folders that Fabric reads.
 */
export async function enrolMember(member: Member, registrarSecret: string): Promise<void> {
  const { spec, files } = member;
  const ca = caAddress(member);
  const tlsCa = { ...ca, caName: tlsCaName(spec) };
  const bootstrap = { id: REGISTRAR_ID, secret: registrarSecret };
  const [registrar, tlsRegistrar] = await Promise.all([
    enrolNewKey(ca, bootstrap),
    enrolNewKey(tlsCa, bootstrap),
  ]);
  writeKeyPair(files.registrarDir, registrar);
  writeMsp(files.mspDir, member);
  await Promise.all([
    registerAndEnrol(ca, registrar, `admin-${spec.name}`, "admin", spec.adminAttributes).then(
      (admin) => writeMsp(files.adminMspDir, member, admin),
    ),
    ...(["orderer", "peer"] as const).map(async (kind) => {
      const node = await registerAndEnrol(ca, registrar, `${kind}-${spec.name}`, kind, {});
      writeMsp(files[kind].mspDir, member, node);
    }),
    ...(["orderer", "peer", "chaincode"] as const).map(async (kind) => {
      await enrolTls(tlsCa, tlsRegistrar, `${kind}-${spec.name}`, files[kind]);
    }),
  ]);
  writePrivate(files.chaincodeConnection, renderChaincodeConnection(member));
}

async function enrolTls(tlsCa: CaAddress, registrar: KeyPair, id: string, files: NodeFiles) {
  const secret = await register({ ...tlsCa, id, type: "client" }, identityOf(registrar));
  const tls = await enrolNewKey(tlsCa, { id, secret, profile: "tls", hosts: TLS_HOSTS });
  writePrivate(files.tlsKey, tls.privateKeyPem);
  writePrivate(files.tlsCertificate, tls.certificatePem);
}

async function registerAndEnrol(
  ca: CaAddress,
  registrar: KeyPair,
  id: string,
  type: "admin" | "orderer" | "peer",
  attributes: Readonly<Record<string, string>>,
): Promise<KeyPair> {
  const secret = await register({ ...ca, id, type, attributes }, identityOf(registrar));
  return enrolNewKey(ca, { id, secret });
}

async function enrolNewKey(
  ca: CaAddress,
  request: { id: string; secret: string; profile?: "tls"; hosts?: string[] },
): Promise<KeyPair> {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const csrPem = await createCsr({
    commonName: request.id,
    publicKeySpki: publicKey.export({ type: "spki", format: "der" }),
    sign: (tbs) => Promise.resolve(sign("sha256", tbs, privateKey)),
  });
  const { certificatePem } = await enroll({ ...ca, ...request, csrPem });
  return { certificatePem, privateKeyPem: toPem(privateKey) };
}

function toPem(privateKey: KeyObject): string {
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** An MSP folder: that of an organisation, or with a key pair that of one of its identities. */
function writeMsp(dir: string, { files }: Member, own?: KeyPair): void {
  for (const [folder, name, certificate] of [
    ["cacerts", "ca.pem", files.caCertificate],
    ["tlscacerts", "tlsca.pem", files.tlsCaCertificate],
  ] as const) {
    mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 });
    copyFileSync(certificate, join(dir, folder, name));
  }
  writePrivate(join(dir, "config.yaml"), renderNodeOus());
  if (own) writeKeyPair(dir, own);
}

function writeKeyPair(dir: string, { certificatePem, privateKeyPem }: KeyPair): void {
  writePrivate(join(dir, "signcerts", "cert.pem"), certificatePem);
  writePrivate(join(dir, "keystore", "key.pem"), privateKeyPem);
}
