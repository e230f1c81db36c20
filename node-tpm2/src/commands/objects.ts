import { equalBytes, type Reader, Writer } from "../bytes.js";
import { TAG } from "../constants.js";
import { type EccPublic, encodePublic, nameOf } from "../public-area.js";
import {
  type Authorization,
  type Command,
  command,
  type Handle,
  type LoadedHandle,
  password,
} from "./command.js";

/** A loaded object. */
export interface LoadedObject {
  readonly handle: LoadedHandle;
  /** TPMT_PUBLIC. */
  readonly publicArea: Uint8Array;
  readonly name: Uint8Array;
}

/** An object outside the TPM, to be loaded under its parent. */
export interface WrappedObject {
  /** TPMT_PUBLIC. */
  readonly publicArea: Uint8Array;
  /** TPM2B_PRIVATE's content: encrypted, of use only in the TPM that made it. */
  readonly privateArea: Uint8Array;
}

const noAuth = new Uint8Array();

/**
 * TPM2_CreatePrimary (TPM 2.0 Part 3, clause 24.1): the same template gives the same key as long as the
 * hierarchy's seed lives.
 * @param auth Authorisation of the hierarchy.
 */
export function createPrimary(
  hierarchy: number,
  template: EccPublic,
  auth: Authorization = password(),
): Command<LoadedObject> {
  return command({
    name: "TPM2_CreatePrimary",
    code: 0x131,
    handles: [hierarchy],
    authorizations: [auth],
    parameters: creation(template, noAuth),
    returnsHandle: true,
    parse: (reader, handle) => {
      const publicArea = reader.sized();
      skipCreationData(reader);
      return loaded(handle, publicArea, checkedName(reader, publicArea));
    },
  });
}

/**
 * TPM2_Create (Part 3, clause 12.1): a new key under `parent`.
 * @param keyAuth Auth value that using the key will need; travels in clear unless `auth` encrypts the command.
 * @param auth Authorisation of the parent.
 */
export function create(
  parent: Handle,
  template: EccPublic,
  keyAuth: Uint8Array = noAuth,
  auth: Authorization = password(),
): Command<WrappedObject> {
  return command({
    name: "TPM2_Create",
    code: 0x153,
    handles: [parent],
    authorizations: [auth],
    parameters: creation(template, keyAuth),
    parse: (reader) => {
      const privateArea = reader.sized();
      const publicArea = reader.sized();
      skipCreationData(reader);
      return { publicArea, privateArea };
    },
  });
}

/** TPM2_Load (Part 3, clause 12.2). */
export function load(
  parent: Handle,
  { publicArea, privateArea }: WrappedObject,
  auth: Authorization = password(),
): Command<LoadedObject> {
  return command({
    name: "TPM2_Load",
    code: 0x157,
    handles: [parent],
    authorizations: [auth],
    parameters: new Writer().sized(privateArea).sized(publicArea).done(),
    returnsHandle: true,
    parse: (reader, handle) => loaded(handle, publicArea, checkedName(reader, publicArea)),
  });
}

/** TPM2_ReadPublic (Part 3, clause 12.4). */
export function readPublic(
  object: Handle,
): Command<{ publicArea: Uint8Array; name: Uint8Array; qualifiedName: Uint8Array }> {
  return command({
    name: "TPM2_ReadPublic",
    code: 0x173,
    handles: [object],
    parse: (reader) => {
      const publicArea = reader.sized();
      const name = checkedName(reader, publicArea);
      return { publicArea, name, qualifiedName: reader.sized() };
    },
  });
}

/** TPM2B_SENSITIVE_CREATE, TPM2B_PUBLIC, no outside information, no PCR selection. */
function creation(template: EccPublic, keyAuth: Uint8Array): Uint8Array {
  const sensitive = new Writer().sized(keyAuth).sized(new Uint8Array()).done();
  return new Writer().sized(sensitive).sized(encodePublic(template)).u16(0).u32(0).done();
}

/** Creation data, hash and ticket (TPMT_TK_CREATION): proof of creation that nothing here asks for. */
function skipCreationData(reader: Reader): void {
  reader.sized();
  reader.sized();
  reader.expect(reader.u16(), TAG.creation, "creation ticket");
  reader.u32();
  reader.sized();
}

const loaded = (handle: LoadedHandle, publicArea: Uint8Array, name: Uint8Array): LoadedObject => ({
  handle: { ...handle, name },
  publicArea,
  name,
});

/** The name in the response, which must be that of the public area. */
function checkedName(reader: Reader, publicArea: Uint8Array): Uint8Array {
  const name = reader.sized();
  if (!equalBytes(name, nameOf(publicArea))) throw reader.malformed("name of another object");
  return name;
}
