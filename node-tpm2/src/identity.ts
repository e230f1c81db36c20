import { randomBytes } from "node:crypto";
import { fromHex } from "./bytes.js";
import { shutdown } from "./commands/lifecycle.js";
import { nvCertifyCounter, nvIncrement, nvReadPublic } from "./commands/nv.js";
import { type PcrSelection, pcrExtend, pcrRead, quote } from "./commands/pcr.js";
import { type Attestation, certify, type Signer, sign } from "./commands/signatures.js";
import { activate } from "./endorsement.js";
import { TpmError } from "./errors.js";
import type { HierarchyAuth } from "./hierarchy-auth.js";
import type { IdentityBlobs } from "./identity-blobs.js";
import { createKeys, type IdentityKeys, loadKeys } from "./identity-keys.js";
import { COUNTER_INDEX } from "./identity-templates.js";
import { flush } from "./loaded.js";
import type { Credential } from "./make-credential.js";
import { publicToSpki } from "./public-area.js";
import { Queue } from "./queue.js";
import { withSession } from "./session.js";
import type { Tpm } from "./tpm.js";

/** A device's keys and counter in its TPM, ready for use. */
export interface DeviceIdentity {
  /** SHA-256 of the endorsement key's TPMT_PUBLIC, hex. */
  readonly device: string;
  /** TPMT_PUBLIC of the attestation key. */
  readonly attestationPublic: Uint8Array;
  /** TPMT_PUBLIC of the reading key. */
  readonly readingPublic: Uint8Array;
  /** Reading key as SubjectPublicKeyInfo, DER. */
  readonly readingSpki: Uint8Array;
  /** TPM name of the counter, 34 bytes, as it stands in every checkpoint. */
  counterName(): Promise<Uint8Array>;
  /**
   * TPM2_Certify: the attestation key states that the reading key is in the same TPM.
   * @param qualifyingData Up to 32 bytes that the attestation repeats, e.g. the hash of a challenge; default none.
   */
  certifyReadingKey(qualifyingData?: Uint8Array): Promise<Attestation>;
  /**
   * TPM2_ActivateCredential: the secret of a credential that was made for this TPM and its attestation key.
   * @throws TpmResponseError for one made for another TPM or key.
   */
  activateCredential(credential: Credential): Promise<Uint8Array>;
  /** The PCR in which software is measured, 32 bytes; zeros after a reset of the TPM. */
  measured(): Promise<Uint8Array>;
  /** Extends the PCR in which software is measured by a SHA-256 digest. Only a reset of the TPM sets it back. */
  measure(digest: Uint8Array): Promise<void>;
  /** TPM2_Quote: the attestation key states what was measured since the TPM's reset; see `measure`. */
  quoteMeasurements(qualifyingData: Uint8Array): Promise<Attestation>;
  /**
   * ECDSA P-256 by the reading key.
   * @param digest SHA-256, 32 bytes.
   * @returns r ‖ s, 64 bytes; see `toDerLowS`.
   */
  sign(digest: Uint8Array): Promise<Uint8Array>;
  /**
   * Raises the counter by one and has the attestation key sign its value, the TPM's clock and reset counts and
   * `qualifyingData` (TPM2_NV_Certify). Values of successive checkpoints rise strictly, with gaps after power cuts.
   * @param qualifyingData 1 to 32 bytes.
   */
  checkpoint(qualifyingData: Uint8Array): Promise<Attestation>;
  /**
   * Waits for checkpoints under way, unloads the keys and sends TPM2_Shutdown, so that an ensuing power-off is an
   * orderly one. Leaves the Tpm open, to be closed next.
   */
  close(): Promise<void>;
}

export interface ProvisionOptions {
  readonly hierarchyAuth?: HierarchyAuth;
  /** Source of the reading key's auth value; by default the system's. */
  readonly randomBytes?: (size: number) => Uint8Array;
}

const DIGEST_BYTES = 32;
const MAX_CHECKPOINTS_WAITING = 16;
const MAX_SIGNATURES_WAITING = 64;
/** Of those that only a reset of the TPM clears; firmware uses 0 to 7, boot loaders and systemd some of 8 to 15. */
const SOFTWARE_PCR = 11;
const measuredPcrs: PcrSelection = [SOFTWARE_PCR];

function requireDigest(digest: Uint8Array): void {
  if (digest.length === DIGEST_BYTES) return;
  throw new RangeError(`a SHA-256 digest has ${DIGEST_BYTES} bytes, not ${digest.length}`);
}

/**
 * Makes a device identity: a new reading key, and the counter unless this TPM has it. Endorsement, storage root
 * and attestation key come from the TPM's seeds and are the same each time. It may be repeated: only the blobs of
 * the last call need to be kept.
 * @throws TpmError `tpm.counter` if the counter's NV index is taken by something else; those of {@link Tpm.run}.
 */
export async function provisionIdentity(
  tpm: Tpm,
  options: ProvisionOptions = {},
): Promise<IdentityBlobs> {
  const readingAuth = (options.randomBytes ?? randomBytes)(DIGEST_BYTES);
  return createKeys(tpm, readingAuth, options.hierarchyAuth ?? {});
}

/**
 * Opens an identity in the TPM that made it, also after a power cut.
 * @throws TpmError `tpm.wrong-tpm`, `tpm.cleared`, `tpm.counter`, `tpm.blobs`; those of {@link Tpm.run}.
 */
export async function openIdentity(
  tpm: Tpm,
  blobs: IdentityBlobs,
  options: { readonly hierarchyAuth?: HierarchyAuth } = {},
): Promise<DeviceIdentity> {
  const hierarchyAuth = options.hierarchyAuth ?? {};
  const load = () => loadKeys(tpm, blobs, hierarchyAuth);
  return new TpmIdentity(tpm, { blobs, hierarchyAuth, load, keys: await load() });
}

class TpmIdentity implements DeviceIdentity {
  readonly device: string;
  readonly attestationPublic: Uint8Array;
  readonly readingPublic: Uint8Array;
  readonly readingSpki: Uint8Array;
  readonly #tpm: Tpm;
  readonly #hierarchyAuth: HierarchyAuth;
  readonly #load: () => Promise<IdentityKeys>;
  /** Increment and certification of one checkpoint belong together. */
  readonly #checkpoints = new Queue(MAX_CHECKPOINTS_WAITING, "checkpoints");
  /** One session at a time: chips have room for three, and others may use theirs meanwhile. */
  readonly #sessions = new Queue(MAX_SIGNATURES_WAITING, "uses of the reading key");
  #keys: Promise<IdentityKeys> | undefined;
  #closed = false;

  constructor(
    tpm: Tpm,
    parts: {
      readonly blobs: IdentityBlobs;
      readonly hierarchyAuth: HierarchyAuth;
      readonly load: () => Promise<IdentityKeys>;
      readonly keys: IdentityKeys;
    },
  ) {
    const { blobs, hierarchyAuth, load, keys } = parts;
    this.#tpm = tpm;
    this.#hierarchyAuth = hierarchyAuth;
    this.#load = load;
    this.#keys = Promise.resolve(keys);
    this.device = blobs.device;
    this.attestationPublic = keys.attestation.publicArea;
    this.readingPublic = fromHex(blobs.readingPublic, "readingPublic");
    this.readingSpki = publicToSpki(this.readingPublic);
  }

  async counterName(): Promise<Uint8Array> {
    const { name } = await this.#tpm.run(nvReadPublic(COUNTER_INDEX));
    return name;
  }

  async certifyReadingKey(qualifyingData: Uint8Array = new Uint8Array()): Promise<Attestation> {
    this.#refuseIfClosed();
    return this.#withKeys((keys) =>
      this.#asReadingKey(keys, (reading) =>
        this.#tpm.run(certify(reading, keys.attestation, qualifyingData)),
      ),
    );
  }

  async activateCredential(credential: Credential): Promise<Uint8Array> {
    this.#refuseIfClosed();
    return this.#sessions.run(() =>
      this.#withKeys(({ attestation }) =>
        activate(this.#tpm, attestation, credential, this.#hierarchyAuth),
      ),
    );
  }

  async measured(): Promise<Uint8Array> {
    this.#refuseIfClosed();
    const { values } = await this.#tpm.run(pcrRead(measuredPcrs));
    return values[0] ?? new Uint8Array(DIGEST_BYTES);
  }

  async measure(digest: Uint8Array): Promise<void> {
    this.#refuseIfClosed();
    requireDigest(digest);
    await this.#tpm.run(pcrExtend(SOFTWARE_PCR, digest));
  }

  async quoteMeasurements(qualifyingData: Uint8Array): Promise<Attestation> {
    this.#refuseIfClosed();
    return this.#withKeys(({ attestation }) =>
      this.#tpm.run(quote(attestation, measuredPcrs, qualifyingData)),
    );
  }

  async sign(digest: Uint8Array): Promise<Uint8Array> {
    this.#refuseIfClosed();
    requireDigest(digest);
    return this.#withKeys((keys) =>
      this.#asReadingKey(keys, (reading) => this.#tpm.run(sign(reading, digest))),
    );
  }

  async checkpoint(qualifyingData: Uint8Array): Promise<Attestation> {
    this.#refuseIfClosed();
    if (qualifyingData.length < 1 || qualifyingData.length > DIGEST_BYTES) {
      throw new RangeError(
        `qualifying data has 1 to ${DIGEST_BYTES} bytes, not ${qualifyingData.length}`,
      );
    }
    return this.#checkpoints.run(() =>
      this.#withKeys(async ({ attestation }) => {
        await this.#tpm.run(nvIncrement(COUNTER_INDEX));
        return this.#tpm.run(nvCertifyCounter(COUNTER_INDEX, attestation, qualifyingData));
      }),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#checkpoints.idle(), this.#sessions.idle()]);
    const keys = await this.#keys;
    this.#keys = undefined;
    if (keys !== undefined) {
      await flush(this.#tpm, keys.reading.handle);
      await flush(this.#tpm, keys.attestation.handle);
    }
    await this.#tpm.run(shutdown());
  }

  /** By a session of its own, so that the auth value never crosses the bus. */
  #asReadingKey<T>(keys: IdentityKeys, use: (reading: Signer) => Promise<T>): Promise<T> {
    const { reading, readingAuth: authValue } = keys;
    return this.#sessions.run(() =>
      withSession(this.#tpm, { type: "hmac" }, (session) =>
        use({ handle: reading.handle, auth: session.use({ authValue }) }),
      ),
    );
  }

  #refuseIfClosed(): void {
    if (this.#closed)
      throw new TpmError("tpm.closed", `${this.#tpm.name}: the identity was closed`);
  }

  /** Loads the keys again, once, if the TPM or its channel started anew since. */
  async #withKeys<T>(use: (keys: IdentityKeys) => Promise<T>): Promise<T> {
    const before = this.#current();
    try {
      return await use(await before);
    } catch (error) {
      if (!(error instanceof TpmError) || error.code !== "tpm.reopened") throw error;
      if (this.#keys === before) this.#keys = undefined;
      return use(await this.#current());
    }
  }

  /** The keys; all that find them gone wait for the same load. A load that failed is not kept. */
  #current(): Promise<IdentityKeys> {
    if (this.#keys !== undefined) return this.#keys;
    this.#refuseIfClosed();
    const loading = this.#load();
    this.#keys = loading;
    loading.catch(() => {
      if (this.#keys === loading) this.#keys = undefined;
    });
    return loading;
  }
}
