import { createPublicKey, X509Certificate } from "node:crypto";
import {
  type Approval,
  type CertificateAnswer,
  type CertificateRequest,
  type EnrolmentRequest,
  type EnrolmentStatus,
  type EnrolmentTicket,
  enrolmentCode,
  type NetworkAccess,
  type RenewalRequest,
  type Scrypt,
} from "@powershare/domain/enrolment";
import { CodedError } from "@powershare/domain/errors";
import { fromHex, parseKeyCertify, toHex } from "@powershare/domain/evidence";
import type { LedgerEpoch, StatusReason } from "@powershare/domain/ledger";
import type { RevocationReason } from "@powershare/fabric/ca";
import { type Admitted, admit, crypto, verifyCertification } from "./admit.js";
import { Approvals, attributesOf } from "./approvals.js";
import type { CertificateAuthority } from "./authority.js";
import { Challenges } from "./challenges.js";
import type { Limits } from "./config.js";
import { checkCsr } from "./csr.js";
import { type Enrolment, Enrolments } from "./enrolments.js";
import type { OperatorLedger } from "./ledger.js";
import type { Makers } from "./makers.js";
import { hashOf, isHashOf, newToken, type RandomBytes } from "./secrets.js";
import type { Connection } from "./store.js";
import { Turns } from "./turns.js";

export interface RegistrarParts {
  readonly store: Connection;
  readonly makers: Makers;
  readonly policy: "require" | "operator-decides";
  readonly ca: CertificateAuthority;
  /** Undefined where participants are registered on the ledger by hand. */
  readonly ledger: OperatorLedger | undefined;
  readonly microgrid: string;
  readonly network: NetworkAccess;
  readonly limits: Limits;
  readonly now: () => Date;
  readonly random: RandomBytes;
  /** Of `node:crypto`. */
  readonly scrypt: Scrypt["scrypt"];
}

const mostWrongSecrets = 5;
const dayMs = 86_400_000;
const caReason: Partial<Record<StatusReason, RevocationReason>> = {
  "device-lost": "keycompromise",
  "key-compromised": "keycompromise",
  "device-replaced": "superseded",
  left: "cessationofoperation",
};

/** Enrolment, from a device's request to its certificate. Refusals are CodedErrors `enrolment.*`. */
export class Registrar {
  readonly enrolments: Enrolments;
  readonly #parts: RegistrarParts;
  readonly #approvals: Approvals;
  readonly #challenges: Challenges;
  readonly #turns = new Turns();

  constructor(parts: RegistrarParts) {
    const { store, now, random } = parts;
    this.#parts = parts;
    this.enrolments = new Enrolments(store, now);
    this.#challenges = new Challenges(store, now, random);
    this.#approvals = new Approvals({ ...parts, enrolments: this.enrolments, turns: this.#turns });
  }

  /** A device's request, checked and queued for the operator. */
  async submit(request: EnrolmentRequest): Promise<EnrolmentTicket> {
    const { makers, policy, now, random, limits, scrypt } = this.#parts;
    const admitted = admit(request, { makers, policy, at: now() });
    this.#requireNew(admitted);
    const id = toHex(random(16));
    const token = newToken(random);
    const code = await enrolmentCode(request, { sha256: crypto.sha256, scrypt });
    const createdAt = now();
    this.enrolments.add(
      {
        id,
        tokenHash: hashOf(token),
        code,
        hash: admitted.hash,
        request,
        device: admitted.device,
        attestationName: toHex(admitted.attestationName),
        readingSpki: toHex(admitted.readingSpki),
        maker: admitted.maker,
        createdAt,
        expiresAt: new Date(createdAt.getTime() + limits.expiryHours * 3_600_000),
      },
      limits.waiting,
    );
    return { id, token, code };
  }

  /** @throws CodedError enrolment.ledger where this registrar does not reach the ledger; ledger.* */
  async meterEpochs(): Promise<readonly LedgerEpoch[]> {
    return await this.#ledger.meterEpochs();
  }

  /** @throws as `meterEpochs`; metering.*, participants.* where the ledger refuses */
  async confirmMeterEpoch(
    epoch: Parameters<OperatorLedger["confirmMeterEpoch"]>[0],
  ): Promise<void> {
    await this.#ledger.confirmMeterEpoch(epoch);
  }

  get #ledger(): OperatorLedger {
    const { ledger } = this.#parts;
    if (ledger !== undefined) return ledger;
    throw new CodedError("enrolment.ledger", "this registrar does not reach the ledger");
  }

  /** An enrolment by its own token. @throws CodedError enrolment.token: also for an id that is not there */
  authorised(id: string, token: string): Enrolment {
    const found = this.enrolments.find(id);
    if (found !== undefined && isHashOf(found.token_hash, token)) return found;
    throw new CodedError("enrolment.token", "there is no such enrolment for this token");
  }

  /** @throws CodedError enrolment.token */
  require(id: string): Enrolment {
    const found = this.enrolments.find(id);
    if (found !== undefined) return found;
    throw new CodedError("enrolment.token", `there is no enrolment ${id}`);
  }

  statusOf({ state, reason, credential, approval }: Enrolment): EnrolmentStatus {
    if (state === "declined" || state === "expired") return { state, reason: reason ?? state };
    if (state === "waiting" || state === "approving") return { state: "waiting" };
    return {
      state,
      network: this.#parts.network,
      ...(credential === null ? {} : { credential }),
      ...(approval === null ? {} : { participant: approval.participant }),
    };
  }

  async approve(id: string, approval: Approval, operator: string): Promise<Enrolment> {
    await this.#approvals.approve(this.require(id), approval, operator);
    return this.require(id);
  }

  decline(id: string, reason: string, operator: string): Enrolment {
    this.enrolments.decline(this.require(id).id, reason, operator);
    this.enrolments.note(operator, "decline", id);
    return this.require(id);
  }

  /** The certificate for the secret of the credential; the same one again for the same key. */
  certify(id: string, { secret, csrPem }: CertificateRequest): Promise<CertificateAnswer> {
    return this.#turns.take(id, async () => {
      const enrolment = this.require(id);
      const participant = requireCertifiable(enrolment);
      if (!isHashOf(enrolment.secret_hash, secret)) this.#refuseSecret(enrolment);
      await checkCsr(csrPem, fromHex(enrolment.reading_spki), participant);
      if (enrolment.certificate !== null) return enrolment.certificate;
      return await this.#issue(enrolment, { participant, secret, csrPem });
    });
  }

  challenge(device: string): { challenge: string; expiresAt: string } {
    if (this.enrolments.issuedTo(device) === undefined) {
      throw new CodedError("enrolment.renewal", "this device has no certificate to renew");
    }
    return this.#challenges.make(device);
  }

  /**
   * A new certificate for the same key, which its TPM certifies anew; before it is due the one that there is,
   * for the answer with it may have been lost.
   */
  async renew(request: RenewalRequest): Promise<CertificateAnswer> {
    const { device, challenge, certification, csrPem } = request;
    this.#challenges.take(challenge, device);
    const enrolment = this.enrolments.issuedTo(device);
    const participant = enrolment?.approval?.participant;
    if (enrolment === undefined || participant === undefined) {
      throw new CodedError("enrolment.renewal", "this device has no certificate to renew");
    }
    const { attestationPublic, readingPublic } = enrolment.request;
    const attest = fromHex(certification.attest);
    const signature = fromHex(certification.signature);
    verifyCertification(fromHex(attestationPublic), fromHex(readingPublic), { attest, signature });
    if (toHex(parseKeyCertify(attest).extraData) !== challenge) {
      throw new CodedError("enrolment.attestation", "the attestation covers another challenge");
    }
    await checkCsr(csrPem, fromHex(enrolment.reading_spki), participant);
    return await this.#turns.take(enrolment.id, async () => {
      const { certificate } = this.require(enrolment.id);
      if (certificate !== null && !this.#isDue(certificate)) return certificate;
      const secret = newToken(this.#parts.random);
      return await this.#grantAndIssue(enrolment, { participant, secret, csrPem });
    });
  }

  /** Status on the ledger first, for that is what counts; then the certificates. */
  async revoke(participant: string, reason: StatusReason, operator: string): Promise<void> {
    const { ca, ledger } = this.#parts;
    this.enrolments.note(operator, `revoke: ${reason}`, participant);
    await ledger?.setStatus(participant, "suspended", reason);
    this.enrolments.revoke(participant, `revoked: ${reason}`, operator);
    await ca.revokeAll(participant, caReason[reason] ?? "unspecified");
  }

  /** Time's work: what is too old is closed, what was approved is gone on with. @returns errors, by enrolment */
  async tick(): Promise<ReadonlyMap<string, unknown>> {
    this.enrolments.expire();
    return await this.#approvals.resume();
  }

  async idle(): Promise<void> {
    await this.#turns.idle();
  }

  async close(): Promise<void> {
    await this.#parts.ledger?.close();
  }

  #requireNew({ request, device, readingSpki, hash }: Admitted): void {
    if (this.enrolments.isKnown(hash)) {
      throw new CodedError("enrolment.replayed", "this very request was made before");
    }
    if (request.replaces !== undefined) {
      const before = this.enrolments.issuedTo(device)?.approval?.participant;
      if (before === undefined || before === request.replaces) return;
    } else if (!this.enrolments.isEnrolled(device, toHex(readingSpki))) return;
    throw new CodedError("enrolment.enrolled", "this device or its key is enrolled already");
  }

  #refuseSecret({ id, state }: Enrolment): never {
    const wrong = this.enrolments.countWrongSecret(id);
    if (state === "approved" && wrong >= mostWrongSecrets) {
      this.enrolments.decline(id, "too many wrong secrets", "registrar");
    }
    throw new CodedError("enrolment.secret", "the secret is not the credential's");
  }

  async #issue(
    enrolment: Enrolment,
    request: { participant: string; secret: string; csrPem: string },
  ): Promise<CertificateAnswer> {
    try {
      return await this.#fetch(enrolment, request);
    } catch (error) {
      if (!(error instanceof CodedError) || error.code !== "enrolment.ca") throw error;
      // A crash after the CA's answer and before it was kept: the secret was right, and is used up there.
      return await this.#grantAndIssue(enrolment, request);
    }
  }

  async #grantAndIssue(
    enrolment: Enrolment,
    request: { participant: string; secret: string; csrPem: string },
  ): Promise<CertificateAnswer> {
    const { participant, secret } = request;
    await this.#parts.ca.grant({
      id: participant,
      attributes: attributesOf(participant, this.#parts.microgrid, enrolment.device),
      secret,
      certificates: this.enrolments.nextGrant(participant),
    });
    return await this.#fetch(enrolment, request);
  }

  async #fetch(
    { id, reading_spki: readingSpki }: Enrolment,
    { participant, secret, csrPem }: { participant: string; secret: string; csrPem: string },
  ): Promise<CertificateAnswer> {
    const answer = await this.#parts.ca.enrol({ id: participant, secret, csrPem });
    const key = createPublicKey(answer.certificatePem).export({ type: "spki", format: "der" });
    if (key.toString("hex") !== readingSpki) {
      throw new CodedError("enrolment.ca", "the CA certified another key than the one asked for");
    }
    this.enrolments.issue(id, answer);
    return answer;
  }

  #isDue({ certificatePem }: CertificateAnswer): boolean {
    const { now, limits } = this.#parts;
    const endsAt = Date.parse(new X509Certificate(certificatePem).validTo);
    return now().getTime() >= endsAt - limits.renewFromDays * dayMs;
  }
}

/** @returns its participant. @throws CodedError enrolment.not-approved, enrolment.closed */
function requireCertifiable({ state, approval, reason }: Enrolment): string {
  if (state === "declined" || state === "expired") {
    throw new CodedError("enrolment.closed", `this enrolment is ${state}: ${reason ?? ""}`);
  }
  if (approval !== null && state !== "waiting" && state !== "approving")
    return approval.participant;
  throw new CodedError("enrolment.not-approved", "the operator has not approved this yet");
}
