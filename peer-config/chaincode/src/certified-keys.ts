import { CodedError } from "@powershare/domain/errors";
import {
  type Crypto,
  deviceCounterName,
  fromHex,
  toHex,
  verifyKeyCertification,
} from "@powershare/domain/evidence";
import type { NewDevice } from "@powershare/domain/ledger";

/** SPKI of both keys, base64. */
export interface CertifiedKeys {
  readonly attestationSpki: string;
  readonly readingSpki: string;
}

/**
 * Checks the keys and the counter of a device.
 * @throws CodedError evidence.counter-name, evidence.key, evidence.attestation, evidence.certification
 */
export function certifiedKeys(device: NewDevice, crypto: Crypto): CertifiedKeys {
  // An index with other attributes could be written, and so set back.
  if (device.counterName !== toHex(deviceCounterName(crypto.sha256))) {
    throw new CodedError(
      "evidence.counter-name",
      "the counter is not the orderly NV counter that a device has",
    );
  }
  const { attestationSpki, readingSpki } = verifyKeyCertification(
    {
      attestationKey: fromHex(device.attestationKey),
      readingKey: fromHex(device.readingKey),
      attest: fromHex(device.certification.attest),
      signature: fromHex(device.certification.signature),
    },
    crypto,
  );
  return { attestationSpki: base64(attestationSpki), readingSpki: base64(readingSpki) };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
