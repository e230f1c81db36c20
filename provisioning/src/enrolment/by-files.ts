import {
  type certificateRequestFile,
  type ResponseFile,
  responseFile,
} from "@powershare/domain/enrolment";
import { CodedError } from "@powershare/domain/errors";
import { z } from "zod";
import { readJson } from "../input-file.js";
import { UnreadableInput } from "../output.js";
import { answerCredential, type Declared, makeRequest, type OpenDevice } from "./device.js";
import { type DeviceFiles, writeWhole } from "./device-files.js";
import { keepCertificate } from "./enrol-device.js";

interface Place {
  readonly device: OpenDevice;
  readonly files: DeviceFiles;
}

/** Writes a request for the operator. @returns its code */
export async function writeRequest(
  { device, files }: Place,
  declared: Declared,
  path: string,
): Promise<string> {
  const { request, code } = await makeRequest(device, declared);
  await files.keepPending(code);
  await writeWhole(path, `${JSON.stringify(request, null, 2)}\n`, 0o644);
  return code;
}

/** @throws UnreadableInput */
export async function readResponse(path: string): Promise<ResponseFile> {
  return await readFileOf(path, responseFile);
}

/** @throws UnreadableInput naming the field that is wrong */
export async function readFileOf<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(await readJson(path));
  if (parsed.success) return parsed.data;
  throw new UnreadableInput(`${path}: ${z.prettifyError(parsed.error)}`, { cause: parsed.error });
}

/**
 * Takes the operator's response: a credential is answered with a certificate request, in `nextPath`; a certificate
 * is kept.
 * @throws CodedError enrolment.response for that of another device or request
 */
export async function takeResponse(
  place: Place,
  response: ResponseFile,
  nextPath: string,
): Promise<"answered" | "enrolled"> {
  const { device, files } = place;
  const own = device.identity.device;
  if (response.device !== own) {
    throw new CodedError(
      "enrolment.response",
      `it is for device ${response.device}, this is ${own}`,
    );
  }
  if (response.kind === "certificate") {
    await keepCertificate(place, response.certificatePem);
    await files.forgetPending();
    return "enrolled";
  }
  const pending = await files.pending();
  if (pending?.code !== response.code) {
    throw new CodedError(
      "enrolment.response",
      `it answers request ${response.code}, this device's last one is ${pending?.code ?? "none"}`,
    );
  }
  const { id, credential, participant, network } = response;
  const answer = await answerCredential(device, credential, participant);
  await files.keepMembership(participant, network);
  const file: z.input<typeof certificateRequestFile> = { v: 1, id, device: own, ...answer };
  // It holds the one-time secret, which is of use with this TPM's key alone.
  await writeWhole(nextPath, `${JSON.stringify(file, null, 2)}\n`, 0o600);
  return "answered";
}
