import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import {
  type Authorization,
  type AuthorizationArea,
  type LoadedHandle,
  SESSION,
} from "./commands/command.js";
import type { LoadedObject } from "./commands/objects.js";
import { type SessionStart, startAuthSession } from "./commands/sessions.js";
import { TpmError } from "./errors.js";
import { kdfa } from "./kdf.js";
import { shareSeed } from "./key-exchange.js";
import { flush } from "./loaded.js";
import type { Tpm } from "./tpm.js";

const NONCE_BYTES = 32;
const empty = new Uint8Array();
const concat = (...parts: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));

/** How one command uses a session. */
export interface SessionUse {
  /** Auth value of what the session authorises; left out where it only encrypts, or a policy needs none. */
  readonly authValue?: Uint8Array;
  /** Encrypts the first parameter of the command. Default false. */
  readonly encryptCommand?: boolean;
  /** Has the TPM encrypt the first parameter of its response. Default false. */
  readonly encryptResponse?: boolean;
}

/**
 * An HMAC or policy session with SHA-256 and AES-128-CFB (TPM 2.0 Part 1, clauses 19 and 21). Salted, it shares a
 * secret with the holder of the storage key alone: what passes is encrypted, and an answer that was changed on the
 * bus is refused.
 */
export class Session {
  readonly handle: LoadedHandle;
  readonly #key: Uint8Array;
  readonly #isPolicy: boolean;
  readonly #random: (size: number) => Uint8Array;
  #nonceCaller: Uint8Array;
  #nonceTpm: Uint8Array;

  constructor(parts: {
    readonly handle: LoadedHandle;
    /** Empty for a session without salt. */
    readonly salt: Uint8Array;
    readonly isPolicy: boolean;
    readonly nonceCaller: Uint8Array;
    readonly nonceTpm: Uint8Array;
    readonly random: (size: number) => Uint8Array;
  }) {
    const { handle, salt, isPolicy, nonceCaller, nonceTpm, random } = parts;
    this.handle = handle;
    this.#isPolicy = isPolicy;
    this.#random = random;
    this.#nonceCaller = nonceCaller;
    this.#nonceTpm = nonceTpm;
    this.#key = salt.length === 0 ? empty : kdfa(salt, "ATH", nonceTpm, nonceCaller, 256);
  }

  /** The session as authorisation of one command. */
  use({ authValue, encryptCommand, encryptResponse }: SessionUse = {}): Authorization {
    const attributes =
      SESSION.continue |
      (encryptCommand === true ? SESSION.decrypt : 0) |
      (encryptResponse === true ? SESSION.encrypt : 0);
    // A TPM drops zeros at the end of an auth value (Part 1, clause 19.6.4.3).
    const secret = concat(this.#key, withoutTrailingZeros(authValue ?? empty));
    // A policy without secret proves itself by its digest alone.
    const isSilent = this.#isPolicy && secret.length === 0;
    const hmac = (hash: Uint8Array, nonces: readonly Uint8Array[], flags: number) =>
      isSilent
        ? empty
        : Uint8Array.from(
            createHmac("sha256", secret)
              .update(concat(hash, ...nonces, Uint8Array.of(flags)))
              .digest(),
          );
    const currentNonceTpm = () => this.#nonceTpm;
    return {
      session: this.handle,
      attributes,
      get nonceTpm() {
        return currentNonceTpm();
      },
      begin: () => {
        this.#nonceCaller = this.#random(NONCE_BYTES);
      },
      encrypt: (first) =>
        encryptCommand === true
          ? crypt(createCipheriv, secret, this.#nonceCaller, this.#nonceTpm, first)
          : first,
      authorize: (hash, others) => ({
        nonce: this.#nonceCaller,
        attributes,
        hmac: hmac(hash, [this.#nonceCaller, this.#nonceTpm, others], attributes),
      }),
      accept: (hash, area) => {
        const expected = hmac(hash, [area.nonce, this.#nonceCaller], area.attributes);
        this.#requireGenuine(area, expected);
        this.#nonceTpm = area.nonce;
      },
      decrypt: (first) =>
        encryptResponse === true
          ? crypt(createDecipheriv, secret, this.#nonceTpm, this.#nonceCaller, first)
          : first,
    };
  }

  #requireGenuine({ hmac }: AuthorizationArea, expected: Uint8Array): void {
    if (hmac.length === expected.length && timingSafeEqual(hmac, expected)) return;
    throw new TpmError("tpm.malformed", "the response was not made by the TPM of the session");
  }
}

/** AES-128-CFB under key and IV of this exchange (Part 1, clause 21.3). */
function crypt(
  make: typeof createCipheriv | typeof createDecipheriv,
  secret: Uint8Array,
  nonceNewer: Uint8Array,
  nonceOlder: Uint8Array,
  bytes: Uint8Array,
): Uint8Array {
  const material = kdfa(secret, "CFB", nonceNewer, nonceOlder, 256);
  const cipher = make("aes-128-cfb", material.subarray(0, 16), material.subarray(16));
  return concat(cipher.update(bytes), cipher.final());
}

function withoutTrailingZeros(bytes: Uint8Array): Uint8Array {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length -= 1;
  return bytes.subarray(0, length);
}

export interface SessionOptions {
  readonly type: SessionStart["type"];
  /**
   * Storage key to whose holder the salt goes, as a rule the endorsement key. Pin its public area against its
   * certificate first: a salt for a key that somebody on the bus put in its place protects nothing.
   */
  readonly saltKey?: LoadedObject;
  readonly randomBytes?: (size: number) => Uint8Array;
}

/**
 * Runs `use` with a fresh session and flushes it afterwards: an idle session breaks later ones once a TPM has saved
 * and loaded contexts 65,535 times (TPM_RC_CONTEXT_GAP).
 * @throws what `use` throws, and that of {@link Tpm.run}.
 */
export async function withSession<T>(
  tpm: Tpm,
  { type, saltKey, randomBytes: random = randomBytes }: SessionOptions,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const nonceCaller = random(NONCE_BYTES);
  const seed = saltKey === undefined ? undefined : shareSeed(saltKey.publicArea, "SECRET");
  const salt =
    saltKey === undefined || seed === undefined
      ? {}
      : { salt: { key: saltKey.handle, encrypted: seed.encrypted } };
  const { handle, nonceTpm } = await tpm.run(startAuthSession({ type, nonceCaller, ...salt }));
  const isPolicy = type !== "hmac";
  const session = new Session({
    handle,
    salt: seed?.seed ?? empty,
    isPolicy,
    nonceCaller,
    nonceTpm,
    random,
  });
  try {
    return await use(session);
  } finally {
    await flush(tpm, handle);
  }
}
