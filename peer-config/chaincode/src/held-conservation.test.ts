import {
  applyChange,
  emptyWallet,
  type HeldPayment,
  type LedgerEvent,
  type Wallet,
} from "@powershare/domain/ledger";
import fc from "fast-check";
import { expect, test } from "vitest";
import { HeldWorld, homeIds, type Judge, type Turn, type Word } from "./testing/held-world.js";
import { buy, operator, sell, slotAt } from "./testing/neighbourhood.js";

const who = fc.constantFrom(0, 1, 2);
const wh = fc.integer({ min: 0, max: 2_000 });
const turn: fc.Arbitrary<Turn> = fc.record({
  order: fc.option(
    fc.record({
      side: fc.constantFrom(sell, buy),
      energyWh: fc.integer({ min: 1, max: 2_000 }),
      limitMicroPerKwh: fc.integer({ min: 0, max: 300_000 }),
    }),
  ),
  importWh: wh,
  exportWh: wh,
  opens: fc.constantFrom("none", "none", "none", "grid", "roof"),
  sends: fc.constantFrom(true, true, false),
});
const said: readonly (readonly [Judge, Word])[] = [
  ["aggregator", "right"],
  ["aggregator", "right"],
  ["aggregator", "held"],
  ["aggregator", "manipulated"],
  ["aggregator", "suspect"],
  ["agent", "passed"],
  ["agent", "passed"],
  ["agent", "failed"],
  ["agent", "held"],
  ["agent", "ok"],
  ["people", "right"],
  ["people", "manipulated"],
];

/** Something that befalls the street. */
type Deed = (world: HeldWorld) => Promise<void>;
const slot: fc.Arbitrary<Deed> = fc
  .tuple(turn, turn, turn)
  .map((turns) => (world) => world.liveSlot(turns));
const proof: fc.Arbitrary<Deed> = who.map((home) => async (world) => {
  for (const of of ["grid", "roof"] as const) {
    await world.say(home, of, "agent", "passed");
    await world.say(home, of, "aggregator", "right");
  }
});
const word: fc.Arbitrary<Deed> = fc
  .tuple(who, fc.constantFrom("grid" as const, "roof" as const), fc.constantFrom(...said))
  .map(
    ([home, of, [judge, one]]) =>
      (world) =>
        world.say(home, of, judge, one),
  );
const release: fc.Arbitrary<Deed> = fc
  .constantFrom(...homeIds)
  .map((id) => (world) => expectFairRelease(world, id));
const correction: fc.Arbitrary<Deed> = fc
  .tuple(
    fc.constantFrom(...homeIds),
    fc.constantFrom(...homeIds, "grid-co"),
    fc.bigInt(1n, 1_000_000_000n),
  )
  .map(([from, to, amount]) => (world) => {
    const payments = [{ from, to, amountNano: amount.toString() }];
    return world.correct({ kind: "payments", reason: "dispute", slot: slotAt(0), payments });
  });
const deed = fc.oneof(
  { weight: 5, arbitrary: slot },
  { weight: 3, arbitrary: proof },
  { weight: 4, arbitrary: word },
  { weight: 4, arbitrary: release },
  { weight: 1, arbitrary: correction },
);

test("whatever is held, proven, given back and corrected, each coin is somewhere and each sale is paid once", async () => {
  const outcomes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { minLength: 8, maxLength: 14 }), async (deeds) => {
      const world = await HeldWorld.open();
      for (const one of deeds) {
        await one(world);
        await expectConserved(world);
      }
      world.letTimePass();
      for (const id of homeIds) await expectFairRelease(world, id);
      await expectConserved(world);
      for (const { heldNano } of await world.wallets()) expect(heldNano).toBe("0");
      expectEachPaidOnce(world, outcomes);
    }),
    { numRuns: 5 },
  );
  expect(outcomes.size).toBeGreaterThan(0);
}, 60_000);

/** Sums are zero, nobody is below zero, and the events tell what the wallets hold. */
async function expectConserved({ ledger }: HeldWorld): Promise<void> {
  expect(await ledger.read(operator, "wallets:Audit", {})).toMatchObject({
    coinsNano: "0",
    heldNano: "0",
    energyWh: "0",
    cashMicro: { EUR: "0" },
  });
  const wallets = await ledger.read(operator, "wallets:ListWallets", {});
  for (const { coinsNano, escrowNano, heldNano } of wallets) {
    for (const amount of [coinsNano, escrowNano, heldNano]) {
      expect(BigInt(amount)).toBeGreaterThanOrEqual(0n);
    }
  }
  expect(walletsByEvents(ledger.events)).toEqual(wallets);
}

function walletsByEvents(events: readonly LedgerEvent[]): Wallet[] {
  const ids = ["bank", "grid-co", ...homeIds].sort();
  const wallets = new Map(ids.map((id) => [id, emptyWallet(id)] as const));
  for (const { payload } of events) {
    for (const change of "changes" in payload ? payload.changes : []) {
      const before = wallets.get(change.participant);
      if (before !== undefined) wallets.set(change.participant, applyChange(before, change));
    }
  }
  return [...wallets.values()];
}

/** A release does what the placements say, seen from outside before and after it. */
async function expectFairRelease(world: HeldWorld, id: string): Promise<void> {
  const { ledger } = world;
  const states = new Map(
    (await world.placements(id)).map(({ meter, epoch, state }) => [`${meter} ${epoch}`, state]),
  );
  const before = await ledger.read(operator, "wallets:ReadHeld", { participant: id });
  const seen = ledger.events.length;
  await world.release(id);
  const after = await ledger.read(operator, "wallets:ReadHeld", { participant: id });
  const resolved = new Map(
    ledger.events
      .slice(seen)
      .flatMap(({ name, payload }) => (name === "HeldResolved" ? payload.sales : []))
      .map(({ slot: start, outcome }) => [start, outcome]),
  );
  for (const { slot: start, placements } of before) {
    const known = placements.flatMap(({ meter, epoch }) =>
      epoch === null ? [] : [states.get(`${meter} ${epoch}`)],
    );
    const isAllProven = known.every((state) => state === "proven");
    const outcome = resolved.get(start);
    if (outcome === "proven") expect(isAllProven).toBe(true);
    if (known.includes("manipulated")) expect(outcome).toBe("manipulated");
    if (outcome === undefined) expect(after.some((sale) => sale.slot === start)).toBe(true);
    else expect(after.some((sale) => sale.slot === start)).toBe(false);
  }
}

/** Every held sale came to one end, with the payments that it began with. */
function expectEachPaidOnce({ ledger }: HeldWorld, outcomes: Set<string>): void {
  const held = new Map<string, readonly HeldPayment[]>();
  for (const { name, payload } of ledger.events) {
    if (name === "SlotSettled") {
      for (const { participant, slot: start, payments } of payload.held ?? []) {
        held.set(`${participant} ${start}`, payments);
      }
    } else if (name === "HeldResolved") {
      for (const { slot: start, payments, outcome } of payload.sales) {
        outcomes.add(outcome);
        expect(held.get(`${payload.participant} ${start}`)).toEqual(payments);
        held.delete(`${payload.participant} ${start}`);
      }
    }
  }
  expect([...held.keys()]).toEqual([]);
}
