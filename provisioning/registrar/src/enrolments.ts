import {
  type Approval,
  approval,
  type CertificateAnswer,
  certificateAnswer,
  credential,
  type EnrolmentRequest,
  enrolmentRequest,
} from "@powershare/domain/enrolment";
import { CodedError } from "@powershare/domain/errors";
import { z } from "zod";
import type { Connection } from "./store.js";

const json = <T>(schema: z.ZodType<T>) =>
  z.string().transform((text): T => schema.parse(JSON.parse(text)));

const row = z.object({
  id: z.string(),
  token_hash: z.string(),
  code: z.string(),
  request: json(enrolmentRequest),
  device: z.string(),
  attestation_name: z.string(),
  reading_spki: z.string(),
  maker_trusted: z.int(),
  maker_text: z.string(),
  state: z.enum(["waiting", "approving", "approved", "issued", "declined", "expired"]),
  created_at: z.string(),
  expires_at: z.string(),
  approval: json(approval).nullable(),
  decided_by: z.string().nullable(),
  reason: z.string().nullable(),
  credential: json(credential).nullable(),
  secret_hash: z.string().nullable(),
  wrong_secrets: z.int(),
  certificate: json(certificateAnswer).nullable(),
  issued_at: z.string().nullable(),
});
/** One enrolment as it is kept. `approving`: the operator has said yes, CA and ledger have not yet. */
export type Enrolment = z.output<typeof row>;
export type StoredState = Enrolment["state"];

export interface NewEnrolment {
  readonly id: string;
  readonly tokenHash: string;
  readonly code: string;
  readonly hash: string;
  readonly request: EnrolmentRequest;
  readonly device: string;
  readonly attestationName: string;
  readonly readingSpki: string;
  readonly maker: { readonly trusted: boolean; readonly text: string };
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

const open = "('waiting', 'approving', 'approved')";
/** Most that are kept of those that are over; older ones go first. */
const mostOver = 10_000;

/** The enrolments in the registrar's file. Each change of state names the state that it starts from. */
export class Enrolments {
  readonly #db: Connection;
  readonly #now: () => Date;

  constructor(db: Connection, now: () => Date) {
    this.#db = db;
    this.#now = now;
  }

  /** @throws CodedError enrolment.replayed, enrolment.queue-full */
  add(one: NewEnrolment, mostWaiting: number): void {
    this.#db
      .transaction(() => {
        if (this.isKnown(one.hash)) {
          throw new CodedError("enrolment.replayed", "this very request was made before");
        }
        // The attestation key signed this request too: it is the same device, asking anew.
        this.#run(
          `UPDATE enrolment SET state = 'declined', reason = 'replaced by a newer request of the device'
           WHERE device = ? AND attestation_name = ? AND state = 'waiting'`,
          one.device,
          one.attestationName,
        );
        if (this.count("waiting") >= mostWaiting) {
          throw new CodedError("enrolment.queue-full", `${mostWaiting} enrolments are waiting`);
        }
        this.#insert(one);
        this.#run(
          `DELETE FROM enrolment WHERE id IN (SELECT id FROM enrolment
           WHERE state IN ('declined', 'expired') ORDER BY created_at DESC LIMIT -1 OFFSET ?)`,
          mostOver,
        );
      })
      .immediate();
  }

  isKnown(requestHash: string): boolean {
    const found = this.#db.prepare("SELECT 1 FROM enrolment WHERE request_hash = ?");
    return found.get(requestHash) !== undefined;
  }

  count(state: StoredState): number {
    const counted = this.#db.prepare("SELECT count(*) AS n FROM enrolment WHERE state = ?");
    return z.object({ n: z.int() }).parse(counted.get(state)).n;
  }

  find(id: string): Enrolment | undefined {
    return this.#one("id = ?", id);
  }

  /** The device's last certificate's enrolment. */
  issuedTo(device: string): Enrolment | undefined {
    return this.#one("device = ? AND state = 'issued' ORDER BY issued_at DESC", device);
  }

  /** Of this participant, the last that came so far. */
  ofParticipant(participant: string): Enrolment | undefined {
    return this.#one(
      "json_extract(approval, '$.participant') = ? AND state IN ('approved', 'issued') ORDER BY created_at DESC",
      participant,
    );
  }

  /** Whether an enrolment of the device or the key is on its way or done. */
  isEnrolled(device: string, readingSpki: string): boolean {
    const states = "state IN ('approving', 'approved', 'issued')";
    return (
      this.#one(`(device = ? OR reading_spki = ?) AND ${states}`, device, readingSpki) !== undefined
    );
  }

  /** In the order in which they came; at most 1,000. */
  list(states: readonly StoredState[]): Enrolment[] {
    const marks = states.map(() => "?").join();
    const sql = `SELECT * FROM enrolment WHERE state IN (${marks}) ORDER BY created_at, rowid LIMIT 1000`;
    return z.array(row).parse(this.#db.prepare(sql).all(...states));
  }

  /** Whether another attestation key asks for the same device. */
  isContested({ device, attestation_name: name }: Enrolment): boolean {
    return (
      this.#one(`device = ? AND attestation_name <> ? AND state IN ${open}`, device, name) !==
      undefined
    );
  }

  /** The operator's yes, before anything is done about it. */
  decide(id: string, decision: Approval, operator: string): void {
    this.#change(
      `UPDATE enrolment SET state = 'approving', approval = ?, decided_by = ? WHERE id = ? AND state = 'waiting'`,
      id,
      JSON.stringify(decision),
      operator,
      id,
    );
  }

  /** CA or ledger said no: the operator may decide anew. */
  backToQueue(id: string, reason: string): void {
    this.#change(
      "UPDATE enrolment SET state = 'waiting', approval = NULL, decided_by = NULL, reason = ? WHERE id = ? AND state = 'approving'",
      id,
      reason,
      id,
    );
  }

  approve(id: string, made: { credential: z.infer<typeof credential>; secretHash: string }): void {
    this.#change(
      `UPDATE enrolment SET state = 'approved', credential = ?, secret_hash = ?, reason = NULL
       WHERE id = ? AND state = 'approving'`,
      id,
      JSON.stringify(made.credential),
      made.secretHash,
      id,
    );
  }

  decline(id: string, reason: string, operator: string): void {
    this.#change(
      "UPDATE enrolment SET state = 'declined', reason = ?, decided_by = ? WHERE id = ? AND state IN ('waiting', 'approving', 'approved')",
      id,
      reason,
      operator,
      id,
    );
  }

  /** Ends what a participant has: its device is as one never enrolled. @returns how many enrolments */
  revoke(participant: string, reason: string, operator: string): number {
    const sql = `UPDATE enrolment SET state = 'declined', reason = ?, decided_by = ?
      WHERE json_extract(approval, '$.participant') = ? AND state IN ('approving', 'approved', 'issued')`;
    return this.#run(sql, reason, operator, participant);
  }

  /** Ends what a participant had before this enrolment. */
  replaceFormer(id: string, participant: string): void {
    const sql = `UPDATE enrolment SET state = 'declined', reason = 'replaced by another device'
      WHERE json_extract(approval, '$.participant') = ? AND id <> ? AND state IN ('approved', 'issued')`;
    this.#run(sql, participant, id);
  }

  /** @returns how many wrong secrets there were by now */
  countWrongSecret(id: string): number {
    this.#run("UPDATE enrolment SET wrong_secrets = wrong_secrets + 1 WHERE id = ?", id);
    return this.find(id)?.wrong_secrets ?? 0;
  }

  issue(id: string, certificate: CertificateAnswer): void {
    this.#change(
      `UPDATE enrolment SET state = 'issued', certificate = ?, issued_at = ? WHERE id = ? AND state IN ('approved', 'issued')`,
      id,
      JSON.stringify(certificate),
      this.#now().toISOString(),
      id,
    );
  }

  /** Closes what was not decided, and what was approved and not fetched, in time. @returns how many */
  expire(): number {
    const sql = `UPDATE enrolment SET state = 'expired', reason = 'not in time' WHERE state IN ('waiting', 'approved') AND expires_at <= ?`;
    return this.#run(sql, this.#now().toISOString());
  }

  /** How many certificates the CA may have given to a participant in all, this one included. */
  nextGrant(participant: string): number {
    const sql = `INSERT INTO grants VALUES (?, 1) ON CONFLICT (participant)
      DO UPDATE SET certificates = certificates + 1 RETURNING certificates`;
    const granted = this.#db.prepare(sql).get(participant);
    return z.object({ certificates: z.int() }).parse(granted).certificates;
  }

  /** What was done by whom, for the operator; holds nothing secret. */
  note(who: string, what: string, about: string): void {
    const at = this.#now().toISOString();
    this.#run("INSERT INTO audit (at, who, what, about) VALUES (?, ?, ?, ?)", at, who, what, about);
  }

  #insert(one: NewEnrolment): void {
    this.#run(
      `INSERT INTO enrolment (id, token_hash, code, request_hash, request, device, attestation_name, reading_spki,
         maker_trusted, maker_text, state, created_at, expires_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ?)`,
      one.id,
      one.tokenHash,
      one.code,
      one.hash,
      JSON.stringify(one.request),
      one.device,
      one.attestationName,
      one.readingSpki,
      one.maker.trusted ? 1 : 0,
      one.maker.text,
      one.createdAt.toISOString(),
      one.expiresAt.toISOString(),
    );
  }

  #one(where: string, ...values: string[]): Enrolment | undefined {
    const found = this.#db.prepare(`SELECT * FROM enrolment WHERE ${where} LIMIT 1`).get(...values);
    return found === undefined ? undefined : row.parse(found);
  }

  #run(sql: string, ...values: (string | number)[]): number {
    return this.#db.prepare(sql).run(...values).changes;
  }

  /** @throws CodedError enrolment.closed where the enrolment is no longer in the state that the change needs */
  #change(sql: string, id: string, ...values: string[]): void {
    if (this.#run(sql, ...values) === 1) return;
    throw new CodedError(
      "enrolment.closed",
      `enrolment ${id} is ${this.find(id)?.state ?? "not known"} and cannot be changed so`,
    );
  }
}
