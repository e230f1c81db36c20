import { setTimeout as sleep } from "node:timers/promises";
import { codeOf } from "@powershare/domain/errors";
import type { LedgerClient } from "@powershare/ledger-client";
import type { Logger } from "pino";
import type { EvidenceBook } from "./book.js";
import { newJudgements } from "./opinions.js";
import { isResolvable } from "./resolvable.js";

const lookEveryMs = 2_000;
const firstRetryMs = 1_000;
const longestRetryMs = 300_000;
/** Households come and change their equipment rarely. */
const registryForMs = 60_000;
const releaseForMs = 60_000;
/** 35 days in slots of five minutes. */
const mostWaiting = 10_080;

type Ledger = Pick<LedgerClient, "events" | "read" | "transact">;
export interface AggregatorOptions {
  readonly book: EvidenceBook;
  readonly ledger: Ledger;
  readonly log: Pick<Logger, "info" | "warn">;
  /** UTC. */
  readonly nowMs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

/**
 * The operator's judge of wiring: follows the ledger, says of each newest placement epoch what the evidence
 * of all households shows, and has held coins released or returned when a placement was resolved. All that
 * it sends may be repeated, and what it has to say follows from ledger and book alone: it may be stopped
 * at any time.
 */
export class Aggregator {
  readonly #options: AggregatorOptions;
  readonly #stopping = new AbortController();
  readonly #storage = new Map<string, "none" | "ac" | "dc">();
  /** What went wrong with a household: when it is tried again, ms of the machine's clock. */
  readonly #retries = new Map<string, { failures: number; atMs: number }>();
  /** Where there was nothing to release yet after all: when it is asked for again. */
  readonly #askAgainMs = new Map<string, number>();
  #registryAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: AggregatorOptions) {
    this.#options = options;
  }

  /** Runs until `stop`; the ledger's client has to be closed then, too. */
  async run(): Promise<void> {
    await Promise.all([this.#follow(), this.#judge()]);
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #follow(): Promise<void> {
    const { book, ledger } = this.#options;
    for await (const event of ledger.events(book.projection.checkpoint())) book.apply(event);
  }

  async #judge(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#lookAtAll();
      await sleep(lookEveryMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  async #lookAtAll(): Promise<void> {
    const { log } = this.#options;
    try {
      await this.#readRegistry();
    } catch (error) {
      log.warn({ err: error }, "the registry could not be read");
    }
    for (const [participant, storage] of this.#storage) {
      if (this.#stopping.signal.aborted) return;
      if ((this.#retries.get(participant)?.atMs ?? 0) > performance.now()) continue;
      try {
        await this.#lookAt(participant, storage);
        this.#retries.delete(participant);
      } catch (error) {
        log.warn({ participant, code: codeOf(error), err: error }, "not judged, tried again later");
        this.#retries.set(participant, this.#nextRetry(participant));
      }
    }
  }

  async #lookAt(participant: string, storage: "none" | "ac" | "dc"): Promise<void> {
    const { book, ledger, log } = this.#options;
    for (const one of newJudgements(book, participant, storage)) {
      const { judgement } = one;
      await ledger.transact("metering:JudgePlacement", one);
      log.info({ ...one, judgement }, "judged");
    }
    const isDue = (this.#askAgainMs.get(participant) ?? 0) <= performance.now();
    if (!isDue || !this.#isResolvable(participant)) return;
    const { effect } = await ledger.transact("wallets:ReleaseHeld", { participant });
    if (effect === "already") this.#askAgainMs.set(participant, performance.now() + releaseForMs);
    else log.info({ participant }, "held coins were released or returned");
  }

  #isResolvable(participant: string): boolean {
    const { book, nowMs } = this.#options;
    const { projection } = book;
    const waiting = projection.heldSales({
      seller: participant,
      waiting: true,
      limit: mostWaiting,
    });
    return isResolvable(waiting, projection.placements(participant), nowMs());
  }

  async #readRegistry(): Promise<void> {
    if (performance.now() - this.#registryAtMs < registryForMs && this.#storage.size > 0) return;
    const all = await this.#options.ledger.read("participants:ListParticipants", {});
    this.#storage.clear();
    for (const one of all) {
      if (one.kind !== "resident" || one.status !== "active") continue;
      this.#storage.set(one.id, one.equipment?.storage ?? "none");
    }
    this.#registryAtMs = performance.now();
  }

  #nextRetry(participant: string): { failures: number; atMs: number } {
    const failures = (this.#retries.get(participant)?.failures ?? 0) + 1;
    const fullMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 20));
    return { failures, atMs: performance.now() + fullMs * (0.5 + this.#options.random() / 2) };
  }
}
