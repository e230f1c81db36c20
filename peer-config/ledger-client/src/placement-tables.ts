import {
  type EventPayload,
  type HeldOutcome,
  type HeldSale,
  heldSale,
  type JudgedPlacement,
  judgedPlacement,
  type LedgerEvent,
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

  heldSales({
    seller,
    limit = 50,
  }: {
    readonly seller?: string;
    readonly limit?: number;
  }): ProjectedHeldSale[] {
    return this.#database
      .prepare<
        [{ seller: string | null; limit: number }],
        { sale: string; outcome: HeldOutcome | null; changedAt: string }
      >(
        `SELECT sale, outcome, at AS changedAt FROM ledger_held
         WHERE @seller IS NULL OR participant = @seller
         ORDER BY slot DESC, participant LIMIT @limit`,
      )
      .all({ seller: seller ?? null, limit })
      .map(({ sale, ...rest }) => ({ ...heldSale.parse(JSON.parse(sale)), ...rest }));
  }

  project({ name, payload }: LedgerEvent): void {
    switch (name) {
      case "EvidenceAccepted":
        this.#followEvidence(payload);
        break;
      case "PlacementJudged":
        this.#change(payload, payload.at, { judgement: payload.judgement, state: payload.state });
        break;
      case "WiringReported":
        this.#change(payload, payload.at, { report: payload.report, state: payload.state });
        break;
      case "SlotSettled":
        for (const sale of payload.held ?? []) this.#hold(sale);
        break;
      case "HeldResolved":
        this.#resolve(payload);
        break;
      case "CorrectionConfirmed":
        this.#decide(payload);
        break;
      default:
        break;
    }
  }

  #followEvidence({ participant, meter, at, placements = [] }: EventPayload<"EvidenceAccepted">) {
    for (const { epoch, ...news } of placements) {
      const key = { participant, meter, epoch };
      if (this.#concerns(participant)) this.#put({ ...this.#get(key), ...key, ...news }, at);
    }
  }

  #decide({ correction, id, at }: EventPayload<"CorrectionConfirmed">): void {
    if (correction.kind !== "placement") return;
    const { verdict } = correction;
    const state = verdict === "right" ? "proven" : "manipulated";
    this.#change(correction, at, { decision: { verdict, correction: id }, state });
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

  #hold(sale: HeldSale): void {
    const { participant, slot, at, payments } = sale;
    if (![participant, ...payments.map(({ from }) => from)].some((id) => this.#concerns(id)))
      return;
    this.#database
      .prepare("INSERT OR REPLACE INTO ledger_held VALUES (?, ?, ?, NULL, ?)")
      .run(participant, slot, JSON.stringify(sale), at);
  }

  #resolve({ participant, sales, at }: EventPayload<"HeldResolved">): void {
    const update = this.#database.prepare(
      "UPDATE ledger_held SET outcome = ?, at = ? WHERE participant = ? AND slot = ?",
    );
    for (const { slot, outcome } of sales) update.run(outcome, at, participant, slot);
  }

  #concerns(participant: string): boolean {
    return this.#participant === undefined || this.#participant === participant;
  }
}
