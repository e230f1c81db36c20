import * as node from "node:crypto";
import { CodedError } from "@powershare/domain/errors";
import { TestDevice } from "@powershare/domain/testing";
import { softwareSigner } from "@powershare/ledger-client";
import { p1363 } from "node-tpm2";
import type { Measurer } from "../ports/measurer.js";
import type { Signer } from "../ports/signer.js";

/** A TPM with software keys: what it signs passes every check of the ledger. */
export class SimSigner implements Signer, Measurer {
  readonly keys: TestDevice;
  fault: "none" | "tpm.locked" | "tpm.unavailable" = "none";
  counter = 0n;
  signatures = 0;
  pcr: Uint8Array = new Uint8Array(32);
  measurements = 0;

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

  async measured(): Promise<Uint8Array> {
    this.#requireHealth();
    return this.pcr;
  }

  async measure(digest: Uint8Array): Promise<void> {
    this.#requireHealth();
    this.measurements += 1;
    this.pcr = this.keys.crypto.sha256(Buffer.concat([this.pcr, digest]));
  }

  async quote(qualifyingData: Uint8Array): Promise<{ attest: Uint8Array; signature: Uint8Array }> {
    this.#requireHealth();
    return this.keys.quote(qualifyingData, this.pcr);
  }

  /** What a reset of the TPM does to what was measured. */
  reset(): void {
    this.pcr = new Uint8Array(32);
  }

  async close(): Promise<void> {}

  #requireHealth(): void {
    if (this.fault !== "none") throw new CodedError(this.fault, "the simulated TPM says no");
  }
}
