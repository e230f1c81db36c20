import { Writer } from "../bytes.js";
import { ALG, HIERARCHY } from "../constants.js";
import { type Command, command, type Handle, type LoadedHandle } from "./command.js";

/** TPM_SE (TPM 2.0 Part 2, clause 6.11). */
export const SESSION_TYPE = { hmac: 0x00, policy: 0x01, trial: 0x03 } as const;

/** What a session is started with. */
export interface SessionStart {
  readonly type: keyof typeof SESSION_TYPE;
  /** 32 bytes. */
  readonly nonceCaller: Uint8Array;
  /** Storage key to which the salt is encrypted, and the encrypted salt; none for a session without. */
  readonly salt?: { readonly key: Handle; readonly encrypted: Uint8Array };
}

/** TPM2_StartAuthSession, unbound, with SHA-256 and AES-128-CFB (Part 3, clause 11.1). */
export function startAuthSession({
  type,
  nonceCaller,
  salt,
}: SessionStart): Command<{ handle: LoadedHandle; nonceTpm: Uint8Array }> {
  return command({
    name: "TPM2_StartAuthSession",
    code: 0x176,
    handles: [salt?.key ?? HIERARCHY.null, HIERARCHY.null],
    parameters: new Writer()
      .sized(nonceCaller)
      .sized(salt?.encrypted ?? new Uint8Array())
      .u8(SESSION_TYPE[type])
      .u16(ALG.aes)
      .u16(128)
      .u16(ALG.cfb)
      .u16(ALG.sha256)
      .done(),
    returnsHandle: true,
    parse: (reader, handle) => ({ handle, nonceTpm: reader.sized() }),
  });
}
