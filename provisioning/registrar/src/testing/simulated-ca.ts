import { CodedError } from "@powershare/domain/errors";
import { simulatedMaker } from "node-tpm2/testing";
import type { CertificateAuthority } from "../authority.js";
import { elements, inside } from "../der.js";

interface Identity {
  secret: string;
  attributes: Readonly<Record<string, string>>;
  most: number;
  issued: number;
}

/** A CA as Fabric's is from outside: identities, a secret each, a number of certificates; and faults. */
export class SimulatedCa implements CertificateAuthority {
  readonly identities = new Map<string, Identity>();
  readonly revoked: string[] = [];
  /** Answers to the next calls are lost after they were carried out, so many times. */
  lostAnswers = 0;
  away = false;
  readonly #issuer = simulatedMaker("ca-community");
  readonly #validForMs: number;
  readonly #now: () => Date;

  constructor(now: () => Date, validForMs = 365 * 86_400_000) {
    this.#now = now;
    this.#validForMs = validForMs;
  }

  /** The secret that the registrar gave last: what only the right TPM gets out of the credential. */
  secretOf(id: string): string {
    return this.identities.get(id)?.secret ?? "";
  }

  async grant(grant: Parameters<CertificateAuthority["grant"]>[0]): Promise<void> {
    const { id, attributes, secret, certificates } = grant;
    this.#requireUp();
    const issued = this.identities.get(id)?.issued ?? 0;
    this.identities.set(id, { secret, attributes, most: certificates, issued });
    this.#maybeLose();
  }

  async enrol(request: { id: string; secret: string; csrPem: string }) {
    this.#requireUp();
    const identity = this.identities.get(request.id);
    if (identity?.secret !== request.secret || identity.issued >= identity.most) {
      throw new CodedError("enrolment.ca", "refused: wrong secret, or used up");
    }
    identity.issued += 1;
    const to = new Date(this.#now().getTime() + this.#validForMs);
    const der = this.#issuer.certify(spkiOf(request.csrPem), { to });
    this.#maybeLose();
    const body = (
      Buffer.from(der)
        .toString("base64")
        .match(/.{1,64}/g) ?? []
    ).join("\n");
    return {
      certificatePem: `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`,
      chainPem: this.#issuer.certificatePem,
    };
  }

  async revokeAll(id: string): Promise<number> {
    this.#requireUp();
    this.revoked.push(id);
    return 1;
  }

  #requireUp(): void {
    if (this.away) throw new CodedError("enrolment.ca", "the CA does not answer");
  }

  #maybeLose(): void {
    if (this.lostAnswers === 0) return;
    this.lostAnswers -= 1;
    throw new CodedError("enrolment.ca", "the CA's answer was lost");
  }
}

function spkiOf(csrPem: string): Uint8Array {
  const der = Buffer.from(csrPem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const [toBeSigned] = inside(elements(der)[0]);
  return inside(toBeSigned)[2]?.whole ?? new Uint8Array();
}
