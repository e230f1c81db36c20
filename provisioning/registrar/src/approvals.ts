import { type Approval, type EnrolmentRequest, normalCode } from "@powershare/domain/enrolment";
import { CodedError, codeOf, remedyFor } from "@powershare/domain/errors";
import { fromHex } from "@powershare/domain/evidence";
import type { NewDevice, Registration } from "@powershare/domain/ledger";
import { makeCredential } from "node-tpm2";
import type { CertificateAuthority } from "./authority.js";
import type { Enrolment, Enrolments } from "./enrolments.js";
import type { OperatorLedger } from "./ledger.js";
import { hashOf, type RandomBytes } from "./secrets.js";
import type { Turns } from "./turns.js";

interface Parts {
  readonly enrolments: Enrolments;
  readonly ca: CertificateAuthority;
  readonly ledger: OperatorLedger | undefined;
  readonly microgrid: string;
  readonly random: RandomBytes;
  readonly turns: Turns;
}

/** Bytes of a CA secret: as base64url they are the 32 that a credential carries at most. */
const secretBytes = 24;

/** What follows an operator's yes: the ledger, the CA's identity, and the secret in a credential. */
export class Approvals {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Takes the operator's yes. It is kept before anything is done: after a crash, or while CA or ledger are
   * away, `resume` goes on with it.
   * @throws CodedError enrolment.code, enrolment.maker, enrolment.enrolled, enrolment.request, enrolment.closed;
   *   what ledger and CA refuse, and then the enrolment waits again
   */
  async approve(enrolment: Enrolment, approval: Approval, operator: string): Promise<void> {
    const { enrolments, turns } = this.#parts;
    requireDecidable(enrolment, approval);
    const other = enrolments.ofParticipant(approval.participant);
    if (other !== undefined && enrolment.request.replaces !== approval.participant) {
      throw new CodedError("enrolment.enrolled", `${approval.participant} has a device already`);
    }
    enrolments.decide(enrolment.id, approval, operator);
    enrolments.note(operator, "approve", enrolment.id);
    await turns.take(enrolment.id, () => this.#carryOut(enrolment.id));
  }

  /** Goes on with what was approved and not carried out. @returns errors, by enrolment */
  async resume(): Promise<ReadonlyMap<string, unknown>> {
    const failed = new Map<string, unknown>();
    for (const { id } of this.#parts.enrolments.list(["approving"])) {
      await this.#parts.turns
        .take(id, () => this.#carryOut(id))
        .catch((error: unknown) => failed.set(id, error));
    }
    return failed;
  }

  async #carryOut(id: string): Promise<void> {
    const { enrolments } = this.#parts;
    const enrolment = enrolments.find(id);
    if (enrolment?.state !== "approving" || enrolment.approval === null) return;
    try {
      await this.#onLedger(enrolment, enrolment.approval);
      await this.#atCa(enrolment, enrolment.approval);
    } catch (error) {
      if (!isPassing(error)) {
        enrolments.backToQueue(id, error instanceof Error ? error.message : String(error));
      }
      throw error;
    }
  }

  async #onLedger({ request, device }: Enrolment, approval: Approval): Promise<void> {
    const { ledger } = this.#parts;
    const { participant } = approval;
    if (request.replaces === undefined) {
      await ledger?.register(registrationOf(request, device, approval));
      return;
    }
    if (ledger === undefined) {
      throw new CodedError("enrolment.consent-missing", "this registrar does not reach the ledger");
    }
    const next = newDeviceOf(request, device);
    const asked = await ledger.replacement(participant);
    const isThis = asked !== undefined && sameKeys(asked.device, next);
    if (isThis && asked.state === "confirmed") return;
    if (isThis && asked.askedBy === "household") {
      await ledger.confirmReplacement(participant, asked.device);
      return;
    }
    if (approval.withoutHousehold && !isThis) await ledger.askReplacement(participant, next);
    throw new CodedError(
      "enrolment.consent-missing",
      isThis || approval.withoutHousehold
        ? `the utility of ${participant} has to confirm the new device on the ledger`
        : `${participant} has not asked on the ledger for this device with its old key`,
    );
  }

  async #atCa(enrolment: Enrolment, { participant }: Approval): Promise<void> {
    const { ca, enrolments, microgrid, random } = this.#parts;
    const { request, device, id } = enrolment;
    if (request.replaces !== undefined) {
      await ca.revokeAll(participant, "superseded");
      enrolments.replaceFormer(id, participant);
    }
    const secret = Buffer.from(random(secretBytes)).toString("base64url");
    await ca.grant({
      id: participant,
      attributes: attributesOf(participant, microgrid, device),
      secret,
      certificates: enrolments.nextGrant(participant),
    });
    const { blob, encryptedSeed } = makeCredential(
      fromHex(request.endorsementPublic),
      fromHex(enrolment.attestation_name),
      Buffer.from(secret),
    );
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
    const credential = { blob: hex(blob), encryptedSeed: hex(encryptedSeed) };
    // From here on nobody but the device's TPM can know the secret.
    enrolments.approve(id, { credential, secretHash: hashOf(secret) });
  }
}

/** What the certificate says of its holder. */
export function attributesOf(participant: string, microgrid: string, device: string) {
  return { role: "resident", microgrid, participant, device };
}

function requireDecidable(enrolment: Enrolment, approval: Approval): void {
  const { code, maker_trusted: trusted, maker_text: text, request } = enrolment;
  if (normalCode(approval.code) !== code) {
    throw new CodedError("enrolment.code", `${approval.code} is not the code of this request`);
  }
  if (trusted === 0 && !approval.unknownMaker) throw new CodedError("enrolment.maker", text);
  if (request.replaces !== undefined && request.replaces !== approval.participant) {
    throw new CodedError(
      "enrolment.request",
      `it asks to replace the device of ${request.replaces}`,
    );
  }
}

/** The same may go well later: it stays approved and is tried again. */
function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code === "enrolment.ca" ||
    code === "ledger.unavailable" ||
    code === "ledger.commit-unknown" ||
    code === "ledger.conflict"
  );
}

function newDeviceOf(request: EnrolmentRequest, device: string): NewDevice {
  const { attestationPublic, readingPublic, certification, counterName } = request;
  return {
    device,
    attestationKey: attestationPublic,
    readingKey: readingPublic,
    certification,
    counterName,
  };
}

/** Certifications of the same keys differ from request to request. */
function sameKeys(one: NewDevice, other: NewDevice): boolean {
  return (
    one.device === other.device &&
    one.attestationKey === other.attestationKey &&
    one.readingKey === other.readingKey
  );
}

function registrationOf(
  request: EnrolmentRequest,
  device: string,
  { participant, node, source, utility }: Approval,
): Registration {
  return {
    id: participant,
    kind: "resident",
    node,
    ...newDeviceOf(request, device),
    meters: request.meters,
    ...(request.equipment === undefined ? {} : { equipment: request.equipment }),
    source,
    utility,
  };
}

/** An error for people: what happened and what to do. */
export function explain(error: unknown): string {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return code === undefined ? message : `${message} [${code}] ${remedyFor(code)}`;
}
