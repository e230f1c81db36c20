import {
  applyChange,
  emptyWallet,
  type LedgerEvent,
  parseEvent,
  type Wallet,
  type WalletChange,
  wallet as walletSchema,
} from "@powershare/domain/ledger";
import type { Database } from "better-sqlite3";
import type { ChaincodeEvent, EventCheckpoint } from "./event-stream.js";
import {
  type HeldSalesQuery,
  PlacementTables,
  type ProjectedHeldSale,
  type ProjectedPlacement,
  placementTables,
} from "./placement-tables.js";

/** A trade as events tell it: contracted at clearing, settled against evidence after the slot. */
export interface ProjectedTrade {
  readonly slot: string;
  readonly seller: string;
  readonly buyer: string;
  readonly kind: "contract" | "surplus";
  readonly state: "contracted" | "settled";
  readonly contractedWh: number;
  /** Delivered once settled; contracted until then. */
  readonly energyWh: number;
  readonly priceMicroPerKwh: number;
  readonly amountNano: string;
}

export interface ProjectedSlot {
  readonly start: string;
  readonly state: "open" | "sealed" | "cleared" | "settled";
  /** When the last transaction about it was made. */
  readonly at: string;
}

export interface ProjectedWallet {
  readonly wallet: Wallet;
  readonly at: string;
}

const schema = `
CREATE TABLE IF NOT EXISTS ledger_checkpoint (
  only INTEGER PRIMARY KEY CHECK (only = 1), block INTEGER NOT NULL, tx TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS ledger_applied (tx TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_wallets (
  participant TEXT PRIMARY KEY, wallet TEXT NOT NULL, at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_slots (
  start TEXT PRIMARY KEY, state TEXT NOT NULL, at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_trades (
  slot TEXT NOT NULL, seller TEXT NOT NULL, buyer TEXT NOT NULL, kind TEXT NOT NULL,
  state TEXT NOT NULL, contracted_wh INTEGER NOT NULL, energy_wh INTEGER NOT NULL,
  price_micro_per_kwh INTEGER NOT NULL, amount_nano TEXT NOT NULL,
  PRIMARY KEY (slot, seller, buyer, kind)
) STRICT, WITHOUT ROWID;
${placementTables}`;

interface WalletRow {
  readonly wallet: string;
  readonly at: string;
}

/**
 * The ledger's events as tables of trades, wallets and slots, in a database of the caller's. An event and the
 * checkpoint behind it are one SQLite transaction, and an event that was applied is not applied again,
 * so a stream may be replayed from any point.
 */
export class LedgerProjection {
  readonly #database: Database;
  readonly #participant: string | undefined;
  readonly #placements: PlacementTables;

  /** With `participant` only that one's wallet and trades are kept: a household need not store its neighbours'. */
  constructor(database: Database, { participant }: { readonly participant?: string } = {}) {
    this.#database = database;
    this.#participant = participant;
    database.exec(schema);
    this.#placements = new PlacementTables(database, participant);
  }

  /** Where reading goes on; undefined before the first event. */
  checkpoint(): EventCheckpoint | undefined {
    return this.#database
      .prepare<[], EventCheckpoint>(
        "SELECT block AS blockNumber, tx AS transactionId FROM ledger_checkpoint",
      )
      .get();
  }

  /**
   * Applies one event with its checkpoint. Events of names it does not know only move the checkpoint.
   * Returns false for one that was applied before.
   * @throws ZodError for a payload that does not fit its name
   */
  apply(event: ChaincodeEvent): boolean {
    return this.#database.transaction(() => {
      const last = this.checkpoint();
      if (last !== undefined && this.#isApplied(event, last)) return false;
      if (last?.blockNumber !== event.blockNumber) this.#run("DELETE FROM ledger_applied");
      this.#run("INSERT INTO ledger_applied (tx) VALUES (?)", event.transactionId);
      this.#run(
        "INSERT OR REPLACE INTO ledger_checkpoint (only, block, tx) VALUES (1, ?, ?)",
        event.blockNumber,
        event.transactionId,
      );
      const known = parseEvent(event.name, event.payload);
      if (known !== undefined) this.#project(known);
      return true;
    })();
  }

  /** A wallet as far as events told, and the time of the last change; undefined if nothing ever went in. */
  wallet(participant: string): ProjectedWallet | undefined {
    const found = this.#database
      .prepare<[string], WalletRow>("SELECT wallet, at FROM ledger_wallets WHERE participant = ?")
      .get(participant);
    return found === undefined
      ? undefined
      : { wallet: walletSchema.parse(JSON.parse(found.wallet)), at: found.at };
  }

  /** Trades of a participant (or all), newest slot first. */
  trades({
    participant,
    limit = 50,
  }: {
    readonly participant?: string;
    readonly limit?: number;
  } = {}): ProjectedTrade[] {
    return this.#database
      .prepare<[{ participant: string | null; limit: number }], ProjectedTrade>(
        `SELECT slot, seller, buyer, kind, state, contracted_wh AS contractedWh, energy_wh AS energyWh,
           price_micro_per_kwh AS priceMicroPerKwh, amount_nano AS amountNano
         FROM ledger_trades WHERE @participant IS NULL OR @participant IN (seller, buyer)
         ORDER BY slot DESC, seller, buyer, kind LIMIT @limit`,
      )
      .all({ participant: participant ?? null, limit });
  }

  /** A slot; undefined before any event about it. */
  slot(start: string): ProjectedSlot | undefined {
    return this.#database
      .prepare<[string], ProjectedSlot>("SELECT start, state, at FROM ledger_slots WHERE start = ?")
      .get(start);
  }

  /** Placement epochs of a participant (or all) as the judges called them, by meter, newest first. */
  placements(participant?: string): ProjectedPlacement[] {
    return this.#placements.placements(participant);
  }

  /** Sales that wait for a proof, or have (`outcome`), of a seller (or all), newest slot first. */
  heldSales(query: HeldSalesQuery = {}): ProjectedHeldSale[] {
    return this.#placements.heldSales(query);
  }

  #isApplied(event: ChaincodeEvent, last: EventCheckpoint): boolean {
    if (event.blockNumber !== last.blockNumber) return event.blockNumber < last.blockNumber;
    return (
      this.#database
        .prepare("SELECT 1 FROM ledger_applied WHERE tx = ?")
        .get(event.transactionId) !== undefined
    );
  }

  #project({ name, payload }: LedgerEvent): void {
    if ("changes" in payload) {
      for (const change of payload.changes) this.#change(change, payload.at);
    }
    switch (name) {
      case "SlotSealed":
        this.#setSlot(payload.slot, "sealed", payload.at);
        break;
      case "SlotCleared":
        this.#setSlot(payload.slot, "cleared", payload.at);
        this.#replaceTrades(
          payload.slot,
          payload.trades.map((trade) => ({
            ...trade,
            kind: "contract",
            state: "contracted",
            contractedWh: trade.energyWh,
          })),
        );
        break;
      case "SlotSettled":
        this.#setSlot(payload.slot, "settled", payload.at);
        this.#replaceTrades(
          payload.slot,
          payload.trades.map((trade) => ({
            ...trade,
            state: "settled",
            energyWh: trade.deliveredWh,
          })),
        );
        this.#placements.hold(payload);
        break;
      case "EvidenceAccepted":
        this.#placements.addEvidence(payload);
        break;
      case "PlacementJudged":
        this.#placements.addJudgement(payload);
        break;
      case "WiringReported":
        this.#placements.addReport(payload);
        break;
      case "HeldResolved":
        this.#placements.resolve(payload);
        break;
      case "CorrectionConfirmed":
        this.#placements.addDecision(payload);
        break;
      case "ParticipantRegistered":
      case "ParticipantStatusSet":
      case "MeterEpochAsked":
      case "MeterEpochConfirmed":
      case "DeviceReplacementAsked":
      case "DeviceReplaced":
      case "CoinsIssued":
      case "CashFunded":
      case "CashToCoins":
      case "OrderPlaced":
      case "CorrectionAsked":
        break;
    }
  }

  #change(change: WalletChange, at: string): void {
    const { participant } = change;
    if (this.#participant !== undefined && this.#participant !== participant) return;
    const wallet = applyChange(
      this.wallet(participant)?.wallet ?? emptyWallet(participant),
      change,
    );
    this.#run(
      "INSERT OR REPLACE INTO ledger_wallets (participant, wallet, at) VALUES (?, ?, ?)",
      participant,
      JSON.stringify(wallet),
      at,
    );
  }

  #setSlot(start: string, state: ProjectedSlot["state"], at: string): void {
    this.#run(
      "INSERT OR REPLACE INTO ledger_slots (start, state, at) VALUES (?, ?, ?)",
      start,
      state,
      at,
    );
  }

  #replaceTrades(slot: string, trades: readonly Omit<ProjectedTrade, "slot">[]): void {
    this.#run("DELETE FROM ledger_trades WHERE slot = ?", slot);
    const own = this.#participant;
    for (const trade of trades) {
      if (own !== undefined && trade.seller !== own && trade.buyer !== own) continue;
      this.#run(
        "INSERT INTO ledger_trades VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        slot,
        trade.seller,
        trade.buyer,
        trade.kind,
        trade.state,
        trade.contractedWh,
        trade.energyWh,
        trade.priceMicroPerKwh,
        trade.amountNano,
      );
    }
  }

  #run(sql: string, ...values: (string | number)[]): void {
    this.#database.prepare(sql).run(...values);
  }
}
