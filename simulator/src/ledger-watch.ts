import { type LedgerEvent, parseEvent } from "@powershare/domain/ledger";
import type { LedgerClient } from "@powershare/ledger-client";
import { EvidenceBook } from "./books.js";
import { TradeTotals } from "./trade-totals.js";

/** Follows the ledger's events from the first block on, and keeps the sums that the demo tells of. */
export class LedgerWatch {
  readonly totals = new TradeTotals();
  readonly evidence = new EvidenceBook();
  /** Settles with an error if an event can't be understood; ends with the client. */
  readonly ended: Promise<void>;
  readonly #onEvent: (event: LedgerEvent) => void;
  #waiting: { readonly trades: number; readonly resolve: () => void }[] = [];

  constructor(client: Pick<LedgerClient, "events">, onEvent: (event: LedgerEvent) => void) {
    this.#onEvent = onEvent;
    this.ended = this.#follow(client);
  }

  /** Settles when so many trades have been settled on the ledger. */
  settledTrades(trades: number): Promise<void> {
    if (this.totals.settledTrades >= trades) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ trades, resolve }));
  }

  async #follow(client: Pick<LedgerClient, "events">): Promise<void> {
    for await (const { name, payload } of client.events()) {
      const event = parseEvent(name, payload);
      if (event === undefined) continue;
      if (event.name === "EvidenceAccepted") this.evidence.add(event.payload);
      if (event.name === "SlotSettled") this.totals.add(event.payload);
      this.#onEvent(event);
      this.#waiting = this.#waiting.filter(({ trades, resolve }) => {
        if (this.totals.settledTrades < trades) return true;
        resolve();
        return false;
      });
    }
  }
}
