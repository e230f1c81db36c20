import type { Store } from "../../ports/store.js";
import { createArchiveStore } from "./archive.js";
import { Database } from "./database.js";
import { createEpochStore } from "./epochs.js";
import { createEvidenceStore } from "./evidence.js";
import { createLedgerStore } from "./ledger.js";
import { createOutboxStore } from "./outbox.js";
import { createPageStore } from "./page.js";
import { createProofStore } from "./proofs.js";
import { createReadingStore } from "./readings.js";
import { createRetentionStore } from "./retention.js";
import { createScrubStore } from "./scrub.js";

/**
 * Opens the agent's store.
 * @throws CodedError store.*
 */
export function openStore(
  path: string,
  household: { readonly participant: string },
): Store & { close(): void } {
  return storeOn(new Database(path), household);
}

/** The store on a file that is open. */
export function storeOn(
  database: Database,
  household: { readonly participant: string },
): Store & { close(): void } {
  return {
    ...createReadingStore(database),
    ...createEvidenceStore(database),
    ...createOutboxStore(database),
    ...createLedgerStore(database, household),
    ...createPageStore(database),
    ...createRetentionStore(database),
    ...createScrubStore(database),
    ...createArchiveStore(database),
    ...createEpochStore(database),
    ...createProofStore(database),
    close: () => database.close(),
  };
}
