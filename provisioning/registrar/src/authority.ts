import { createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import type { CertificateAnswer } from "@powershare/domain/enrolment";
import { CodedError } from "@powershare/domain/errors";
import { FabricError } from "@powershare/fabric";
import {
  type CaAddress,
  type CaIdentity,
  enroll,
  modify,
  type RevocationReason,
  readIdentity,
  register,
  revokeCertificate,
  validCertificates,
} from "@powershare/fabric/ca";
import type { Config } from "./config.js";

/** What the registrar wants of the CA. Refusals and silence are CodedErrors `enrolment.ca`. */
export interface CertificateAuthority {
  /**
   * Lets `id` have one more certificate, with these attributes, for this secret; registers it where it is new.
   * @param certificates how many it may have had in all with this one
   */
  grant(grant: {
    readonly id: string;
    readonly attributes: Readonly<Record<string, string>>;
    readonly secret: string;
    readonly certificates: number;
  }): Promise<void>;
  /** Fetches the certificate. The body is made here: devices choose nothing but the key. */
  enrol(request: {
    readonly id: string;
    readonly secret: string;
    readonly csrPem: string;
  }): Promise<CertificateAnswer>;
  /** Revokes all valid certificates of `id`, so that it can have others. @returns how many */
  revokeAll(id: string, reason: RevocationReason): Promise<number>;
}

/** Fabric CA, with the registrar's own identity there. */
export function fabricAuthority(config: Config["ca"]): CertificateAuthority {
  const ca: CaAddress = {
    url: config.url,
    caName: config.name,
    tlsCertificatePem: readFileSync(config.tlsCertificate, "utf8"),
  };
  const key = createPrivateKey(readFileSync(config.key));
  const registrar: CaIdentity = {
    certificatePem: readFileSync(config.certificate, "utf8"),
    sign: (message) => Promise.resolve(sign("sha256", message, key)),
  };
  return {
    grant: ({ id, attributes, secret, certificates }) =>
      asked(async () => {
        const identity = { ...ca, id, attributes, secret, maxEnrollments: certificates };
        try {
          await register({ ...identity, type: "client" }, registrar);
        } catch (error) {
          if (!(error instanceof FabricError) || error.code !== "fabric.ca-identity-exists") {
            throw error;
          }
          await requireResident(ca, id, registrar);
          await modify(identity, registrar);
        }
      }),
    enrol: (request) => asked(() => enroll({ ...ca, ...request })),
    revokeAll: (id, reason) =>
      asked(async () => {
        const valid = await validCertificates({ ...ca, id }, registrar);
        for (const certificatePem of valid) {
          await revokeCertificate({ ...ca, certificatePem, reason }, registrar);
        }
        return valid.length;
      }),
  };
}

/** Nodes and administrators are identities of the same CA: none of theirs is ever touched. */
async function requireResident(ca: CaAddress, id: string, registrar: CaIdentity): Promise<void> {
  const { type, attributes } = await readIdentity({ ...ca, id }, registrar);
  const ours = attributes.get("role") === "resident" && attributes.get("participant") === id;
  if (type === "client" && ours) return;
  throw new CodedError(
    "enrolment.enrolled",
    `${id} is another identity of the CA: choose another id`,
  );
}

async function asked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof FabricError)) throw cause;
    throw new CodedError("enrolment.ca", cause.message, { cause });
  }
}
