import { readFileSync, statSync } from "node:fs";
import { CodedError } from "@powershare/domain/errors";
import { type DeviceIdentity, openDevice, openIdentity, openSwtpm, Tpm } from "node-tpm2";
import { z } from "zod";
import type { Measurer } from "../../ports/measurer.js";
import type { Signer } from "../../ports/signer.js";

const hex = z.string().regex(/^([0-9a-f]{2})+$/);
/** `identity.json` as `powershare enrol` writes it. */
const identityFile = z.object({
  version: z.literal(1),
  device: hex,
  storageRootName: hex,
  attestationName: hex,
  readingPublic: hex,
  readingPrivate: hex,
  readingAuth: hex,
  counterName: hex,
});

/** For what is done with the whole identity, once in a while. */
export interface TpmIdentity {
  withIdentity<T>(use: (identity: DeviceIdentity) => Promise<T>): Promise<T>;
}

/**
 * The device's identity in its TPM. The TPM is opened when first needed, and anew after it was lost;
 * callers wait between tries.
 * @throws CodedError tpm.not-enrolled, tpm.identity-exposed
 */
export function tpmSigner(
  where: { readonly device: string } | { readonly swtpm: string },
  identityPath: string,
): Signer & Measurer & TpmIdentity {
  const blobs = readIdentity(identityPath);
  let opened: Promise<{ tpm: Tpm; identity: DeviceIdentity }> | undefined;

  async function open(): Promise<{ tpm: Tpm; identity: DeviceIdentity }> {
    const transport =
      "device" in where ? openDevice(where.device) : openSwtpm({ path: where.swtpm });
    const tpm = await Tpm.open(transport);
    try {
      return { tpm, identity: await openIdentity(tpm, blobs) };
    } catch (error) {
      await tpm.close();
      throw error;
    }
  }

  async function identity(): Promise<DeviceIdentity> {
    const opening = opened ?? open();
    opened = opening;
    try {
      return (await opening).identity;
    } catch (error) {
      if (opened === opening) opened = undefined;
      throw error;
    }
  }

  return {
    device: blobs.device,
    sign: async (digest) => await (await identity()).sign(digest),
    checkpoint: async (qualifyingData) => await (await identity()).checkpoint(qualifyingData),
    measured: async () => await (await identity()).measured(),
    measure: async (digest) => await (await identity()).measure(digest),
    quote: async (qualifyingData) => await (await identity()).quoteMeasurements(qualifyingData),
    withIdentity: async (use) => await use(await identity()),
    async close() {
      const open = await opened?.catch(() => undefined);
      await open?.identity.close();
      await open?.tpm.close();
    },
  };
}

function readIdentity(path: string): z.infer<typeof identityFile> {
  try {
    if ((statSync(path).mode & 0o077) !== 0) {
      throw new CodedError("tpm.identity-exposed", `${path} can be read by others than its owner`);
    }
    return identityFile.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    throw new CodedError("tpm.not-enrolled", `${path} holds no identity of a device`, { cause });
  }
}
