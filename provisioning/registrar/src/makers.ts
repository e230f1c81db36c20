import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "@powershare/domain/errors";
import { type Extensions, extensionsOf } from "./extensions.js";

interface Authority {
  readonly certificate: X509Certificate;
  readonly extensions: Extensions;
}

/** The makers whose chips are taken: roots by the operator's choice, and certificates between. */
export interface Makers {
  readonly roots: readonly Authority[];
  readonly between: readonly Authority[];
}

/** No maker has more CAs between root and chip. */
const mostBetween = 4;
/** tcg-kp-EKCertificate of the TCG EK Credential Profile, clause 3.2.16. */
const endorsementPurpose = "2.23.133.8.1";

/**
 * Reads all certificates of a folder, PEM (also several in a file) or DER; those that certify themselves are roots.
 * @throws CodedError config.invalid where the folder or a file cannot be read, or one is no CA's certificate
 */
export function loadMakers(folder: string): Makers {
  const all = listFiles(folder).flatMap((path) => readAuthorities(path));
  const isRoot = ({ certificate }: Authority) =>
    certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
  return { roots: all.filter(isRoot), between: all.filter((one) => !isRoot(one)) };
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(pem|crt|cer|der)$/i.test(entry.name))
      .map(({ name }) => join(folder, name))
      .toSorted();
  } catch (cause) {
    throw new CodedError("config.invalid", `makers.folder: cannot read ${folder}`, { cause });
  }
}

function readAuthorities(path: string): Authority[] {
  try {
    return certificatesIn(readFileSync(path)).map((certificate) => {
      const extensions = extensionsOf(certificate);
      if (!extensions.ca) throw new RangeError("it is no CA's");
      return { certificate, extensions };
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CodedError("config.invalid", `makers.folder: ${path}: ${reason}`, { cause });
  }
}

function certificatesIn(bytes: Buffer): X509Certificate[] {
  const text = bytes.toString("latin1");
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  return (blocks ?? [bytes]).map((block) => new X509Certificate(block));
}

/**
 * Checks a chip's certificate: for this very endorsement key, valid at `at`, and by a chain of CAs, each
 * valid and allowed to be where it stands (RFC 5280, 6.1), under one of the roots.
 * @param der of the certificate; undefined where the chip has none
 * @param spki of the endorsement key, DER
 * @returns subject of the root
 * @throws CodedError enrolment.maker
 */
export function checkMaker(
  der: Uint8Array | undefined,
  spki: Uint8Array,
  makers: Makers,
  at: Date,
): string {
  if (der === undefined) throw refusal("the TPM has no certificate of its maker for this key");
  const leaf = read(der);
  const { certificate, extensions } = leaf;
  if (!certificate.publicKey.export({ type: "spki", format: "der" }).equals(spki)) {
    throw refusal("the TPM's certificate is for another key than its endorsement key");
  }
  if (extensions.ca) throw refusal("the TPM's certificate is that of a CA");
  if (extensions.purposes && !extensions.purposes.includes(endorsementPurpose)) {
    throw refusal("the TPM's certificate is not for endorsement keys");
  }
  requireUsable(leaf, at);
  let last = leaf;
  for (let below = 0; below <= mostBetween; below++) {
    const root = makers.roots.find((one) => issued(one, last));
    if (root !== undefined) {
      requireIssuer(root, below, at);
      return nameOf(root.certificate);
    }
    const next = makers.between.find((one) => issued(one, last));
    if (next === undefined) break;
    requireIssuer(next, below, at);
    last = next;
  }
  throw refusal(`no trusted maker issued the certificate of ${nameOf(last.certificate)}`);
}

function read(der: Uint8Array): Authority {
  try {
    const certificate = new X509Certificate(der);
    if (certificate.raw.length !== der.length) throw new RangeError("something follows it");
    // Reading the key throws for one of a kind that OpenSSL does not know.
    certificate.publicKey.export({ type: "spki", format: "der" });
    return { certificate, extensions: extensionsOf(certificate) };
  } catch (cause) {
    throw refusal("the TPM's certificate cannot be read", cause);
  }
}

function issued(issuer: Authority, subject: Authority): boolean {
  const { certificate } = issuer;
  return (
    subject.certificate.checkIssued(certificate) &&
    subject.certificate.verify(certificate.publicKey)
  );
}

/** @param below how many CAs stand between it and the chip */
function requireIssuer(issuer: Authority, below: number, at: Date): void {
  const { certificate, extensions } = issuer;
  requireUsable(issuer, at);
  if (!extensions.ca || extensions.signsCertificates === false) {
    throw refusal(`${nameOf(certificate)} may not issue certificates`);
  }
  if (extensions.pathLength !== undefined && below > extensions.pathLength) {
    throw refusal(`${nameOf(certificate)} allows ${extensions.pathLength} CAs below it`);
  }
}

function requireUsable({ certificate, extensions }: Authority, at: Date): void {
  const { validFrom, validTo } = certificate;
  if (at < new Date(validFrom) || at > new Date(validTo)) {
    throw refusal(
      `the certificate of ${nameOf(certificate)} holds from ${validFrom} to ${validTo}`,
    );
  }
  const [unknown] = extensions.unknownCritical;
  if (unknown !== undefined) {
    throw refusal(
      `the certificate of ${nameOf(certificate)} has the critical extension ${unknown}`,
    );
  }
}

function nameOf({ subject }: X509Certificate): string {
  // Directory names of chips lie in the alternative name; the subject may be empty.
  return (subject ?? "").replaceAll("\n", ", ") || "the TPM";
}

function refusal(message: string, cause?: unknown): CodedError {
  return new CodedError("enrolment.maker", message, { cause });
}
