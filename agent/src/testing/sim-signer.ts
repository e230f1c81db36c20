import * as node from "node:crypto";
import { CodedError } from "@powershare/domain/errors";
import { TestDevice } from "@powershare/domain/testing";
import { softwareSigner } from "@powershare/ledger-client";
import { p1363 } from "node-tpm2";
import type { Signer } from "../ports/signer.js";

/** A TPM with software keys: what it signs passes every check of the ledger. */
export class SimSigner implements Signer {
  readonly keys: TestDevice;
  fault: "none" | "tpm.locked" | "tpm.unavailable" = "none";
  counter = 0n;
  signatures = 0;

  constructor(label: string) {
    this.keys = new TestDevice(node, label);
  }

  get device(): string {
    return this.keys.id;
  }

  async sign(digest: Uint8Array): Promise<Uint8Array> {
    this.#requireHealth();
    this.signatures += 1;
    return p1363(await softwareSigner(this.keys.reading.privateKeyPem)(digest));
  }

  async checkpoint(
    qualifyingData: Uint8Array,
  ): Promise<{ attest: Uint8Array; signature: Uint8Array }> {
    this.#requireHealth();
    this.counter += 1n;
    return this.keys.certifyCounter(qualifyingData, this.counter);
  }

  async close(): Promise<void> {}

  #requireHealth(): void {
    if (this.fault !== "none") throw new CodedError(this.fault, "the simulated TPM says no");
  }
}
