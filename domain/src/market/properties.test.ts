import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf } from "./digest.js";
import {
  clear,
  type Order,
  parseOrders,
  type SlotOrders,
  type SlotResult,
  verifyResult,
} from "./index.js";
import { anyOrders, anySlot } from "./testing/any-slots.js";
import { change, leaves } from "./testing/forge.js";
import { reference } from "./testing/reference.js";
import { slotOf } from "./testing/slots.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
const ticketOf = (seed: string) => (id: string) =>
  createHash("sha256").update(seed, "hex").update(id).digest("hex");

function energies({ fills }: SlotResult): Record<string, number> {
  return Object.fromEntries(fills.map((fill) => [fill.order, fill.energyWh]));
}

/** The forger's last step: a digest that fits. */
function resealed(result: SlotResult): SlotResult {
  return { ...result, digest: digestOf(result, sha256) };
}

describe("any small slot", () => {
  it("has the volume, price and shares that follow Wh by Wh from the rules", () => {
    fc.assert(
      fc.property(anySlot, (slot) => {
        const result = clear(parseOrders(slot), sha256);
        const expected = reference(slot, ticketOf(slot.seed));
        expect(result.totals.tradedWh).toBe(expected.volume);
        expect(result.prices["root"]?.sell ?? null).toBe(expected.price);
        const soldTo = new Map<string, number>();
        for (const { seller, buyer, sentWh } of result.trades) {
          soldTo.set(seller, (soldTo.get(seller) ?? 0) + sentWh);
          soldTo.set(buyer, (soldTo.get(buyer) ?? 0) + sentWh);
        }
        const expectedByOwner = new Map<string, number>();
        for (const one of slot.orders) {
          const energyWh = expected.local.get(one.id) ?? 0;
          if (energyWh > 0)
            expectedByOwner.set(
              one.participant,
              (expectedByOwner.get(one.participant) ?? 0) + energyWh,
            );
        }
        expect(soldTo).toEqual(expectedByOwner);
        expect(energies(result)).toEqual(
          Object.fromEntries(
            slot.orders.map((one) => [
              one.id,
              Math.max(expected.local.get(one.id) ?? 0, withUtility(one, slot)),
            ]),
          ),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it("has the greatest welfare that the participants' counted limits allow, by trying all prices", () => {
    fc.assert(
      fc.property(anyOrders, (orders) => {
        const { totals } = clear(parseOrders(slotOf(orders)), sha256);
        expect(totals.welfareNano).toBe(String(reference(slotOf(orders), String).countedWelfare));
        // No price supports more: at any price, what both sides want bounds the volume.
        for (let at = 0; at <= 12; at += 1) {
          const wanted = (side: Order["side"]) =>
            orders
              .filter((one) => one.side === side)
              .flatMap(({ steps }) => steps)
              .filter(({ limitMicroPerKwh: limit }) => (side === "buy" ? limit >= at : limit <= at))
              .reduce((sum, { energyWh }) => sum + energyWh, 0);
          expect(totals.tradedWh).toBeGreaterThanOrEqual(Math.min(wanted("buy"), wanted("sell")));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("gives the same digest for the same orders in any sequence", () => {
    const shuffled = anySlot.chain((slot) =>
      fc.tuple(
        fc.constant(slot),
        fc.shuffledSubarray(slot.orders, { minLength: slot.orders.length }),
        fc.shuffledSubarray(slot.utilities, { minLength: slot.utilities.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([slot, orders, utilities]) => {
        expect(clear({ ...slot, orders, utilities }, sha256)).toEqual(clear(slot, sha256));
      }),
      { numRuns: 500 },
    );
  });

  it("is within limits for everybody, and what buyers pay is what sellers and utilities get", () => {
    fc.assert(
      fc.property(anySlot, (slot) => {
        const result = clear(parseOrders(slot), sha256);
        const byId = new Map(slot.orders.map((one) => [one.id, one]));
        let balance = 0;
        for (const { order: id, energyWh, amountNano } of result.fills) {
          const { side, steps } = byId.get(id)!;
          const limits = steps.flatMap((step) =>
            Array<number>(step.energyWh).fill(step.limitMicroPerKwh),
          );
          limits.sort((a, b) => (side === "buy" ? b - a : a - b));
          const worth = limits.slice(0, energyWh).reduce((a, b) => a + b, 0);
          if (side === "buy") expect(Number(amountNano)).toBeLessThanOrEqual(worth);
          else expect(Number(amountNano)).toBeGreaterThanOrEqual(worth);
          balance += side === "buy" ? Number(amountNano) : -Number(amountNano);
        }
        for (const { id, boughtWh, soldWh } of result.utilities) {
          const { feedInMicroPerKwh, retailMicroPerKwh } = slot.utilities.find((u) => u.id === id)!;
          balance += boughtWh * feedInMicroPerKwh - soldWh * retailMicroPerKwh;
        }
        expect(balance).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it("accepts what clear makes of any small slot", () => {
    fc.assert(
      fc.property(anySlot, (any) => {
        expect(verifyResult(any, clear(any, sha256), sha256)).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it("finds any other price, although amounts and digest fit", () => {
    fc.assert(
      fc.property(anyOrders, fc.constantFrom(-2, -1, 1, 2), (orders, by) => {
        const any = slotOf(orders);
        const good = clear(any, sha256);
        const price = (good.prices["root"]?.sell ?? 0) + by;
        fc.pre(good.totals.tradedWh > 0 && price >= 0);
        const amount = (energyWh: number) => String(energyWh * price);
        const forged = resealed({
          ...good,
          prices: { root: { buy: price, sell: price } },
          fills: good.fills.map((fill) => ({ ...fill, amountNano: amount(fill.energyWh) })),
          trades: good.trades.map((trade) => ({
            ...trade,
            amountPaidNano: amount(trade.sentWh),
            amountReceivedNano: amount(trade.sentWh),
          })),
        });
        expect(verifyResult(any, forged, sha256)).not.toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it("finds any single changed value, although the digest fits", () => {
    fc.assert(
      fc.property(anySlot, fc.nat(), fc.constantFrom(1, -1, 1000), (any, pick, by) => {
        const good = clear(any, sha256);
        const { digest: _, ...fields } = good;
        const all = leaves(fields);
        const forged: unknown = change(fields, all[pick % all.length]!, by);
        expect(verifyResult(any, resealed(forged as SlotResult), sha256)).not.toEqual([]);
        expect(
          verifyResult(any, { ...(forged as SlotResult), digest: good.digest }, sha256),
        ).not.toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });
});

/** What the best utility's tariff would let an order trade. */
function withUtility({ side, steps }: Order, { utilities }: SlotOrders): number {
  return steps
    .filter(({ limitMicroPerKwh: limit }) =>
      utilities.some(({ feedInMicroPerKwh, retailMicroPerKwh }) =>
        side === "buy" ? limit >= retailMicroPerKwh : limit <= feedInMicroPerKwh,
      ),
    )
    .reduce((sum, { energyWh }) => sum + energyWh, 0);
}
