import { householdCertificate } from "./adapters/enrolment/certificate.js";
import type { TpmIdentity } from "./adapters/tpm/signer.js";
import type { Loop } from "./app/loop.js";
import { type RenewCertificateOptions, renewCertificate } from "./app/renew-certificate.js";
import type { Config } from "./config/schema.js";

/** Without a registrar, when people are told to renew it by hand. */
const remindFromDays = 30;

export interface CertificateKeepingOptions
  extends Pick<RenewCertificateOptions, "clock" | "random" | "health"> {
  readonly config: Pick<Config, "ledger" | "participant" | "registrar">;
  readonly signer: TpmIdentity;
  /** Has the ledger's client use what is in the file now. */
  readonly useNewCertificate: () => Promise<void>;
}

/** Renews the household's certificate as long as the agent runs. */
export function keepCertificate(options: CertificateKeepingOptions): {
  readonly renewing: Loop;
  /** Milliseconds since 1970. */
  readonly endsAtMs: () => number;
} {
  const { config, signer, useNewCertificate, ...rest } = options;
  const { ledger, participant, registrar } = config;
  const certificate = householdCertificate({
    path: ledger.certificate,
    participant,
    registrar,
    withIdentity: (use) => signer.withIdentity(use),
    onRenewed: useNewCertificate,
  });
  const fromDays = registrar?.renewFromDays ?? remindFromDays;
  return {
    renewing: renewCertificate({ ...rest, certificate, fromDays }),
    endsAtMs: () => certificate.endsAtMs(),
  };
}
