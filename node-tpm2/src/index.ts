export {
  type Authorization,
  type AuthorizationArea,
  type Command,
  type Handle,
  type LoadedHandle,
  password,
} from "./commands/command.js";
export { activateCredential } from "./commands/credentials.js";
export {
  flushContext,
  getHandles,
  getProperties,
  shutdown,
  startup,
} from "./commands/lifecycle.js";
export {
  type NvPublic,
  nvCertifyCounter,
  nvDefineSpace,
  nvIncrement,
  nvRead,
  nvReadCounter,
  nvReadPublic,
  nvUndefineSpace,
  nvWrite,
} from "./commands/nv.js";
export {
  create,
  createPrimary,
  type LoadedObject,
  load,
  readPublic,
  type WrappedObject,
} from "./commands/objects.js";
export { type PcrSelection, pcrDigest, pcrExtend, pcrRead, quote } from "./commands/pcr.js";
export {
  loadExternal,
  policyAuthorize,
  policyAuthValue,
  policyDigest,
  policyGetDigest,
  policyPcr,
  policySecret,
  type VerifiedTicket,
  verifySignature,
} from "./commands/policies.js";
export { type SessionStart, startAuthSession } from "./commands/sessions.js";
export { type Attestation, certify, type Signer, sign } from "./commands/signatures.js";
export { HANDLE_RANGE, HIERARCHY, NV, OBJECT, PROPERTY } from "./constants.js";
export { p1363, toDerLowS } from "./ecdsa.js";
export { deviceOf, type Endorsement, readEndorsement } from "./endorsement.js";
export { TpmError, type TpmErrorCode, TpmResponseError } from "./errors.js";
export type { HierarchyAuth } from "./hierarchy-auth.js";
export {
  type DeviceIdentity,
  openIdentity,
  type ProvisionOptions,
  provisionIdentity,
} from "./identity.js";
export type { IdentityBlobs } from "./identity-blobs.js";
export { attestationKey, endorsementKey, readingKey } from "./identity-templates.js";
export { type Credential, makeCredential } from "./make-credential.js";
export { decodePublic, type EccPublic, encodePublic, nameOf, publicToSpki } from "./public-area.js";
export { responseName } from "./response-codes.js";
export { Session, type SessionOptions, type SessionUse, withSession } from "./session.js";
export { Tpm, type TpmOptions } from "./tpm.js";
export { openDevice } from "./transports/device.js";
export { openSwtpm, type SwtpmAddress } from "./transports/socket.js";
export type { Transport } from "./transports/transport.js";
