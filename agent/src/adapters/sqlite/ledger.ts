import { type EventPayload, parseEvent, totalOwedNano } from "@powershare/domain/ledger";
import { LedgerProjection } from "@powershare/ledger-client";
import { z } from "zod";
import type { LedgerStore } from "../../ports/store.js";
import type { Connection, Database } from "./database.js";

const stageRow = z.object({ startMs: z.number(), stage: z.enum(["open", "sealed", "cleared"]) });

/** @param participant the household's own id */
export function createLedgerStore(
  database: Database,
  { participant }: { readonly participant: string },
): LedgerStore {
  const projections = new WeakMap<Connection, LedgerProjection>();
  const projectionOf = (connection: Connection): LedgerProjection => {
    const known = projections.get(connection) ?? new LedgerProjection(connection, { participant });
    projections.set(connection, known);
    return known;
  };
  const project = <T>(use: (projection: LedgerProjection) => T): T =>
    database.run((connection) => use(projectionOf(connection)));

  return {
    ledgerPosition: () => project((projection) => projection.checkpoint()),
    applyEvent: (event) =>
      database.transaction((connection) => {
        if (projectionOf(connection).apply(event)) noteProgress(connection, event);
      }),
    slotStage: (startMs) =>
      database.run((connection) => {
        const row = connection
          .prepare("SELECT start_ms AS startMs, stage FROM unsettled WHERE start_ms = ?")
          .get(startMs);
        return row === undefined ? undefined : stageRow.parse(row).stage;
      }),
    unsettledSlots: (beforeMs, limit) =>
      database.run((connection) =>
        z
          .array(stageRow)
          .parse(
            connection
              .prepare(
                "SELECT start_ms AS startMs, stage FROM unsettled WHERE start_ms < ? ORDER BY start_ms LIMIT ?",
              )
              .all(beforeMs, limit),
          ),
      ),
    slotSettled: (startMs) => database.transaction((connection) => strike(connection, startMs)),
    evidenceReached: () =>
      database.run((connection) => {
        const rows = connection.prepare("SELECT participant, end_ms FROM reached").raw().all();
        return new Map(z.array(z.tuple([z.string(), z.number()])).parse(rows));
      }),
    trades: (id, limit) =>
      project((projection) => projection.trades({ participant: id, limit })).map(
        ({ slot, seller, buyer, energyWh, priceMicroPerKwh, amountNano, kind, state }) => ({
          slot,
          direction: seller === id ? "sold" : "bought",
          partner: seller === id ? buyer : seller,
          energyWh,
          priceMicroPerKwh,
          amountNano,
          kind,
          state,
        }),
      ),
    placements: () => project((projection) => projection.placements(participant)),
    heldSales: (limit) =>
      project((projection) => projection.heldSales({ seller: participant, limit })).map(
        ({ slot, outcome, payments }) => ({
          slot,
          amountNano: payments.reduce((sum, one) => sum + BigInt(one.paidNano), 0n).toString(),
          outcome,
        }),
      ),
    heldNano: () => project((projection) => projection.wallet(participant))?.wallet.heldNano ?? "0",
    wallet: (id) => {
      const found = project((projection) => projection.wallet(id));
      if (found === undefined) return null;
      const { coinsNano, escrowNano, energyWh, cashMicro } = found.wallet;
      const owedNano = totalOwedNano(found.wallet).toString();
      return { at: found.at, coinsNano, escrowNano, owedNano, energyWh, cashMicro };
    },
  };
}

/** Keeps which slots still have to be moved on, and how far everyone's evidence has come. */
function noteProgress(connection: Connection, event: { name: string; payload: unknown }): void {
  const known = parseEvent(event.name, event.payload);
  if (known === undefined) return;
  const { name, payload } = known;
  if (name === "SlotSealed") setStage(connection, Date.parse(payload.slot), "sealed");
  else if (name === "SlotCleared") setStage(connection, Date.parse(payload.slot), "cleared");
  else if (name === "SlotSettled") strike(connection, Date.parse(payload.slot));
  else if (name === "EvidenceAccepted" && payload.role === "connection") {
    noteEvidence(connection, payload);
  }
}

/** Those slots are open that its intervals fall into; one that spans many slots is settled in its last. */
function noteEvidence(
  connection: Connection,
  { participant, end, slots }: EventPayload<"EvidenceAccepted">,
): void {
  const open = connection.prepare(
    "INSERT INTO unsettled VALUES (?, 'open') ON CONFLICT DO NOTHING",
  );
  for (const slot of slots) open.run(Date.parse(slot));
  connection
    .prepare(
      "INSERT INTO reached VALUES (?, ?) ON CONFLICT DO UPDATE SET end_ms = max(end_ms, excluded.end_ms)",
    )
    .run(participant, Date.parse(end));
}

function setStage(connection: Connection, startMs: number, stage: "sealed" | "cleared"): void {
  connection
    .prepare("INSERT INTO unsettled VALUES (?, ?) ON CONFLICT DO UPDATE SET stage = excluded.stage")
    .run(startMs, stage);
}

function strike(connection: Connection, startMs: number): void {
  connection.prepare("DELETE FROM unsettled WHERE start_ms = ?").run(startMs);
}
