import type { Clock } from "../ports/clock.js";
import type { Ledger } from "../ports/ledger.js";
import { type Loop, startLoop } from "./loop.js";
import type { Health } from "./watch-health.js";

const inTroubleMs = 5_000;
/** Each question costs a signature of the TPM, so one that is well is asked seldom. */
const wellMs = 600_000;

/** Keeps the height of the ledger, and whether it can be reached; wake it when a connection is lost. */
export class LedgerWatch {
  readonly #ledger: Ledger;
  readonly #health: Health;
  #height: number | null = null;

  constructor(ledger: Ledger, health: Health) {
    this.#ledger = ledger;
    this.#health = health;
  }

  /** Number of blocks, as far as known. */
  get height(): number | null {
    return this.#height;
  }

  /** A block was seen. */
  saw(blockNumber: number): void {
    this.#height = Math.max(this.#height ?? 0, blockNumber + 1);
  }

  start(clock: Clock): Loop {
    return startLoop(clock, async () => {
      try {
        this.saw((await this.#ledger.height()) - 1);
        this.#health.ok("ledger", "peer");
        return wellMs;
      } catch (error) {
        this.#health.problem("ledger", "peer", "failed", error);
        return inTroubleMs;
      }
    });
  }
}
