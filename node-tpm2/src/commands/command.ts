import { Reader, Writer } from "../bytes.js";
import { HIERARCHY, PASSWORD_SESSION, TAG } from "../constants.js";
import { RC, responseError } from "../response-codes.js";

/**
 * A handle that the TPM gave out, and the opening of the channel in which it did. After a timeout, a reset
 * or a reconnection the number may belong to another object, so a handle of an earlier generation is refused.
 */
export interface LoadedHandle {
  readonly value: number;
  readonly generation: number;
}

/** A permanent, NV or persistent handle by its number, or one that was loaded. */
export type Handle = number | LoadedHandle;

/** TPMS_AUTH_COMMAND (TPM 2.0 Part 2, clause 10.13.2). */
export interface Authorization {
  readonly session: number;
  readonly nonce: Uint8Array;
  readonly attributes: number;
  readonly hmac: Uint8Array;
}

/** One TPM command: what goes out, and how its answer is read. */
export interface Command<Result> {
  /** e.g. `TPM2_Sign`; names the command in errors. */
  readonly name: string;
  /** TPM_CC (Part 2, clause 6.5.2). */
  readonly code: number;
  readonly handles: readonly Handle[];
  /** For the first handles, in order; none for a command without authorisation. */
  readonly authorizations: readonly Authorization[];
  readonly parameters: Uint8Array;
  readonly returnsHandle: boolean;
  /** Reads the response parameters; `handle` is TPM_RH_NULL unless `returnsHandle`. */
  readonly parse: (parameters: Reader, handle: LoadedHandle) => Result;
}

const empty = new Uint8Array();
const continueSession = 0x01;

/** Authorisation by the plain auth value (Part 1, clause 19.4); an empty one by default. */
export function password(authValue: Uint8Array = empty): Authorization {
  return { session: PASSWORD_SESSION, nonce: empty, attributes: continueSession, hmac: authValue };
}

/** A command with what it does not use left out. */
export function command<Result>(
  parts: Pick<Command<Result>, "name" | "code" | "parse"> & Partial<Command<Result>>,
): Command<Result> {
  return { handles: [], authorizations: [], parameters: empty, returnsHandle: false, ...parts };
}

/** For commands that answer with nothing but success. */
export const noResult = (): undefined => undefined;

/** The bytes to send (Part 1, clause 18 "command/response structure"). */
export function encodeCommand(command: Command<unknown>): Uint8Array {
  const body = new Writer();
  for (const handle of command.handles) {
    body.u32(typeof handle === "number" ? handle : handle.value);
  }
  if (command.authorizations.length > 0) {
    const area = new Writer();
    for (const { session, nonce, attributes, hmac } of command.authorizations) {
      area.u32(session).sized(nonce).u8(attributes).sized(hmac);
    }
    const bytes = area.done();
    body.u32(bytes.length).raw(bytes);
  }
  const bytes = body.raw(command.parameters).done();
  return new Writer()
    .u16(tagOf(command))
    .u32(HEADER_BYTES + bytes.length)
    .u32(command.code)
    .raw(bytes)
    .done();
}

/** Tag, size and code of every command and response. */
export const HEADER_BYTES = 10;

/** The response code of a framed response, before the rest is looked at. */
export function responseCodeOf(response: Uint8Array, name: string): number {
  const header = new Reader(response, name);
  header.u16();
  header.expect(header.u32(), response.length, "response size");
  return header.u32();
}

/**
 * Reads a whole response.
 * @throws TpmResponseError if the TPM refused the command; TpmError `tpm.malformed` if the bytes do not fit it exactly.
 */
export function decodeResponse<Result>(
  command: Command<Result>,
  response: Uint8Array,
  generation: number,
): Result {
  const responseCode = responseCodeOf(response, command.name);
  const reader = new Reader(response, command.name);
  const tag = reader.u16();
  reader.take(HEADER_BYTES - 2);
  if (responseCode !== RC.success) {
    reader.end();
    throw responseError(command.name, responseCode);
  }
  reader.expect(tag, tagOf(command), "tag");
  const value = command.returnsHandle ? reader.u32() : HIERARCHY.null;
  const parameters = parametersOf(command, reader);
  const result = command.parse(parameters, { value, generation });
  parameters.end();
  return result;
}

function parametersOf(command: Command<unknown>, reader: Reader): Reader {
  if (command.authorizations.length === 0) return reader;
  const parameters = reader.part(reader.u32());
  for (const _ of command.authorizations) {
    reader.sized();
    reader.u8();
    reader.sized();
  }
  reader.end();
  return parameters;
}

function tagOf(command: Command<unknown>): number {
  return command.authorizations.length > 0 ? TAG.sessions : TAG.noSessions;
}
