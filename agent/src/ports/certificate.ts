/** The certificate by which the ledger knows this household. */
export interface HouseholdCertificate {
  /** Milliseconds since 1970. */
  endsAtMs(): number;
  /**
   * Fetches the next one for the same key, keeps it and has the ledger's client use it; given up when
   * `stopping` aborts.
   * @throws an error with a `code` enrolment.*, tpm.*
   */
  renew(stopping: AbortSignal): Promise<void>;
}
