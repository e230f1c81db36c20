import { codeOf } from "@powershare/domain/errors";

/** Whether an enrolment was refused for what was asked, as against trouble on the way. */
export function isRefusal(error: unknown): boolean {
  const code = codeOf(error);
  const trouble = [
    "enrolment.unavailable",
    "enrolment.not-approved",
    "enrolment.ca",
    "enrolment.limit",
    "enrolment.queue-full",
  ];
  return code?.startsWith("enrolment.") === true && !trouble.includes(code);
}
