import type {
  TransactionArgs,
  TransactionName,
  TransactionReturns,
} from "@powershare/domain/ledger";
import type {
  Ledger,
  LedgerEvent,
  LedgerPosition,
  Outcome,
  PreparedTransaction,
} from "../../ports/ledger.js";

/**
 * A ledger whose client can be exchanged while it is used: new calls go to the new one, those under way
 * come to their end on the old one, which is closed after the last. Its events end with it, and whoever
 * reads them begins again after the last one taken.
 */
export class RenewableLedger implements Ledger {
  readonly #underWay = new Map<Ledger, Set<Promise<unknown>>>();
  #client: Ledger;

  constructor(client: Ledger) {
    this.#client = client;
    this.#underWay.set(client, new Set());
  }

  /** Resolves when the old client is closed. */
  async exchange(client: Ledger): Promise<void> {
    const before = this.#client;
    this.#client = client;
    this.#underWay.set(client, new Set());
    // Every call has a deadline, so this has an end.
    await Promise.allSettled(this.#underWay.get(before) ?? new Set<Promise<unknown>>());
    this.#underWay.delete(before);
    await before.close();
  }

  async prepare(name: TransactionName, args: readonly string[]): Promise<PreparedTransaction> {
    return await this.#call((client) => client.prepare(name, args));
  }

  async submit(bytes: Uint8Array): Promise<void> {
    await this.#call((client) => client.submit(bytes));
  }

  async outcome(transactionId: string): Promise<Outcome> {
    return await this.#call((client) => client.outcome(transactionId));
  }

  async waitForCommit(transactionId: string, deadlineMs: number): Promise<Outcome> {
    return await this.#call((client) => client.waitForCommit(transactionId, deadlineMs));
  }

  async transact<N extends TransactionName>(name: N, args: TransactionArgs<N>): Promise<unknown> {
    return await this.#call((client) => client.transact(name, args));
  }

  async read<N extends TransactionName>(
    name: N,
    args: TransactionArgs<N>,
  ): Promise<TransactionReturns<N>> {
    return await this.#call((client) => client.read(name, args));
  }

  async height(): Promise<number> {
    return await this.#call((client) => client.height());
  }

  events(from: LedgerPosition | undefined): AsyncIterable<LedgerEvent> {
    return this.#client.events(from);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#underWay.keys()].map((client) => client.close()));
  }

  async #call<T>(use: (client: Ledger) => Promise<T>): Promise<T> {
    const calls = this.#underWay.get(this.#client);
    const call = use(this.#client);
    calls?.add(call);
    try {
      return await call;
    } finally {
      calls?.delete(call);
    }
  }
}
