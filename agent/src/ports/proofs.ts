import type { SealedBatch } from "@powershare/domain/evidence";

export interface ProofStore {
  /** The sealed batch that a reading or event lies in; undefined where it is not sealed yet, or no longer kept. @throws CodedError store.* */
  batchOf(sequence: number): SealedBatch | undefined;
  /**
   * Batches sealed in [fromMs, toMs), oldest first, as many as hold up to `limit` readings and events.
   * @returns and whether that was all of them
   * @throws CodedError store.*
   */
  batchesBetween(
    fromMs: number,
    toMs: number,
    limit: number,
  ): { readonly batches: readonly SealedBatch[]; readonly complete: boolean };
}
