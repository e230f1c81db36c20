import type { EventPayload } from "@powershare/domain/ledger";

type Settled = EventPayload<"SlotSettled">;

/** What was traded between neighbours, counted from the ledger's own settlements. */
export class TradeTotals {
  settledTrades = 0;
  energyWh = 0;
  amountNano = 0n;
  readonly #boughtWh = new Map<string, number>();
  readonly #soldWh = new Map<string, number>();

  /**
   * Adds one settled slot. A trade is one seller and one buyer of a slot with energy delivered,
   * whether it was agreed beforehand, came from surplus, or both.
   */
  add({ trades }: Pick<Settled, "trades">): void {
    const pairs = new Set<string>();
    for (const { seller, buyer, deliveredWh, amountNano } of trades) {
      if (deliveredWh === 0) continue;
      pairs.add(JSON.stringify([seller, buyer]));
      this.energyWh += deliveredWh;
      this.amountNano += BigInt(amountNano);
      this.#soldWh.set(seller, this.soldWh(seller) + deliveredWh);
      this.#boughtWh.set(buyer, this.boughtWh(buyer) + deliveredWh);
    }
    this.settledTrades += pairs.size;
  }

  boughtWh(participant: string): number {
    return this.#boughtWh.get(participant) ?? 0;
  }

  soldWh(participant: string): number {
    return this.#soldWh.get(participant) ?? 0;
  }
}
