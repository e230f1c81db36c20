import type { Interval } from "@powershare/domain/evidence";
import { type Criteria, ordersFromCriteria } from "@powershare/domain/market";
import type { Clock } from "../ports/clock.js";
import type { Ledger } from "../ports/ledger.js";
import type { EvidenceStore } from "../ports/store.js";
import { type Loop, startLoop } from "./loop.js";
import type { MarketView } from "./market-view.js";
import { slotName } from "./slots.js";
import type { Health } from "./watch-health.js";

/** An order needs this long to be committed before the gate. */
const leadMs = 2_000;
const retryAfterMs = 2_000;
const longestWaitMs = 10_000;

export interface TradeOptions {
  readonly store: EvidenceStore;
  readonly ledger: Ledger;
  readonly market: MarketView;
  readonly clock: Clock;
  readonly health: Health;
  readonly criteria: Criteria;
}

/**
 * Places the household's order for the next slot: what the last measured slot would need again, under
 * the household's limits. An order is never sent after its gate, and none while the clock or the
 * store cannot be trusted. Wake it when intervals are closed.
 */
export function trade(options: TradeOptions): Loop {
  const { clock, health, market, criteria } = options;
  if (!criteria.sell.enabled && !criteria.buy.enabled)
    return startLoop(clock, async () => longestWaitMs);
  let doneMs = 0;
  return startLoop(clock, async () => {
    try {
      const { settings, tariff } = await market.read();
      const slotMs = settings.slotSeconds * 1000;
      const nowMs = clock.nowMs();
      const startMs = (Math.floor(nowMs / slotMs) + 1) * slotMs;
      const lastMs = startMs - settings.gateSeconds * 1000 - leadMs;
      if (doneMs === startMs || nowMs > lastMs) return Math.min(longestWaitMs, startMs - nowMs);
      const measured = connectionInterval(options.store);
      const endMs = measured === undefined ? 0 : Date.parse(measured.end);
      // The slot that has just ended is worth waiting for, but not beyond half of the time left.
      const patientUntilMs = lastMs - (lastMs - (startMs - slotMs)) / 2;
      if (endMs < startMs - slotMs && nowMs < patientUntilMs)
        return Math.min(longestWaitMs, patientUntilMs - nowMs);
      doneMs = startMs;
      if (measured === undefined || endMs < startMs - 3 * slotMs || !trustworthy(options))
        return startMs - nowMs;
      const order = ordersFromCriteria(criteria, perSlot(measured, slotMs), tariff);
      if (order === null) return startMs - nowMs;
      doneMs = 0;
      await options.ledger.transact("market:PlaceOrder", { slotStart: slotName(startMs), order });
      doneMs = startMs;
      health.ok("ledger", "orders");
      return startMs - clock.nowMs();
    } catch (error) {
      health.problem("ledger", "orders", "degraded", error);
      return retryAfterMs;
    }
  });
}

function connectionInterval(store: EvidenceStore): Interval | undefined {
  return [...store.sealedHead().intervals.values()].find(({ role }) => role === "connection");
}

function trustworthy({ clock, health }: TradeOptions): boolean {
  return clock.quality() !== "unknown" && health.part("store").state !== "failed";
}

/** Mean of one slot over the interval, floored. */
function perSlot(
  { start, end, importWh, exportWh }: Interval,
  slotMs: number,
): { importWh: number; exportWh: number } {
  const slots = (Date.parse(end) - Date.parse(start)) / slotMs;
  return { importWh: Math.floor(importWh / slots), exportWh: Math.floor(exportWh / slots) };
}
