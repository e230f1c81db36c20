import { createHash } from "node:crypto";
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
  /** TPM name of an object; sessions authenticate it with the command. */
  readonly name?: Uint8Array;
}

/** A permanent, NV or persistent handle by its number, or one that was loaded. */
export type Handle = number | LoadedHandle;

/** TPMS_AUTH_COMMAND, and TPMS_AUTH_RESPONSE without the handle (TPM 2.0 Part 2, clauses 10.13.2 and 10.13.3). */
export interface AuthorizationArea {
  readonly nonce: Uint8Array;
  readonly attributes: number;
  readonly hmac: Uint8Array;
}

/** How a use of a command is authorised, or its parameters encrypted: a password or a session. */
export interface Authorization {
  readonly session: Handle;
  /** Draws what is fresh for one command: called first, for all sessions of it. */
  begin(): void;
  /** TPMA_SESSION of this command. */
  readonly attributes: number;
  /** The nonce that the TPM gave last; empty for a password. */
  readonly nonceTpm: Uint8Array;
  /** Encrypts the content of the first command parameter, or gives it back. */
  encrypt(first: Uint8Array): Uint8Array;
  /** @param nonces Of the sessions that encrypt, where this is the first session and they are others. */
  authorize(commandHash: Uint8Array, nonces: Uint8Array): AuthorizationArea;
  /**
   * Checks what came back and takes over the TPM's new nonce.
   * @throws TpmError `tpm.malformed` if the response was not made by who shares the session's secret.
   */
  accept(responseHash: Uint8Array, area: AuthorizationArea): void;
  /** Decrypts the content of the first response parameter, or gives it back; after `accept`. */
  decrypt(first: Uint8Array): Uint8Array;
}

/** One TPM command: what goes out, and how its answer is read. */
export interface Command<Result> {
  /** e.g. `TPM2_Sign`; names the command in errors. */
  readonly name: string;
  /** TPM_CC (Part 2, clause 6.5.2). */
  readonly code: number;
  readonly handles: readonly Handle[];
  /** For the first handles, in order, then sessions that only encrypt; none for a command without authorisation. */
  readonly authorizations: readonly Authorization[];
  readonly parameters: Uint8Array;
  readonly returnsHandle: boolean;
  /** Reads the response parameters; `handle` is TPM_RH_NULL unless `returnsHandle`. */
  readonly parse: (parameters: Reader, handle: LoadedHandle) => Result;
}

const empty = new Uint8Array();

/** TPMA_SESSION (Part 2, clause 8.4). */
export const SESSION = { continue: 0x01, decrypt: 0x20, encrypt: 0x40 } as const;

/** Authorisation by the plain auth value (Part 1, clause 19.4); an empty one by default. */
export function password(authValue: Uint8Array = empty): Authorization {
  return {
    session: PASSWORD_SESSION,
    begin: () => undefined,
    attributes: SESSION.continue,
    nonceTpm: empty,
    encrypt: (first) => first,
    authorize: () => ({ nonce: empty, attributes: SESSION.continue, hmac: authValue }),
    accept: () => undefined,
    decrypt: (first) => first,
  };
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
    body.u32(handleNumber(handle));
  }
  const { parameters, area } = authorized(command);
  if (area.length > 0) body.u32(area.length).raw(area);
  const bytes = body.raw(parameters).done();
  return new Writer()
    .u16(tagOf(command))
    .u32(HEADER_BYTES + bytes.length)
    .u32(command.code)
    .raw(bytes)
    .done();
}

/** Parameters as they are sent, and the authorisation area over them (Part 1, clauses 19.6 and 21). */
function authorized({ code, handles, authorizations, parameters }: Command<unknown>): {
  parameters: Uint8Array;
  area: Uint8Array;
} {
  for (const authorization of authorizations) authorization.begin();
  const sent = authorizations.reduce(
    (bytes, authorization) => mapFirst(bytes, (first) => authorization.encrypt(first)),
    parameters,
  );
  const commandHash = () => sha256(new Writer().u32(code).done(), ...handles.map(nameOf), sent);
  const area = new Writer();
  for (const [index, authorization] of authorizations.entries()) {
    const nonces = index === 0 ? encryptingNonces(authorizations) : empty;
    const isPassword = authorization.session === PASSWORD_SESSION;
    const hash = isPassword ? empty : commandHash();
    const { nonce, attributes, hmac } = authorization.authorize(hash, nonces);
    area.u32(handleNumber(authorization.session)).sized(nonce).u8(attributes).sized(hmac);
  }
  return { parameters: sent, area: area.done() };
}

/** TPM nonces of the sessions that encrypt a command or a response, where they are not the first (Part 1, clause 19.6.5). */
function encryptingNonces([first, ...others]: readonly Authorization[]): Uint8Array {
  const those = (attribute: number) =>
    ((first?.attributes ?? 0) & attribute) !== 0
      ? []
      : others.filter((other) => (other.attributes & attribute) !== 0);
  const [decrypting] = those(SESSION.decrypt);
  const [encrypting] = those(SESSION.encrypt);
  return Uint8Array.from([
    ...(decrypting?.nonceTpm ?? []),
    ...(encrypting === decrypting ? [] : (encrypting?.nonceTpm ?? [])),
  ]);
}

/** Parameters with the content of the first, a TPM2B, changed; those that begin with none are not asked for. */
function mapFirst(parameters: Uint8Array, change: (first: Uint8Array) => Uint8Array): Uint8Array {
  if (parameters.length < 2) return parameters;
  const size = ((parameters[0] ?? 0) << 8) | (parameters[1] ?? 0);
  const first = parameters.subarray(2, 2 + size);
  if (first.length < size) return parameters;
  const changed = change(first);
  if (changed === first) return parameters;
  return new Writer()
    .sized(changed)
    .raw(parameters.subarray(2 + size))
    .done();
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
}

const handleNumber = (handle: Handle) => (typeof handle === "number" ? handle : handle.value);

/** Name of what a handle stands for (Part 1, clause 16): the handle itself unless it is an object or an NV index. */
function nameOf(handle: Handle): Uint8Array {
  if (typeof handle !== "number") {
    if (handle.name !== undefined) return handle.name;
    const isSession = handle.value >>> 25 === 0x01;
    if (isSession) return new Writer().u32(handle.value).done();
  } else if (handle >>> 24 === 0x40 || handle >>> 24 === 0x00) {
    return new Writer().u32(handle).done();
  }
  throw new RangeError(`a session needs the name of handle 0x${handleNumber(handle).toString(16)}`);
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

/** The response parameters, once every session of the command has vouched for them. */
function parametersOf(command: Command<unknown>, reader: Reader): Reader {
  const { name, code, authorizations } = command;
  if (authorizations.length === 0) return reader;
  const received = reader.take(reader.u32());
  const responseHash = sha256(new Writer().u32(RC.success).u32(code).done(), received);
  const areas = authorizations.map(() => {
    const nonce = reader.sized();
    return { nonce, attributes: reader.u8(), hmac: reader.sized() };
  });
  reader.end();
  for (const [index, area] of areas.entries()) authorizations[index]?.accept(responseHash, area);
  const parameters = authorizations.reduce(
    (bytes, authorization) => mapFirst(bytes, (first) => authorization.decrypt(first)),
    received,
  );
  return new Reader(parameters, name);
}

function tagOf(command: Command<unknown>): number {
  return command.authorizations.length > 0 ? TAG.sessions : TAG.noSessions;
}
