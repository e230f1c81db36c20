import { X509Certificate } from "node:crypto";
import { CodedError } from "@powershare/domain/errors";
import { fromHex } from "@powershare/domain/evidence";
import { type CertifyingIdentity, certificationOf, csrOf } from "./device-proofs.js";
import type { RegistrarClient } from "./registrar-client.js";

export interface Renewal {
  readonly identity: CertifyingIdentity;
  readonly client: Pick<RegistrarClient, "challenge" | "renew">;
  readonly participant: string;
  /** What is to be renewed; may have ended. */
  readonly current: X509Certificate;
}

/**
 * A new certificate for the same key: the attestation key certifies it anew over the registrar's challenge.
 * Where the answer to an earlier renewal was lost, the certificate of that one comes again.
 * @returns PEM; nothing is kept here
 * @throws CodedError enrolment.renewal where none but the current one is given yet, enrolment.response for another key's,
 *   what the registrar refuses, enrolment.unavailable; TpmError
 */
export async function renewCertificate({
  identity,
  client,
  participant,
  current,
}: Renewal): Promise<string> {
  const { challenge } = await client.challenge(identity.device);
  const { certificatePem } = await client.renew({
    v: 1,
    device: identity.device,
    challenge,
    certification: await certificationOf(identity, fromHex(challenge)),
    csrPem: await csrOf(identity, participant),
  });
  const renewed = requireOwnKey(certificatePem, identity.readingSpki);
  if (!renewed.raw.equals(current.raw)) return certificatePem;
  throw new CodedError(
    "enrolment.renewal",
    `the registrar gives no other certificate yet than the one until ${current.validTo}`,
  );
}

/** @throws CodedError enrolment.response where it cannot be read, or is for another key */
export function requireOwnKey(certificatePem: string, spki: Uint8Array): X509Certificate {
  try {
    const certificate = new X509Certificate(certificatePem);
    const key = certificate.publicKey.export({ type: "spki", format: "der" });
    if (key.equals(spki)) return certificate;
  } catch (cause) {
    throw new CodedError("enrolment.response", "the certificate cannot be read", { cause });
  }
  throw new CodedError(
    "enrolment.response",
    "the certificate is for another key than this device's",
  );
}
