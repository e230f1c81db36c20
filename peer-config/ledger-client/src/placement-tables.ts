import {
  type EventPayload,
  type HeldOutcome,
  type HeldSale,
  heldSale,
  type JudgedPlacement,
  judgedPlacement,
  type PlacementKey,
} from "@powershare/domain/ledger";
import type { Database } from "better-sqlite3";

/** A placement epoch as events tell it, and the time of the last news of it. */
export interface ProjectedPlacement extends JudgedPlacement {
  readonly changedAt: string;
}

/** What a seller did not get at the settlement; with `outcome` what became of it. */
export interface ProjectedHeldSale extends HeldSale {
  readonly outcome: HeldOutcome | null;
  readonly changedAt: string;
}

export const placementTables = `
CREATE TABLE IF NOT EXISTS ledger_placements (
  participant TEXT NOT NULL, meter TEXT NOT NULL, epoch INTEGER NOT NULL,
  placement TEXT NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (participant, meter, epoch)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_held (
  participant TEXT NOT NULL, slot TEXT NOT NULL, sale TEXT NOT NULL, outcome TEXT, at TEXT NOT NULL,
  PRIMARY KEY (participant, slot)
) STRICT, WITHOUT ROWID;
`;

export interface HeldSalesQuery {
  readonly seller?: string;
  readonly limit?: number;
  /** Only those that still wait. */
  readonly waiting?: boolean;
}

/** Placements and held sales of a projection; with `participant` only those that concern it. */
export class PlacementTables {
  readonly #database: Database;
  readonly #participant: string | undefined;

  constructor(database: Database, participant: string | undefined) {
    this.#database = database;
    this.#participant = participant;
  }

  placements(participant?: string): ProjectedPlacement[] {
    return this.#database
      .prepare<[{ participant: string | null }], { placement: string; changedAt: string }>(
        `SELECT placement, at AS changedAt FROM ledger_placements
         WHERE @participant IS NULL OR participant = @participant
         ORDER BY participant, meter, epoch DESC`,
      )
      .all({ participant: participant ?? null })
      .map(({ placement, changedAt }) => ({
        ...judgedPlacement.parse(JSON.parse(placement)),
        changedAt,
      }));
  }

  heldSales({ seller, limit = 50, waiting = false }: HeldSalesQuery): ProjectedHeldSale[] {
    return this.#database
      .prepare<
        [{ seller: string | null; limit: number; waiting: number }],
        { sale: string; outcome: HeldOutcome | null; changedAt: string }
      >(
        `SELECT sale, outcome, at AS changedAt FROM ledger_held
         WHERE (@seller IS NULL OR participant = @seller) AND (@waiting = 0 OR outcome IS NULL)
         ORDER BY slot DESC, participant LIMIT @limit`,
      )
      .all({ seller: seller ?? null, limit, waiting: Number(waiting) })
      .map(({ sale, ...rest }) => ({ ...heldSale.parse(JSON.parse(sale)), ...rest }));
  }

  /** Epochs that evidence opened, or in which the ledger's rules came to a result. */
  addEvidence({ participant, meter, at, placements = [] }: EventPayload<"EvidenceAccepted">): void {
    if (!this.#concerns(participant)) return;
    for (const { epoch, ...news } of placements) {
      const key = { participant, meter, epoch };
      this.#put({ ...this.#get(key), ...key, ...news }, at);
    }
  }

  addJudgement({ at, judgement, state, ...key }: EventPayload<"PlacementJudged">): void {
    this.#change(key, at, { judgement, state });
  }

  addReport({ at, report, state, ...key }: EventPayload<"WiringReported">): void {
    this.#change(key, at, { report, state });
  }

  addDecision({ correction, id, at }: EventPayload<"CorrectionConfirmed">): void {
    if (correction.kind !== "placement") return;
    const { verdict } = correction;
    const state = verdict === "right" ? "proven" : "manipulated";
    this.#change(correction, at, { decision: { verdict, correction: id }, state });
  }

  hold({ held = [] }: EventPayload<"SlotSettled">): void {
    for (const sale of held) {
      const { participant, slot, at, payments } = sale;
      const parties = [participant, ...payments.map(({ from }) => from)];
      if (!parties.some((id) => this.#concerns(id))) continue;
      this.#database
        .prepare("INSERT OR REPLACE INTO ledger_held VALUES (?, ?, ?, NULL, ?)")
        .run(participant, slot, JSON.stringify(sale), at);
    }
  }

  resolve({ participant, sales, at }: EventPayload<"HeldResolved">): void {
    const update = this.#database.prepare(
      "UPDATE ledger_held SET outcome = ?, at = ? WHERE participant = ? AND slot = ?",
    );
    for (const { slot, outcome } of sales) update.run(outcome, at, participant, slot);
  }

  #change(key: PlacementKey, at: string, change: Partial<JudgedPlacement>): void {
    const before = this.#get(key);
    if (before !== undefined) this.#put({ ...before, ...change }, at);
  }

  #get({ participant, meter, epoch }: PlacementKey): JudgedPlacement | undefined {
    const found = this.#database
      .prepare<[string, string, number], { placement: string }>(
        "SELECT placement FROM ledger_placements WHERE participant = ? AND meter = ? AND epoch = ?",
      )
      .get(participant, meter, epoch);
    return found === undefined ? undefined : judgedPlacement.parse(JSON.parse(found.placement));
  }

  #put(placement: JudgedPlacement, at: string): void {
    const { participant, meter, epoch } = placement;
    this.#database
      .prepare("INSERT OR REPLACE INTO ledger_placements VALUES (?, ?, ?, ?, ?)")
      .run(participant, meter, epoch, JSON.stringify(placement), at);
  }

  #concerns(participant: string): boolean {
    return this.#participant === undefined || this.#participant === participant;
  }
}
