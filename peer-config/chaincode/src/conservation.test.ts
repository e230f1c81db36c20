import type { Interval } from "@powershare/domain/evidence";
import { applyChange, emptyWallet, type Wallet } from "@powershare/domain/ledger";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  buy,
  giveCoins,
  instantAfter,
  neighbourhood,
  operator,
  sell,
  settings,
  slotAt,
  slotSeconds,
  TestResident,
} from "./testing/neighbourhood.js";
import type { TestLedger } from "./testing/test-ledger.js";

const ids = ["ash", "elm", "oak"] as const;
const wh = fc.integer({ min: 0, max: 2_000 });
const order = fc.record({
  side: fc.constantFrom(sell, buy),
  energyWh: fc.integer({ min: 1, max: 2_000 }),
  limitMicroPerKwh: fc.integer({ min: 0, max: 300_000 }),
});
/** What one household does in one slot. Evidence that is not sent now goes with the next that is. */
const turn = fc.record({
  order: fc.option(order),
  importWh: wh,
  exportWh: wh,
  sends: fc.boolean(),
});
const slot = fc.record({
  turns: fc.tuple(turn, turn, turn),
  seals: fc.boolean(),
  clears: fc.boolean(),
  waits: fc.boolean(),
});

test("whatever households do, in whatever order slots are settled, nothing appears and nothing is lost", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(slot, { minLength: 2, maxLength: 4 }),
      fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 3, maxLength: 3 }),
      fc.boolean(),
      async (slots, euros, newestFirst) => {
        const street = await openStreet(euros);
        for (const [index, one] of slots.entries()) await live(street, index, one);
        const { ledger } = street;
        ledger.at(instantAfter(slots.length * slotSeconds + settings.settleAfterSeconds));
        const starts = slots.map((_, index) => slotAt(index));
        for (const slotStart of newestFirst ? starts.reverse() : starts) {
          await clearAfterwards(ledger, slotStart);
          await ledger.submit(operator, "market:Settle", { slotStart });
          await expectConserved(ledger);
        }
        for (const resident of street.residents) await sendAll(street, resident);
        await expectEverythingCounted(ledger, slots);
      },
    ),
    { numRuns: 8 },
  );
}, 30_000);

interface Street {
  readonly ledger: TestLedger;
  readonly residents: readonly TestResident[];
  readonly unsent: Map<TestResident, Interval[]>;
}
type Slot = typeof slot extends fc.Arbitrary<infer T> ? T : never;

async function openStreet(euros: readonly number[]): Promise<Street> {
  const residents = ids.map((id) => new TestResident(id));
  const ledger = await neighbourhood(residents);
  for (const [index, id] of ids.entries()) {
    const amount = euros[index] ?? 0;
    if (amount > 0) await giveCoins(ledger, id, amount);
  }
  return { ledger, residents, unsent: new Map(residents.map((one) => [one, []])) };
}

/** One slot of everyone's life: orders, market, energy, evidence, and a settlement if nobody waits. */
async function live(street: Street, index: number, { turns, seals, clears, waits }: Slot) {
  const { ledger, residents, unsent } = street;
  const slotStart = slotAt(index);
  ledger.at(instantAfter(index * slotSeconds - 30));
  for (const [who, { identity }] of residents.entries()) {
    const wanted = turns[who]?.order;
    if (!wanted) continue;
    const order = wanted.side(wanted.energyWh, wanted.limitMicroPerKwh);
    await ledger.submit(identity, "market:PlaceOrder", { slotStart, order });
  }
  if (seals) await ledger.submit(operator, "market:Seal", { slotStart });
  if (seals && clears) await ledger.submit(operator, "market:Clear", { slotStart });
  await expectConserved(ledger);
  ledger.at(slotAt(index + 1));
  for (const [who, one] of residents.entries()) {
    const { importWh = 0, exportWh = 0, sends = false } = turns[who] ?? {};
    unsent.get(one)?.push(one.interval({ importWh, exportWh }));
    if (sends) await sendAll(street, one);
  }
  if (!waits) await trySettle(ledger, slotStart);
}

async function sendAll({ ledger, unsent }: Street, one: TestResident): Promise<void> {
  const intervals = unsent.get(one) ?? [];
  if (intervals.length === 0) return;
  await ledger.submit(one.identity, "metering:SubmitEvidence", {
    package: one.household.seal(intervals),
  });
  unsent.set(one, []);
}

/** Clears a slot that was sealed, however late. */
async function clearAfterwards(ledger: TestLedger, slotStart: string): Promise<void> {
  const { state } = await ledger.read(operator, "market:ReadSlot", { slotStart });
  if (state === "sealed") await ledger.submit(operator, "market:Clear", { slotStart });
}

/** Settles if all evidence is there. */
async function trySettle(ledger: TestLedger, slotStart: string): Promise<void> {
  await clearAfterwards(ledger, slotStart);
  try {
    await ledger.submit(operator, "market:Settle", { slotStart });
  } catch (error) {
    expect(error).toHaveProperty("code", "market.evidence-missing");
  }
  await expectConserved(ledger);
}

/** Sums are zero, nobody is below zero, and the events tell what the wallets hold. */
async function expectConserved(ledger: TestLedger): Promise<void> {
  const { coinsNano, energyWh, cashMicro } = await ledger.read(operator, "wallets:Audit", {});
  expect({ coinsNano, energyWh }).toEqual({ coinsNano: "0", energyWh: "0" });
  for (const left of Object.values(cashMicro)) expect(left).toBe("0");
  const wallets = await ledger.read(operator, "wallets:ListWallets", {});
  for (const wallet of wallets) {
    const { participant, coinsNano: coins, escrowNano, energyWh: energy } = wallet;
    const amounts = [coins, escrowNano, participant === "grid-co" ? "0" : energy];
    for (const amount of amounts) expect(BigInt(amount)).toBeGreaterThanOrEqual(0n);
  }
  expect(walletsByEvents(ledger)).toEqual(wallets);
}

function walletsByEvents(ledger: TestLedger): Wallet[] {
  const wallets = new Map(
    ["bank", "grid-co", ...ids].sort().map((id) => [id, emptyWallet(id)] as const),
  );
  for (const { payload } of ledger.events) {
    for (const change of "changes" in payload ? payload.changes : []) {
      const before = wallets.get(change.participant);
      if (before !== undefined) wallets.set(change.participant, applyChange(before, change));
    }
  }
  return [...wallets.values()];
}

/** All that was metered is either in a settlement or among the late, and no escrow is left over. */
async function expectEverythingCounted(
  ledger: TestLedger,
  slots: readonly { turns: readonly { importWh: number; exportWh: number }[] }[],
): Promise<void> {
  const { mintedWh, unsettled } = await ledger.read(operator, "wallets:Audit", {});
  const metered = slots.flatMap(({ turns }) => turns).reduce((sum, one) => sum + one.exportWh, 0);
  expect(Number(mintedWh) + Number(unsettled.exportWh)).toBe(metered);
  const settled = ledger.events.flatMap((event) =>
    event.name === "SlotSettled" ? event.payload.energy : [],
  );
  const imported = slots.flatMap(({ turns }) => turns).reduce((sum, one) => sum + one.importWh, 0);
  expect(settled.reduce((sum, one) => sum + one.importWh, 0) + Number(unsettled.importWh)).toBe(
    imported,
  );
  for (const { escrowNano } of await ledger.read(operator, "wallets:ListWallets", {})) {
    expect(escrowNano).toBe("0");
  }
}
