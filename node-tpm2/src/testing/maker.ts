import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { nvDefineSpace, nvUndefineSpace, nvWrite } from "../commands/nv.js";
import { NV } from "../constants.js";
import { readEndorsement } from "../endorsement.js";
import { TpmResponseError } from "../errors.js";
import { publicToSpki } from "../public-area.js";
import type { Tpm } from "../tpm.js";

// A simulated maker of chips: X.509 certificates (RFC 5280) written by hand, since Node can read but not make them.

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  const { length } = body;
  // DER wants the shortest form (X.690, 10.1).
  const long = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...(length < 0x80 ? [length] : long)]), body]);
}
const sequence = (...contents: readonly Uint8Array[]) => der(0x30, ...contents);
const oid = (hex: string) => der(0x06, Buffer.from(hex, "hex"));
const yes = der(0x01, Buffer.of(0xff));
const name = (commonName: string) =>
  sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from(commonName)))));
/** UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280, 4.1.2.5). */
function time(at: Date): Buffer {
  const text = `${at.toISOString().slice(0, 19).replace(/[-:T]/g, "")}Z`;
  return at.getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(text.slice(2)))
    : der(0x18, Buffer.from(text));
}
const extension = (oidHex: string, value: Uint8Array, critical: boolean) =>
  sequence(oid(oidHex), ...(critical ? [yes] : []), der(0x04, value));
const ecdsaWithSha256 = sequence(oid("2a8648ce3d040302"));

/** What may be wrong with a certificate, for tests; the default is a certificate as it should be. */
export interface CertificateOptions {
  readonly from?: Date;
  readonly to?: Date;
  /** cA of the basic constraints; those of a chip's certificate are never a CA. */
  readonly ca?: boolean;
  readonly pathLength?: number;
  /** A key that signs, as for a TLS server, in the place of an endorsement key. */
  readonly signs?: boolean;
  /** Further extensions by OID in hex, each with this flag. */
  readonly extensions?: readonly { oidHex: string; value: Uint8Array; critical: boolean }[];
}

export interface Maker {
  readonly name: string;
  readonly certificate: Uint8Array;
  readonly certificatePem: string;
  /** A CA below this one. */
  intermediate(commonName: string, options?: CertificateOptions): Maker;
  /** The certificate of a chip's endorsement key, DER; the key as SubjectPublicKeyInfo. */
  certify(spki: Uint8Array, options?: CertificateOptions): Uint8Array;
}

/** A maker's root with a new key, certified by itself. */
export function simulatedMaker(commonName: string, options: CertificateOptions = {}): Maker {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  const issuer = { name: commonName, privateKey };
  return maker(issuer, certificate(issuer, commonName, spki, { ca: true, ...options }));
}

function maker(issuer: Issuer, own: Uint8Array): Maker {
  return {
    name: issuer.name,
    certificate: own,
    certificatePem: toPem(own),
    intermediate(commonName, options) {
      const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const spki = publicKey.export({ type: "spki", format: "der" });
      const made = certificate(issuer, commonName, spki, { ca: true, ...options });
      return maker({ name: commonName, privateKey }, made);
    },
    certify: (spki, options) =>
      certificate(issuer, "simulated TPM", spki, { ca: false, ...options }),
  };
}

interface Issuer {
  readonly name: string;
  readonly privateKey: KeyObject;
}
const yearMs = 365 * 86_400_000;

function certificate(
  issuer: Issuer,
  subject: string,
  spki: Uint8Array,
  options: CertificateOptions,
): Uint8Array {
  const { from = new Date("2020-01-01"), to = new Date(Date.now() + 20 * yearMs) } = options;
  const { ca = false, pathLength, signs = false, extensions = [] } = options;
  const constraints = sequence(
    ...(ca ? [yes] : []),
    ...(pathLength === undefined ? [] : [der(0x02, Buffer.of(pathLength))]),
  );
  // keyCertSign for a CA, digitalSignature or, for an endorsement key on a curve, keyAgreement.
  const ofLeaf = signs ? Buffer.of(7, 0x80) : Buffer.of(3, 0x08);
  const keyUsage = der(0x03, ca ? Buffer.of(2, 0x04) : ofLeaf);
  const serial = Buffer.concat([Buffer.of(0x40), randomBytes(15)]);
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, serial),
    ecdsaWithSha256,
    name(issuer.name),
    sequence(time(from), time(to)),
    name(subject),
    spki,
    der(
      0xa3,
      sequence(
        extension("551d13", constraints, true),
        extension("551d0f", keyUsage, true),
        ...extensions.map(({ oidHex, value, critical }) => extension(oidHex, value, critical)),
      ),
    ),
  );
  const signature = sign("sha256", toBeSigned, issuer.privateKey);
  const signed = sequence(toBeSigned, ecdsaWithSha256, der(0x03, Buffer.of(0), signature));
  return Uint8Array.from(signed);
}

function toPem(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

const certificateIndex = 0x01c0000a;
const chunkBytes = 500;

/** Certifies the endorsement key of a software TPM and writes the certificate where a maker's chip has it. */
export async function equipWithCertificate(tpm: Tpm, by: Maker): Promise<Uint8Array> {
  const { publicArea } = await readEndorsement(tpm).catch(async (error: unknown) => {
    // One for another key, from an earlier run.
    if (!(error instanceof Error) || !("code" in error) || error.code !== "tpm.certificate")
      throw error;
    await tpm.run(nvUndefineSpace(certificateIndex));
    return readEndorsement(tpm);
  });
  const made = by.certify(publicToSpki(publicArea));
  await writeCertificate(tpm, made);
  return made;
}

/** Puts any bytes where a maker's certificate belongs. */
export async function writeCertificate(tpm: Tpm, bytes: Uint8Array): Promise<void> {
  await tpm.run(nvUndefineSpace(certificateIndex)).catch((error: unknown) => {
    if (!(error instanceof TpmResponseError)) throw error;
  });
  const attributes = NV.authRead | NV.authWrite | NV.noDa;
  const area = { attributes, authPolicy: new Uint8Array(), dataBytes: bytes.length };
  await tpm.run(nvDefineSpace({ index: certificateIndex, ...area }));
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    await tpm.run(nvWrite(certificateIndex, at, bytes.slice(at, at + chunkBytes)));
  }
}
