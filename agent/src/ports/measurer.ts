import type { Software } from "@powershare/domain/evidence";

/** The TPM's part in telling what software runs. All throw an error with a `code` tpm.*. */
export interface Measurer {
  /** The PCR in which software is measured, 32 bytes; zeros after a reset. */
  measured(): Promise<Uint8Array>;
  /** Extends that PCR. Only a reset of the TPM sets it back. */
  measure(digest: Uint8Array): Promise<void>;
  /** TPMS_ATTEST of TPM2_Quote over that PCR, and r ‖ s of the attestation key. */
  quote(qualifyingData: Uint8Array): Promise<{ attest: Uint8Array; signature: Uint8Array }>;
}

/** What was measured last. */
export interface Measurement {
  readonly software: Software;
  /** The PCR before and after, hex. */
  readonly pcrBefore: string;
  readonly pcr: string;
}

/** Keeps it over restarts. */
export interface MeasurementStore {
  last(): Measurement | undefined;
  /** On the disk when it returns. */
  keep(measurement: Measurement): void;
}
