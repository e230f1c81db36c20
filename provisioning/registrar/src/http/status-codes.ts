import type { ErrorCode } from "@powershare/domain/errors";

/** HTTP status of each refusal; all others are 409. */
const statuses: Partial<Record<ErrorCode, number>> = {
  "enrolment.ca": 503,
  "enrolment.limit": 429,
  "enrolment.operator": 401,
  "enrolment.origin": 403,
  "enrolment.queue-full": 503,
  "enrolment.request": 400,
  "enrolment.token": 401,
  "ledger.commit-unknown": 503,
  "ledger.unavailable": 503,
};

const refusedContent: ReadonlySet<string> = new Set([
  "enrolment.attestation",
  "enrolment.counter",
  "enrolment.csr",
  "enrolment.key",
  "enrolment.maker",
  "enrolment.secret",
]);

export function statusOf(code: ErrorCode): number {
  return statuses[code] ?? (refusedContent.has(code) ? 422 : 409);
}
