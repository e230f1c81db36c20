import { backoffMs, type Pace } from "./backoff.js";

/** Transactions of one block with the peer's verdict (TxValidationCode). */
export interface CommittedBlock {
  readonly blockNumber: number;
  readonly transactions: readonly { readonly id: string; readonly validation: number }[];
}

/** Blocks from a number on, until closed; fails when the way to the peer does. */
export interface BlockSource {
  /** Number of the next block to be committed. */
  height(): Promise<number>;
  open(startBlock: number): Promise<AsyncIterable<CommittedBlock> & { close(): void }>;
}

/** Verdicts remembered for those who ask after the block has passed. */
const rememberedVerdicts = 4096;

/**
 * Commit verdicts from one stream of filtered blocks for all waiters: one signature per stream
 * instead of one per transaction. Reconnects by itself, from the first block it has not seen.
 */
export class CommitStream {
  readonly #source: BlockSource;
  readonly #pace: Pace;
  readonly #onTrouble: (error: unknown) => void;
  readonly #verdicts = new Map<string, number>();
  readonly #waiters = new Map<string, Set<(validation: number) => void>>();
  readonly #stop = new AbortController();
  #nextBlock: number | undefined;
  #running: Promise<void> | undefined;

  constructor(source: BlockSource, pace: Pace, onTrouble: (error: unknown) => void) {
    this.#source = source;
    this.#pace = pace;
    this.#onTrouble = onTrouble;
  }

  /** Begins to follow blocks; harmless if it does already. */
  start(): void {
    this.#running ??= this.#run();
  }

  /**
   * The verdict on a transaction, or undefined when the deadline passes or the stream is closed first.
   * Call it before submitting, or soon after: verdicts of the last 4096 transactions are remembered.
   */
  async verdict(transactionId: string, deadlineMs: number): Promise<number | undefined> {
    const known = this.#verdicts.get(transactionId);
    if (known !== undefined) return known;
    const waiters = this.#waiters.get(transactionId) ?? new Set();
    this.#waiters.set(transactionId, waiters);
    const finished = new AbortController();
    let waiter: (validation: number) => void = () => {};
    const committed = new Promise<number>((resolve) => {
      waiter = resolve;
      waiters.add(resolve);
    });
    const signal = AbortSignal.any([finished.signal, this.#stop.signal]);
    try {
      return await Promise.race([
        committed,
        this.#pace.delay(deadlineMs, signal).then(
          () => undefined,
          () => undefined,
        ),
      ]);
    } finally {
      finished.abort();
      waiters.delete(waiter);
      if (waiters.size === 0) this.#waiters.delete(transactionId);
    }
  }

  /** Ends the stream; waiters get undefined. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let attempt = 0;
    while (!this.#stop.signal.aborted) {
      try {
        await this.#follow(() => {
          attempt = 0;
        });
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#onTrouble(error);
      }
      attempt += 1;
      await this.#pace
        .delay(backoffMs(attempt, this.#pace.random), this.#stop.signal)
        .catch(() => {});
    }
  }

  async #follow(onBlock: () => void): Promise<void> {
    // From the height on, not from "the next commit": nothing submitted from now on can be missed.
    this.#nextBlock ??= await this.#source.height();
    const blocks = await this.#source.open(this.#nextBlock);
    const close = () => blocks.close();
    this.#stop.signal.addEventListener("abort", close, { once: true });
    try {
      if (this.#stop.signal.aborted) return;
      for await (const block of blocks) {
        onBlock();
        for (const { id, validation } of block.transactions) this.#tell(id, validation);
        this.#nextBlock = block.blockNumber + 1;
      }
    } finally {
      this.#stop.signal.removeEventListener("abort", close);
      blocks.close();
    }
  }

  #tell(transactionId: string, validation: number): void {
    // Sent again, an envelope is booked again, as a duplicate: the first verdict is the one that counts.
    if (!this.#verdicts.has(transactionId)) this.#verdicts.set(transactionId, validation);
    for (const oldest of this.#verdicts.keys()) {
      if (this.#verdicts.size <= rememberedVerdicts) break;
      this.#verdicts.delete(oldest);
    }
    for (const waiter of this.#waiters.get(transactionId) ?? []) waiter(validation);
  }
}
