import type {
  TransactionArgs,
  TransactionName,
  TransactionReturns,
} from "@powershare/domain/ledger";

export interface PreparedTransaction {
  readonly transactionId: string;
  /** Endorsed and signed envelope: the same bytes may be sent again and count once. */
  readonly bytes: Uint8Array;
}

export type Outcome =
  | { readonly state: "committed" }
  /** Final: ordered, and found not valid. */
  | { readonly state: "rejected"; readonly code: string }
  | { readonly state: "unknown" };

/** The last event taken; reading goes on after it. */
export interface LedgerPosition {
  readonly blockNumber: number;
  readonly transactionId: string;
}

export interface LedgerEvent extends LedgerPosition {
  readonly name: string;
  readonly payload: unknown;
}

/**
 * The neighbourhood's ledger. Connects when first used. Errors carry a `code` ledger.*;
 * a refusal by the contract is `ledger.endorse-refused` with the contract's own code in `reason`.
 */
export interface Ledger {
  prepare(name: TransactionName, args: readonly string[]): Promise<PreparedTransaction>;
  /** @throws ledger.rejected: not ordered; ledger.commit-unknown: nobody knows */
  submit(bytes: Uint8Array): Promise<void>;
  /** Asks by id; `unknown`: not in a block (yet), sending the same bytes again is safe. */
  outcome(transactionId: string): Promise<Outcome>;
  waitForCommit(transactionId: string, deadlineMs: number): Promise<Outcome>;
  /** Carries a transaction through to its commit; only for those that are harmless to repeat. */
  transact<N extends TransactionName>(name: N, args: TransactionArgs<N>): Promise<unknown>;
  read<N extends TransactionName>(
    name: N,
    args: TransactionArgs<N>,
  ): Promise<TransactionReturns<N>>;
  /** Number of blocks. */
  height(): Promise<number>;
  /** Events after `from`, or from the first block on, each once. Reconnects by itself; ends when the ledger is closed. */
  events(from: LedgerPosition | undefined): AsyncIterable<LedgerEvent>;
  close(): Promise<void>;
}
