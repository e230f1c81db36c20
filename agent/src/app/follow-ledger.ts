import type { Clock } from "../ports/clock.js";
import type { Ledger } from "../ports/ledger.js";
import type { LedgerStore } from "../ports/store.js";
import { type Loop, startLoop } from "./loop.js";
import type { Health } from "./watch-health.js";

const retryAfterMs = 5_000;

export interface FollowLedgerOptions {
  readonly store: LedgerStore;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly health: Health;
  /** Told the block of each event. */
  readonly onEvent: (blockNumber: number) => void;
}

/**
 * Keeps the projection of the ledger's events, each with its position in one transaction: none twice,
 * none left out. Ends when the ledger is closed.
 */
export function followLedger({ store, ledger, clock, health, onEvent }: FollowLedgerOptions): Loop {
  return startLoop(clock, async () => {
    try {
      for await (const event of ledger.events(store.ledgerPosition())) {
        store.applyEvent(event);
        health.ok("ledger", "events");
        health.ok("store", "events");
        onEvent(event.blockNumber);
      }
    } catch (error) {
      health.problem("ledger", "events", "failed", error);
    }
    return retryAfterMs;
  });
}
