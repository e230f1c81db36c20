import type { EnrolmentView } from "@powershare/domain/enrolment";
import type { Enrolment, Enrolments } from "./enrolments.js";

/** An enrolment as operators see it: without keys, hashes and credential. */
export function viewOf(one: Enrolment, enrolments: Enrolments): EnrolmentView {
  const { request, approval } = one;
  return {
    id: one.id,
    code: one.code,
    state: one.state,
    device: one.device,
    maker: { trusted: one.maker_trusted === 1, text: one.maker_text },
    meters: request.meters,
    createdAt: one.created_at,
    expiresAt: one.expires_at,
    contested: enrolments.isContested(one),
    ...(request.equipment === undefined ? {} : { equipment: request.equipment }),
    ...(request.place === undefined ? {} : { place: request.place }),
    ...(request.replaces === undefined ? {} : { replaces: request.replaces }),
    ...(approval === null ? {} : { participant: approval.participant }),
    ...(one.decided_by === null ? {} : { decidedBy: one.decided_by }),
    ...(one.reason === null ? {} : { reason: one.reason }),
  };
}
