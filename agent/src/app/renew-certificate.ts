import { CodedError } from "@powershare/domain/errors";
import type { HouseholdCertificate } from "../ports/certificate.js";
import type { Clock } from "../ports/clock.js";
import { Backoff, type Random } from "./backoff.js";
import { type Loop, startLoop } from "./loop.js";
import type { Health } from "./watch-health.js";

const dayMs = 86_400_000;
const retryFirstMs = 60_000;
const retryMaxMs = 6 * 3_600_000;

export interface RenewCertificateOptions {
  readonly certificate: HouseholdCertificate;
  /** Days before its end from which on it is renewed. */
  readonly fromDays: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly health: Health;
}

/** Looks about once a day whether the certificate is to be renewed, and says for how long it still holds where that fails. */
export function renewCertificate(options: RenewCertificateOptions): Loop {
  const { certificate, fromDays, clock, random, health } = options;
  const backoff = new Backoff(retryFirstMs, retryMaxMs, random);
  return startLoop(clock, async (stopping) => {
    const leftMs = certificate.endsAtMs() - clock.nowMs();
    try {
      if (leftMs <= fromDays * dayMs) await certificate.renew(stopping);
      health.ok("ledger", "certificate");
      backoff.reset();
      // Not all households of a street at the same hour.
      return dayMs * (0.75 + random() / 2);
    } catch (error) {
      health.problem(
        "ledger",
        "certificate",
        leftMs > 0 ? "degraded" : "failed",
        ending(leftMs, error),
      );
      return backoff.next();
    }
  });
}

function ending(leftMs: number, cause: unknown): CodedError {
  const days = Math.floor(Math.abs(leftMs) / dayMs);
  const when = leftMs > 0 ? `ends in ${days} days` : `ended ${days} days ago`;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CodedError(
    "ledger.certificate-ends",
    `the household's certificate ${when} and was not renewed: ${reason}`,
    { cause },
  );
}
