import * as crypto from "node:crypto";
import { type EvidencePackage, type RegisterValues, toHex } from "@powershare/domain/evidence";
import type { NewDevice } from "@powershare/domain/ledger";
import { TestDevice } from "@powershare/domain/testing";
import type { TestIdentity } from "./ledger-stub.js";
import { identityOf, type TestResident } from "./neighbourhood.js";

/** A TPM that takes the place of a resident's; its counter begins at 1. */
export class ReplacedDevice {
  readonly device: NewDevice;
  readonly identity: TestIdentity;
  readonly #keys: TestDevice;
  #counter = 0n;

  constructor(resident: TestResident, label: string) {
    this.#keys = new TestDevice(crypto, label);
    const { attest, signature } = this.#keys.certify();
    this.device = {
      device: this.#keys.id,
      attestationKey: toHex(this.#keys.attestationKey),
      readingKey: toHex(this.#keys.readingKey),
      certification: { attest: toHex(attest), signature: toHex(signature) },
      counterName: toHex(this.#keys.counterName),
    };
    const attributes = { ...resident.attributes(), device: this.#keys.id };
    this.identity = identityOf("CommunityMSP", attributes, this.#keys.reading.privateKeyPem);
  }

  /** The next interval of the resident's connection point, signed by this device. */
  evidence(resident: TestResident, energy: RegisterValues): EvidencePackage {
    const interval = resident.interval(energy);
    const statement = { ...resident.household.statement(), device: this.#keys.id };
    this.#counter += 1n;
    return this.#keys.sign({
      v: 1,
      participant: resident.id,
      meter: resident.meter,
      intervals: [interval],
      checkpoint: this.#keys.checkpoint(statement, this.#counter),
    });
  }
}
