import {
  type Approval,
  type EnrolmentRequest,
  enrolmentView,
  type ResponseFile,
} from "@powershare/domain/enrolment";
import { CodedError } from "@powershare/domain/errors";
import { UnreadableInput } from "../output.js";
import { writeWhole } from "./device-files.js";
import type { OperatorClient } from "./operator-client.js";

/**
 * Hands a request that came as a file to the registrar, approves it, and writes the response for the device.
 * @throws CodedError of the registrar; UnreadableInput without a file for the response
 */
export async function approveFile(
  client: OperatorClient,
  request: EnrolmentRequest,
  approval: Approval,
  responsePath: string | undefined,
): Promise<{ id: string; code: string; response: string }> {
  if (responsePath === undefined) throw new UnreadableInput("expected --response with --request");
  const ticket = await client.registrar.submit(request);
  const path = `/api/operator/enrolments/${ticket.id}/approve`;
  const { device } = await client.post(path, approval, enrolmentView);
  const { credential, network, participant } = await client.registrar.status(ticket);
  if (credential === undefined || network === undefined || participant === undefined) {
    throw new CodedError("enrolment.not-approved", "the registrar has not carried it out yet");
  }
  const { code, id } = ticket;
  const response: ResponseFile = {
    v: 1,
    kind: "credential",
    id,
    code,
    device,
    participant,
    credential,
    network,
  };
  await writeWhole(responsePath, `${JSON.stringify(response, null, 2)}\n`, 0o644);
  return { id, code, response: responsePath };
}
