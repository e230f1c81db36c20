import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { CodedError } from "@powershare/domain/errors";
import {
  type CertifyingIdentity,
  RegistrarClient,
  renewCertificate,
} from "@powershare/registrar-client";
import type { HouseholdCertificate } from "../../ports/certificate.js";
import { writeWhole } from "../disk/write-whole.js";

export interface CertificateOptions {
  /** PEM file. */
  readonly path: string;
  readonly participant: string;
  /** Where it is renewed; undefined where that is left to people. */
  readonly registrar: { readonly url: string; readonly tlsRootCertificate: string } | undefined;
  readonly withIdentity: <T>(use: (identity: CertifyingIdentity) => Promise<T>) => Promise<T>;
  /** Told when a new one is in the file. */
  readonly onRenewed: () => Promise<void>;
}

/** The certificate in its file, renewed by the operator's registrar for the key in the TPM. */
export function householdCertificate(options: CertificateOptions): HouseholdCertificate {
  const { path, participant, registrar, withIdentity, onRenewed } = options;
  let current = new X509Certificate(readFileSync(path));
  return {
    endsAtMs: () => Date.parse(current.validTo),
    async renew(stopping) {
      if (registrar === undefined) {
        throw new CodedError("enrolment.renewal", "the configuration names no registrar");
      }
      const { url, tlsRootCertificate } = registrar;
      const caPem = readFileSync(tlsRootCertificate, "utf8");
      const client = new RegistrarClient({ url, caPem, signal: stopping });
      const renewed = await withIdentity((identity) =>
        renewCertificate({ identity, client, participant, current }),
      );
      writeWhole(path, renewed, 0o644);
      current = new X509Certificate(renewed);
      await onRenewed();
    },
  };
}
