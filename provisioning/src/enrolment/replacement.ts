import * as crypto from "node:crypto";
import { type EnrolmentRequest, enrolmentCode, normalCode } from "@powershare/domain/enrolment";
import { CodedError } from "@powershare/domain/errors";
import { cryptoFrom } from "@powershare/domain/evidence";
import type { NewDevice } from "@powershare/domain/ledger";

const { sha256 } = cryptoFrom(crypto);

/**
 * The device of a request that is to take a participant's place, if the code is the one that it shows.
 * @throws CodedError enrolment.code; enrolment.request where it asks for something else
 */
export async function replacingDevice(
  request: EnrolmentRequest,
  { participant, code }: { readonly participant: string; readonly code: string },
): Promise<NewDevice> {
  const { deviceOf } = await import("node-tpm2");
  if (request.replaces !== participant) {
    throw new CodedError("enrolment.request", `it does not ask to replace ${participant}'s device`);
  }
  if ((await enrolmentCode(request, { sha256, scrypt: crypto.scrypt })) !== normalCode(code)) {
    throw new CodedError("enrolment.code", `${code} is not the code of this request`);
  }
  const { attestationPublic, certification, counterName, endorsementPublic, readingPublic } =
    request;
  return {
    device: deviceOf(Uint8Array.from(Buffer.from(endorsementPublic, "hex"))),
    attestationKey: attestationPublic,
    readingKey: readingPublic,
    certification,
    counterName,
  };
}

/** Whether both have the same keys: certifications of the same keys differ. */
export function sameKeys(one: NewDevice, other: NewDevice): boolean {
  return (
    one.device === other.device &&
    one.attestationKey === other.attestationKey &&
    one.readingKey === other.readingKey &&
    one.counterName === other.counterName
  );
}
