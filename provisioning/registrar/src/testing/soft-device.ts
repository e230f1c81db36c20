import * as crypto from "node:crypto";
import {
  type EnrolmentRequest,
  requestBinding,
  type UncertifiedRequest,
} from "@powershare/domain/enrolment";
import { toHex } from "@powershare/domain/evidence";
import { TestDevice, type TestKey, testKey } from "@powershare/domain/testing";
import { createCsr } from "@powershare/fabric/ca";
import { type EccPublic, encodePublic, endorsementKey } from "node-tpm2";
import type { Maker } from "node-tpm2/testing";

const meters: EnrolmentRequest["meters"] = [
  { id: "eastron/sdm630:12345678", role: "connection", profile: "ab".repeat(32) },
];

/** P-256 public area with the point of a key. */
export function areaOf(template: EccPublic, { spki }: Pick<TestKey, "spki">): Uint8Array {
  const point = spki.slice(-64);
  return encodePublic({ ...template, x: point.slice(0, 32), y: point.slice(32) });
}

/** A device with software keys in place of a TPM's: its requests look exactly as from a TPM. */
export class SoftDevice {
  readonly keys: TestDevice;
  readonly endorsement: TestKey;
  readonly endorsementPublic: Uint8Array;
  readonly certificate: Uint8Array;
  readonly label: string;
  #requests = 0;

  constructor(label: string, maker: Maker) {
    this.label = label;
    this.keys = new TestDevice(crypto, label);
    this.endorsement = testKey(crypto, `${label}: endorsement key`);
    this.endorsementPublic = areaOf(endorsementKey, this.endorsement);
    this.certificate = maker.certify(this.endorsement.spki);
  }

  /** A request as it should be, but for these changes, which the device itself makes before it certifies. */
  request(changes: Partial<EnrolmentRequest> = {}): EnrolmentRequest {
    this.#requests += 1;
    const { sha256 } = this.keys.crypto;
    const nonce = toHex(sha256(Buffer.from(`${this.label} ${this.#requests}`)).slice(0, 16));
    const rest = {
      v: 1 as const,
      nonce,
      endorsementPublic: toHex(this.endorsementPublic),
      endorsementCertificate: toHex(this.certificate),
      attestationPublic: toHex(this.keys.attestationKey),
      readingPublic: toHex(this.keys.readingKey),
      counterName: toHex(this.keys.counterName),
      meters,
      ...changes,
    };
    return { ...rest, certification: changes.certification ?? this.bind(rest) };
  }

  /** The attestation key certifies a request. */
  bind(request: UncertifiedRequest): EnrolmentRequest["certification"] {
    return this.certify(requestBinding(request, this.keys.crypto.sha256));
  }

  /** The attestation key certifies the reading key over this. */
  certify(qualifyingData: Uint8Array): { attest: string; signature: string } {
    const name = this.keys.nameOf(this.keys.readingKey);
    const { attest, signature } = this.keys.certify(name, qualifyingData);
    return { attest: toHex(attest), signature: toHex(signature) };
  }

  /** A certificate request of the reading key, or of another. */
  csr(participant: string, key: TestKey = this.keys.reading): Promise<string> {
    return createCsr({
      commonName: participant,
      publicKeySpki: key.spki,
      sign: async (message) => crypto.sign("sha256", message, key.privateKeyPem),
    });
  }
}
