import { equalBytes, toHex } from "./bytes.js";
import { type Command, password } from "./commands/command.js";
import { COUNTER_BYTES, nvDefineSpace, nvIncrement, nvReadPublic } from "./commands/nv.js";
import {
  create,
  createPrimary,
  type LoadedObject,
  load,
  type WrappedObject,
} from "./commands/objects.js";
import { HIERARCHY, NV } from "./constants.js";
import { endorsementPrimary } from "./endorsement.js";
import { TpmError, TpmResponseError } from "./errors.js";
import type { HierarchyAuth } from "./hierarchy-auth.js";
import { decodeBlobs, encodeBlobs, type IdentityBlobs } from "./identity-blobs.js";
import {
  attestationKey,
  COUNTER_ATTRIBUTES,
  COUNTER_INDEX,
  readingKey,
  storageRootKey,
} from "./identity-templates.js";
import { flush, whileLoaded } from "./loaded.js";
import { withSession } from "./session.js";
import type { Tpm } from "./tpm.js";

export interface IdentityKeys {
  readonly attestation: LoadedObject;
  readonly reading: LoadedObject;
  readonly readingAuth: Uint8Array;
}

/**
 * Makes what an identity needs: a new reading key, and the counter unless it is there already.
 * Leaves nothing loaded.
 */
export async function createKeys(
  tpm: Tpm,
  readingAuth: Uint8Array,
  auth: HierarchyAuth,
): Promise<IdentityBlobs> {
  const attestation = await readPrimary(tpm, attestationPrimary(auth));
  const counterName = await provisionCounter(tpm, auth);
  return whileLoaded(tpm, endorsementPrimary(auth), async (endorsement) => {
    const { parent, reading } = await createReadingKey(tpm, readingAuth, endorsement, auth);
    return encodeBlobs({
      device: digestOf(endorsement.name),
      storageRootName: parent.name,
      attestationName: attestation.name,
      readingPublic: reading.publicArea,
      readingPrivate: reading.privateArea,
      readingAuth,
      counterName,
    });
  });
}

/**
 * Checks that this is the TPM of the blobs and loads both keys; parents are flushed again, so that no more
 * than two transient objects are ever loaded at once (the SLB9670 has room for three).
 */
export async function loadKeys(
  tpm: Tpm,
  blobs: IdentityBlobs,
  auth: HierarchyAuth,
): Promise<IdentityKeys> {
  const stored = decodeBlobs(blobs);
  const endorsement = await readPrimary(tpm, endorsementPrimary(auth));
  if (!equalBytes(digestOf(endorsement.name), stored.device)) {
    const message = `${tpm.name} is device ${toHex(digestOf(endorsement.name))}, not ${blobs.device}`;
    throw new TpmError("tpm.wrong-tpm", message);
  }
  const reading = await whileLoaded(tpm, storageRootPrimary(auth), (parent) => {
    if (!equalBytes(parent.name, stored.storageRootName)) {
      throw new TpmError(
        "tpm.cleared",
        `${tpm.name} was cleared since the identity was made: its storage root is another`,
      );
    }
    return loadReadingKey(tpm, parent, {
      publicArea: stored.readingPublic,
      privateArea: stored.readingPrivate,
    });
  });
  try {
    await checkCounter(tpm, stored.counterName);
    const attestation = await tpm.run(attestationPrimary(auth));
    if (!equalBytes(attestation.name, stored.attestationName)) {
      await flush(tpm, attestation.handle);
      throw new TpmError("tpm.cleared", `${tpm.name} has another attestation key now`);
    }
    return { attestation, reading, readingAuth: stored.readingAuth };
  } catch (error) {
    await flush(tpm, reading.handle);
    throw error;
  }
}

const attestationPrimary = (auth: HierarchyAuth) =>
  createPrimary(HIERARCHY.endorsement, attestationKey, password(auth.endorsement));
const storageRootPrimary = (auth: HierarchyAuth) =>
  createPrimary(HIERARCHY.owner, storageRootKey, password(auth.owner));

/** A new reading key; its auth value crosses the bus encrypted for the holder of the endorsement key. */
function createReadingKey(
  tpm: Tpm,
  readingAuth: Uint8Array,
  endorsement: LoadedObject,
  auth: HierarchyAuth,
): Promise<{ parent: LoadedObject; reading: WrappedObject }> {
  return withSession(tpm, { type: "hmac", saltKey: endorsement }, (session) =>
    whileLoaded(tpm, storageRootPrimary(auth), async (parent) => {
      const parentAuth = session.use({ authValue: new Uint8Array(), encryptCommand: true });
      const making = create(parent.handle, readingKey, readingAuth, parentAuth);
      return { parent, reading: await tpm.run(making) };
    }),
  );
}

/** The digest in a TPM name, after its algorithm. */
function digestOf(name: Uint8Array): Uint8Array {
  return name.subarray(2);
}

function readPrimary(tpm: Tpm, primary: Command<LoadedObject>): Promise<LoadedObject> {
  return whileLoaded(tpm, primary, (object) => object);
}

async function loadReadingKey(
  tpm: Tpm,
  parent: LoadedObject,
  wrapped: WrappedObject,
): Promise<LoadedObject> {
  try {
    return await tpm.run(load(parent.handle, wrapped));
  } catch (cause) {
    if (!(cause instanceof TpmResponseError) || cause.code !== "tpm.response") throw cause;
    const message = "the stored reading key is damaged: its own TPM will not load it";
    throw new TpmError("tpm.blobs", message, { cause });
  }
}

/** Defines the counter unless it is there, and writes it once so that its name is final. */
async function provisionCounter(tpm: Tpm, auth: HierarchyAuth): Promise<Uint8Array> {
  const found = await findCounter(tpm);
  if (found === undefined) {
    const area = {
      index: COUNTER_INDEX,
      attributes: COUNTER_ATTRIBUTES,
      authPolicy: new Uint8Array(),
      dataBytes: COUNTER_BYTES,
    };
    await tpm.run(nvDefineSpace(area, password(auth.owner)));
  }
  if (found?.written !== true) await tpm.run(nvIncrement(COUNTER_INDEX));
  const { name } = await tpm.run(nvReadPublic(COUNTER_INDEX));
  return name;
}

async function checkCounter(tpm: Tpm, expectedName: Uint8Array): Promise<void> {
  const found = await findCounter(tpm);
  if (found === undefined || !equalBytes(found.name, expectedName)) {
    const what = found === undefined ? "is missing" : "is not the one of the identity";
    throw new TpmError("tpm.counter", `counter ${counterLabel} of ${tpm.name} ${what}`);
  }
}

const counterLabel = `0x${COUNTER_INDEX.toString(16).padStart(8, "0")}`;
const HANDLE_UNKNOWN = 0x18b;

/** The counter if the TPM has it; an index of the same number that was made otherwise is `tpm.counter`. */
async function findCounter(tpm: Tpm): Promise<{ name: Uint8Array; written: boolean } | undefined> {
  try {
    const { nvPublic, name } = await tpm.run(nvReadPublic(COUNTER_INDEX));
    const { attributes, dataBytes, authPolicy } = nvPublic;
    const ours =
      (attributes & ~NV.written) === COUNTER_ATTRIBUTES &&
      dataBytes === COUNTER_BYTES &&
      authPolicy.length === 0;
    if (!ours) {
      const found = `attributes 0x${attributes.toString(16)}, ${dataBytes} bytes`;
      throw new TpmError("tpm.counter", `NV index ${counterLabel} is taken (${found})`);
    }
    return { name, written: (attributes & NV.written) !== 0 };
  } catch (error) {
    if (error instanceof TpmResponseError && error.responseCode === HANDLE_UNKNOWN)
      return undefined;
    throw error;
  }
}
