import { generateKeyPairSync, sign as signMessage } from "node:crypto";
import type { KeyPair, Organisation } from "@powershare/fabric";
import { createCsr, enroll } from "@powershare/fabric/ca";

export interface SoftwareClient {
  /** Enrolment id, new at the organisation's CA. */
  readonly id: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Names of a TLS certificate; without them it is an identity. */
  readonly hosts?: string[];
}

/** A new key in software with a certificate of the organisation's CA. */
export async function enrolSoftwareClient(
  organisation: Organisation,
  { id, attributes = {}, hosts }: SoftwareClient,
): Promise<KeyPair> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const csrPem = await createCsr({
    commonName: id,
    publicKeySpki: publicKey.export({ type: "spki", format: "der" }),
    sign: async (message) => signMessage("sha256", message, privateKey),
  });
  const { caName, caTlsCertificatePem, caUrl } = organisation;
  const { certificatePem } = await enroll({
    url: caUrl,
    caName,
    tlsCertificatePem: caTlsCertificatePem,
    id,
    secret: await organisation.register({ id, type: "client", attributes, maxEnrollments: 1 }),
    csrPem,
    ...(hosts && { profile: "tls" as const, hosts }),
  });
  return {
    certificatePem,
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}
