import { CodedError } from "@powershare/domain/errors";
import {
  applyChange,
  emptyWallet,
  type Wallet,
  type WalletChange,
  walletChange,
} from "@powershare/domain/ledger";
import { keys } from "./keys.js";
import type { State, Stored } from "./state.js";

/** What a transaction adds to all wallets together; everything else is zero. */
export interface Sums {
  /** Coins, escrow and held coins. */
  readonly coinsNano?: bigint;
  readonly energyWh?: bigint;
  readonly cashMicro?: Readonly<Record<string, bigint>>;
}

interface Page {
  /** Folded balance before this transaction; undefined for a wallet that is only credited. */
  readonly before: Wallet | undefined;
  readonly entries: readonly Stored<WalletChange>[];
  /** What this transaction adds. */
  change: Wallet;
}

/**
 * All wallet movements of one transaction. A wallet is a base record and entries beside it, one per crediting
 * transaction under that transaction's id. A credit writes a fresh key and reads nothing, so credits never
 * conflict with each other. Whoever takes something out folds the wallet first: reads base and entries
 * in one range, writes a new base and deletes the entries. A credit ordered before that in the same block
 * makes the fold invalid (PHANTOM_READ_CONFLICT), and its client tries again.
 */
export class WalletBook {
  readonly #state: State;
  readonly #transactionId: string;
  readonly #pages = new Map<string, Page>();

  constructor(state: State, transactionId: string) {
    this.#state = state;
    this.#transactionId = transactionId;
  }

  /** Reads a wallet so that it can be charged. */
  async fold(participant: string): Promise<void> {
    const page = this.#pages.get(participant);
    if (page?.before !== undefined) return;
    const entries = await this.#state.scan("wallet", [participant], walletChange);
    this.#pages.set(participant, {
      before: foldEntries(participant, entries),
      entries,
      change: page?.change ?? emptyWallet(participant),
    });
  }

  /** Balance of a folded wallet, this transaction's changes included. */
  balance(participant: string): Wallet {
    const page = this.#pages.get(participant);
    if (page?.before === undefined) {
      throw new CodedError("ledger.conservation", `the wallet of ${participant} was not folded`);
    }
    return applyChange(page.before, toChange(page.change));
  }

  /** Adds to a wallet; negative amounts take out of it. */
  add(
    participant: string,
    {
      coinsNano = 0n,
      escrowNano = 0n,
      heldNano = 0n,
      energyWh = 0n,
    }: { coinsNano?: bigint; escrowNano?: bigint; heldNano?: bigint; energyWh?: bigint },
  ): void {
    this.#apply(participant, {
      participant,
      coinsNano: coinsNano.toString(),
      escrowNano: escrowNano.toString(),
      heldNano: heldNano.toString(),
      energyWh: energyWh.toString(),
    });
  }

  addCash(participant: string, currency: string, amountMicro: bigint): void {
    this.#apply(participant, { participant, cashMicro: { [currency]: amountMicro.toString() } });
  }

  /** Pays as much as the payer has; the rest is owed and paid first from what comes in later. */
  pay(from: string, to: string, amountNano: bigint): void {
    const paid = this.#takeUpTo(from, amountNano);
    this.add(to, { coinsNano: paid });
    if (paid < amountNano) this.#owe(from, to, amountNano - paid);
  }

  /** Pays as much as the payer has into the seller's held coins, and returns it. The rest is nobody's debt yet. */
  hold(from: string, seller: string, amountNano: bigint): bigint {
    const paid = this.#takeUpTo(from, amountNano);
    this.add(seller, { heldNano: paid });
    return paid;
  }

  /** Pays debts of folded wallets as far as their coins go: by debtor, then by creditor, each once. */
  payDebts(): void {
    const folded = [...this.#pages].filter(([, page]) => page.before !== undefined);
    for (const debtor of folded.map(([id]) => id).sort()) {
      for (const [creditor, debt] of Object.entries(this.balance(debtor).owedNano)) {
        const available = BigInt(this.balance(debtor).coinsNano);
        const paid = available < BigInt(debt) ? available : BigInt(debt);
        if (paid === 0n) continue;
        this.add(debtor, { coinsNano: -paid });
        this.add(creditor, { coinsNano: paid });
        this.#owe(debtor, creditor, -paid);
      }
    }
  }

  /**
   * Writes all wallets and returns the changes for the event, by participant.
   * @param mayOweEnergy - declared utilities: the only ones whose energy may be negative
   * @throws CodedError ledger.conservation where the changes do not add up to `sums`, or a balance would be
   *   negative: then nothing is written
   */
  async flush(
    sums: Sums,
    mayOweEnergy: (participant: string) => boolean = () => false,
  ): Promise<WalletChange[]> {
    const pages = [...this.#pages].sort(([a], [b]) => (a < b ? -1 : 1));
    requireSums(
      pages.map(([, { change }]) => change),
      sums,
    );
    const changes: WalletChange[] = [];
    for (const [participant, page] of pages) {
      const change = toChange(page.change);
      if (Object.keys(change).length === 1) continue;
      requireNotNegative(
        page.before === undefined ? page.change : this.balance(participant),
        // What a utility owes already is no matter of a transaction that moves coins alone.
        change.energyWh === undefined || mayOweEnergy(participant),
      );
      await this.#write(participant, page, change);
      changes.push(change);
    }
    return changes;
  }

  async #write(participant: string, page: Page, change: WalletChange): Promise<void> {
    if (page.before === undefined) {
      await this.#state.put(keys.walletEntry(participant, this.#transactionId), change);
      return;
    }
    await this.#state.put(keys.walletBase(participant), this.balance(participant));
    for (const { key } of page.entries) {
      if (this.#state.partsOf(key)[1] !== "base") await this.#state.delete(key);
    }
  }

  #takeUpTo(from: string, amountNano: bigint): bigint {
    const available = BigInt(this.balance(from).coinsNano);
    const taken = available < amountNano ? available : amountNano;
    this.add(from, { coinsNano: -taken });
    return taken;
  }

  #owe(debtor: string, creditor: string, amountNano: bigint): void {
    this.#apply(debtor, { participant: debtor, owedNano: { [creditor]: amountNano.toString() } });
  }

  #apply(participant: string, change: WalletChange): void {
    const page = this.#pages.get(participant) ?? {
      before: undefined,
      entries: [],
      change: emptyWallet(participant),
    };
    page.change = applyChange(page.change, change);
    this.#pages.set(participant, page);
  }
}

/** A wallet from its base and entries; the base is nothing but the first of them. */
export function foldEntries(participant: string, entries: readonly Stored<WalletChange>[]): Wallet {
  return entries.reduce((sum, { value }) => applyChange(sum, value), emptyWallet(participant));
}

/** The change without what is zero. */
function toChange(sum: Wallet): WalletChange {
  const { participant, coinsNano, escrowNano, heldNano, energyWh, cashMicro, owedNano } = sum;
  return {
    participant,
    ...(coinsNano === "0" ? {} : { coinsNano }),
    ...(escrowNano === "0" ? {} : { escrowNano }),
    ...(heldNano === "0" ? {} : { heldNano }),
    ...(energyWh === "0" ? {} : { energyWh }),
    ...(Object.keys(cashMicro).length === 0 ? {} : { cashMicro }),
    ...(Object.keys(owedNano).length === 0 ? {} : { owedNano }),
  };
}

function requireSums(changes: readonly Wallet[], expected: Sums): void {
  let coinsNano = -(expected.coinsNano ?? 0n);
  let energyWh = -(expected.energyWh ?? 0n);
  const cashMicro = new Map(
    Object.entries(expected.cashMicro ?? {}).map(([currency, amount]) => [currency, -amount]),
  );
  for (const change of changes) {
    coinsNano += BigInt(change.coinsNano) + BigInt(change.escrowNano) + BigInt(change.heldNano);
    energyWh += BigInt(change.energyWh);
    for (const [currency, amount] of Object.entries(change.cashMicro)) {
      cashMicro.set(currency, (cashMicro.get(currency) ?? 0n) + BigInt(amount));
    }
  }
  if (coinsNano !== 0n || energyWh !== 0n || [...cashMicro.values()].some((sum) => sum !== 0n)) {
    throw new CodedError(
      "ledger.conservation",
      `left over: ${coinsNano} nano-coin, ${energyWh} Wh, cash ${[...cashMicro].join(" ")}`,
    );
  }
}

function requireNotNegative(wallet: Wallet, mayOweEnergy: boolean): void {
  const { participant, coinsNano, escrowNano, heldNano, energyWh, cashMicro, owedNano } = wallet;
  const amounts = [
    coinsNano,
    escrowNano,
    heldNano,
    ...Object.values(cashMicro),
    ...Object.values(owedNano),
  ];
  if (!mayOweEnergy) amounts.push(energyWh);
  if (amounts.some((amount) => amount.startsWith("-"))) {
    throw new CodedError(
      "ledger.conservation",
      `the wallet of ${participant} would hold ${JSON.stringify(wallet)}`,
    );
  }
}
