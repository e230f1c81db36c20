import { X509Certificate } from "node:crypto";
import { CodedError } from "@powershare/domain/errors";
import { readText } from "./input-file.js";
import { UnreadableInput } from "./output.js";

/** Longer chains than this are not built by any CA of ours. */
const longestChain = 8;

export interface CertificateProof {
  readonly subject: string;
  /** The trusted certificate at the end of the chain; undefined where none was asked for. */
  readonly trustedBy: string | undefined;
}

/** The certificates in a PEM file, at least one. Throws UnreadableInput. */
export async function readCertificates(path: string): Promise<X509Certificate[]> {
  const text = await readText(path, 1);
  try {
    const found = certificatesOf(text);
    if (found.length > 0) return found;
  } catch (cause) {
    throw new UnreadableInput(`${path}: holds a block that is no certificate`, { cause });
  }
  throw new UnreadableInput(`${path}: expected CERTIFICATE blocks in PEM`);
}

/** Certificates of a PEM text, in order; none where it is no PEM. Throws for a block that is no certificate. */
export function certificatesOf(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/**
 * Checks that the first certificate of `certificatePem` is for this key (SubjectPublicKeyInfo, DER),
 * was valid at `at`, and, with `trust`, that it or the further certificates lead to one of those.
 * Throws `evidence.certificate`.
 */
export function checkCertificate(
  certificatePem: string,
  { readingSpki, at }: { readonly readingSpki: Uint8Array; readonly at: Date },
  trust: readonly X509Certificate[] | undefined,
): CertificateProof {
  const [leaf, ...further] = chainIn(certificatePem);
  if (leaf === undefined) throw refusal("the file's certificatePem holds no certificate");
  if (!leaf.publicKey.export({ format: "der", type: "spki" }).equals(readingSpki)) {
    throw refusal(`the certificate of ${nameOf(leaf)} is for another key than the reading key`);
  }
  requireValid(leaf, at);
  if (trust === undefined) return { subject: nameOf(leaf), trustedBy: undefined };
  let last = leaf;
  for (let length = 0; length < longestChain; length++) {
    const anchor = trust.find((candidate) => issued(candidate, last));
    if (anchor !== undefined) {
      requireValid(anchor, at);
      return { subject: nameOf(leaf), trustedBy: nameOf(anchor) };
    }
    const next = further.find((candidate) => issued(candidate, last));
    if (next === undefined) break;
    requireValid(next, at);
    last = next;
  }
  throw refusal(`nobody trusted issued the certificate of ${nameOf(last)}`);
}

function chainIn(pem: string): X509Certificate[] {
  try {
    return certificatesOf(pem);
  } catch (cause) {
    throw refusal("the file's certificatePem cannot be read", cause);
  }
}

function issued(issuer: X509Certificate, subject: X509Certificate): boolean {
  return issuer.ca && subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}

function requireValid(certificate: X509Certificate, at: Date): void {
  const { validFrom, validTo } = certificate;
  if (at < new Date(validFrom) || at > new Date(validTo)) {
    throw refusal(
      `the certificate of ${nameOf(certificate)} holds from ${validFrom} to ${validTo}, not at ${at.toISOString()}`,
    );
  }
}

function nameOf({ subject }: X509Certificate): string {
  return subject.replaceAll("\n", ", ");
}

function refusal(message: string, cause?: unknown): CodedError {
  return new CodedError("evidence.certificate", message, { cause });
}
