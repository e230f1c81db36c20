import { Writer } from "../bytes.js";
import type { Credential } from "../make-credential.js";
import { type Authorization, type Command, command, password } from "./command.js";
import type { LoadedObject } from "./objects.js";

/**
 * TPM2_ActivateCredential (TPM 2.0 Part 3, clause 12.5): gives out the secret if `object` is the very key for which
 * the credential was made, and `key` the endorsement key to which it was encrypted.
 * @param keyAuth For the endorsement key: a policy session in which PolicySecret of its hierarchy was run.
 */
export function activateCredential(
  object: LoadedObject,
  key: LoadedObject,
  credential: Credential,
  keyAuth: Authorization,
  objectAuth: Authorization = password(),
): Command<Uint8Array> {
  return command({
    name: "TPM2_ActivateCredential",
    code: 0x147,
    handles: [object.handle, key.handle],
    authorizations: [objectAuth, keyAuth],
    parameters: new Writer().sized(credential.blob).sized(credential.encryptedSeed).done(),
    parse: (reader) => reader.sized(),
  });
}
