import * as crypto from "node:crypto";
import {
  type Approval,
  type EnrolmentRequest,
  type EnrolmentView,
  enrolmentCode,
  enrolmentStatus,
  enrolmentView,
  normalCode,
  type ResponseFile,
} from "@powershare/domain/enrolment";
import { CodedError, codeOf } from "@powershare/domain/errors";
import { cryptoFrom } from "@powershare/domain/evidence";
import { z } from "zod";
import { UnreadableInput } from "../output.js";
import { writeWhole } from "./device-files.js";
import type { OperatorClient } from "./operator-client.js";

const { sha256 } = cryptoFrom(crypto);

/**
 * Hands a request that came as a file to the registrar, approves it, and writes the response for the device.
 * May be repeated until it goes well.
 * @throws CodedError of the registrar; UnreadableInput without a file for the response
 */
export async function approveFile(
  client: OperatorClient,
  request: EnrolmentRequest,
  approval: Approval,
  responsePath: string | undefined,
): Promise<{ id: string; code: string; response: string }> {
  if (responsePath === undefined) throw new UnreadableInput("expected --response with --request");
  const code = await enrolmentCode(request, { sha256, scrypt: crypto.scrypt });
  if (normalCode(approval.code) !== code) {
    throw new CodedError("enrolment.code", `${approval.code} is not the code of this request`);
  }
  let view = await queue(client, request, code);
  const path = `/api/operator/enrolments/${view.id}`;
  if (view.state === "waiting")
    view = await client.post(`${path}/approve`, approval, enrolmentView);
  const status = await client.get(`${path}/status`, enrolmentStatus);
  const { credential, network, participant } = status;
  if (credential === undefined || network === undefined || participant === undefined) {
    throw new CodedError("enrolment.not-approved", `the enrolment is ${view.state}`);
  }
  const response: ResponseFile = {
    v: 1,
    kind: "credential",
    id: view.id,
    code,
    device: view.device,
    participant,
    credential,
    network,
  };
  await writeWhole(responsePath, `${JSON.stringify(response, null, 2)}\n`, 0o644);
  return { id: view.id, code, response: responsePath };
}

/** Queues the request, or finds it where it was queued before. */
async function queue(
  client: OperatorClient,
  request: EnrolmentRequest,
  code: string,
): Promise<EnrolmentView> {
  try {
    const { id } = await client.registrar.submit(request);
    return await client.get(`/api/operator/enrolments/${id}`, enrolmentView);
  } catch (error) {
    if (codeOf(error) !== "enrolment.replayed") throw error;
    const all = await client.get("/api/operator/enrolments", z.array(enrolmentView));
    const found = all.find((view) => view.code === code);
    if (found === undefined) throw error;
    return found;
  }
}
