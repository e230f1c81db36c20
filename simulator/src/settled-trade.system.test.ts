import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkBooks } from "./outage.js";
import { startTestNeighbourhood, type TestNeighbourhood } from "./testing/shared-neighbourhood.js";

let parts: TestNeighbourhood;
let before: { readonly sellerExportWh: number; readonly buyerImportWh: number };
beforeAll(async () => {
  parts = await startTestNeighbourhood("path", [1, 2]);
  const { meters } = parts.neighbourhood;
  const seller = await meters.registers("path1", "connection");
  const buyer = await meters.registers("path2", "connection");
  before = { sellerExportWh: seller.exportWh, buyerImportWh: buyer.importWh };
});
afterAll(() => parts.stop());

describe("from meter to settled trade", () => {
  test("a sunny house sells to the one without sun, matched before the slot", async () => {
    await expect
      .poll(() => contracted().length, { timeout: 180_000, interval: 500 })
      .toBeGreaterThan(1);
    const [trade] = contracted();
    expect(trade).toMatchObject({ buyer: "path2" });
    expect(trade?.deliveredWh).toBeLessThanOrEqual(trade?.contractedWh ?? 0);
    expect(BigInt(trade?.amountNano ?? 0)).toBe(
      BigInt((trade?.deliveredWh ?? 0) * (trade?.priceMicroPerKwh ?? 0)),
    );
  });

  test("nobody sold or bought more than the meters counted", async () => {
    const { neighbourhood, watch } = parts;
    const soldWh = watch.totals.soldWh("path1");
    const boughtWh = watch.totals.boughtWh("path2");
    const seller = await neighbourhood.meters.registers("path1", "connection");
    const buyer = await neighbourhood.meters.registers("path2", "connection");
    // Registers are read as whole Wh at both ends.
    expect(soldWh).toBeGreaterThan(0);
    expect(soldWh).toBeLessThanOrEqual(seller.exportWh - before.sellerExportWh + 1);
    expect(boughtWh).toBeLessThanOrEqual(buyer.importWh - before.buyerImportWh + 1);
    expect(boughtWh).toBe(soldWh);
  });

  test("coins, cash and energy add up to what was issued, paid in and metered", async () => {
    const audit = await parts.neighbourhood.desk.client.read("wallets:Audit", {});
    expect(audit).toMatchObject({ coinsNano: "0", energyWh: "0", cashMicro: { EUR: "0" } });
    expect(BigInt(audit.mintedWh)).toBeGreaterThan(0n);
  });

  test("the ledger's evidence is complete and agrees with the meters", async () => {
    const books = await checkBooks(parts);
    expect(books.faults).toEqual([]);
    expect(books.intervals).toBeGreaterThan(3);
  });

  test("the household's page says what the ledger says", async () => {
    const [seller] = parts.neighbourhood.households;
    const wallet = () =>
      parts.neighbourhood.desk.client.read("wallets:ReadWallet", { participant: "path1" });
    // Slots are settled meanwhile: page and ledger are compared until they were asked at the same state.
    await expect
      .poll(
        async () => {
          const { coinsNano } = await wallet();
          const overview = await seller?.agent.overview();
          return overview?.wallet?.coinsNano === coinsNano;
        },
        { timeout: 30_000, interval: 200 },
      )
      .toBe(true);
    const overview = await seller?.agent.overview();
    const settled = overview?.trades.filter(({ state }) => state === "settled") ?? [];
    expect(settled.length).toBeGreaterThan(0);
    expect(
      settled.every(({ direction, partner }) => direction === "sold" && partner === "path2"),
    ).toBe(true);
    const shown = settled.map(({ slot, energyWh }) => `${slot} ${energyWh}`);
    const settledOnLedger = parts.events.flatMap((event) =>
      event.name === "SlotSettled"
        ? event.payload.trades.map((trade) => `${event.payload.slot} ${trade.deliveredWh}`)
        : [],
    );
    expect(settledOnLedger).toEqual(expect.arrayContaining(shown));
    expect(overview?.health).toMatchObject({
      bus: { state: "ok" },
      tpm: { state: "ok" },
      store: { state: "ok" },
      ledger: { state: "ok" },
    });
  });
});

/** Of these two households: others may have traded on the same network before. */
function contracted() {
  return parts.events.flatMap((event) =>
    event.name === "SlotSettled"
      ? event.payload.trades.filter(
          ({ kind, deliveredWh, seller }) =>
            kind === "contract" && deliveredWh > 0 && seller === "path1",
        )
      : [],
  );
}
