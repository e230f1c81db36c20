import * as node from "node:crypto";
import { CodedError } from "@powershare/domain/errors";
import { cryptoFrom, intervalHash, toHex } from "@powershare/domain/evidence";
import type { Clock } from "../ports/clock.js";
import type { Ledger } from "../ports/ledger.js";
import type { Signer } from "../ports/signer.js";
import type { EvidenceStore, OutboxStore, ReadingStore } from "../ports/store.js";
import { type Loop, startLoop } from "./loop.js";
import type { Health } from "./watch-health.js";

const checkEveryMs = 3_600_000;
const retryAfterMs = 15_000;
const { sha256 } = cryptoFrom(node);

export interface WatchHistoryOptions {
  readonly store: Pick<EvidenceStore, "sealedHead"> &
    Pick<OutboxStore, "interval"> &
    Pick<ReadingStore, "pins">;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly health: Health;
  /** The store came from a backup and was not compared with the ledger yet. */
  readonly restored: boolean;
  /** Told once, when a restored store was found to be as new as the ledger. */
  readonly onConfirmed: () => void;
}

/**
 * Compares the store with what the ledger accepted from its meters. A store that is older, restored
 * from a backup or an old card, would give its numbers a second time and sign a second history; so
 * then nothing is sealed any more. Reading goes on, and what is read is kept.
 */
export class WatchHistory {
  readonly #options: WatchHistoryOptions;
  #refusal: CodedError | undefined;

  constructor(options: WatchHistoryOptions) {
    this.#options = options;
    if (options.restored) {
      this.#refusal = new CodedError(
        "store.unconfirmed",
        "the store was restored, and the ledger could not be asked yet whether it is the newest",
      );
    }
  }

  start(): Loop {
    const { clock, health } = this.#options;
    return startLoop(clock, async () => {
      let compared = false;
      try {
        compared = await this.#compare();
      } catch (error) {
        // The ledger is out of reach, which others report. A restored store has to wait for it.
        if (this.#refusal !== undefined) {
          health.problem("store", "history", "failed", this.#refusal);
        } else health.problem("ledger", "history", "degraded", error);
        return retryAfterMs;
      }
      if (this.#refusal === undefined) health.ok("store", "history");
      else health.problem("store", "history", "failed", this.#refusal);
      return compared ? checkEveryMs : retryAfterMs;
    });
  }

  /** The signer, which certifies nothing while the history is in doubt. */
  guarded(signer: Signer): Signer {
    return {
      device: signer.device,
      sign: async (digest) => await signer.sign(digest),
      checkpoint: async (qualifyingData) => {
        if (this.#refusal !== undefined) throw this.#refusal;
        return await signer.checkpoint(qualifyingData);
      },
      close: async () => await signer.close(),
    };
  }

  /** @returns false where no meter was seen yet: an empty store, too, may come after another */
  async #compare(): Promise<boolean> {
    const { store, ledger, onConfirmed } = this.#options;
    const meters = new Set([...store.sealedHead().intervals.keys(), ...store.pins().values()]);
    if (meters.size === 0) return false;
    for (const meter of meters) {
      const head = await ledger.read("metering:ReadMeter", { meter });
      if (head === null) continue;
      const own = store.interval(meter, head.sequence);
      if (own !== undefined && toHex(intervalHash(own, sha256)) === head.hash) continue;
      this.#refusal = new CodedError(
        "store.older-than-ledger",
        `the ledger has interval ${head.sequence} of ${meter} until ${head.end}, which this store has ${own === undefined ? "not" : "differently"}`,
      );
      return true;
    }
    if (this.#refusal?.code === "store.unconfirmed") {
      this.#refusal = undefined;
      onConfirmed();
    }
    return true;
  }
}
