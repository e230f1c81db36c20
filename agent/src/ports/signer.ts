/** What only the TPM can do. Opens it when first used and again after it was lost. */
export interface Signer {
  /** SHA-256 of the endorsement key's public area, hex: who this device is. */
  readonly device: string;
  /**
   * Signature of the reading key, which is also the ledger identity, over a SHA-256 digest.
   * @returns r ‖ s, 64 bytes
   * @throws an error with a `code` tpm.*
   */
  sign(digest: Uint8Array): Promise<Uint8Array>;
  /**
   * Increments the orderly NV counter and certifies it together with 32 bytes of ours.
   * @returns TPMS_ATTEST and r ‖ s of the attestation key
   * @throws an error with a `code` tpm.*
   */
  checkpoint(qualifyingData: Uint8Array): Promise<{ attest: Uint8Array; signature: Uint8Array }>;
  /** Orderly: with TPM2_Shutdown, so that the NV counter keeps its value. */
  close(): Promise<void>;
}
