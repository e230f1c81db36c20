import { expect, test } from "vitest";
import {
  buy,
  firstSlot,
  giveCoins,
  instantAfter,
  neighbourhood,
  operator,
  sell,
  settings,
  slotAt,
  TestResident,
  utility,
} from "./testing/neighbourhood.js";
import type { TestLedger } from "./testing/test-ledger.js";

// What one participant may try so that others are not settled, or not as they were metered.

const slotStart = firstSlot;

async function street(): Promise<{ ledger: TestLedger; sun: TestResident; shade: TestResident }> {
  const sun = new TestResident("sun");
  const shade = new TestResident("shade");
  const ledger = await neighbourhood([sun, shade]);
  await giveCoins(ledger, "shade", 10);
  return { ledger, sun, shade };
}

const endorseEvidence = (
  ledger: TestLedger,
  by: TestResident,
  exportWh: number,
  meter = by.meter,
) =>
  ledger.endorse(by.identity, "metering:SubmitEvidence", [
    JSON.stringify(by.household.evidence(meter, [{ importWh: 0, exportWh }])),
  ]);

async function send(ledger: TestLedger, by: TestResident, exportWh: number): Promise<void> {
  expect(ledger.commit(await endorseEvidence(ledger, by, exportWh))).toBe("VALID");
}

async function contract({ ledger, sun, shade }: Awaited<ReturnType<typeof street>>): Promise<void> {
  await ledger.submit(sun.identity, "market:PlaceOrder", { slotStart, order: sell(600, 100_000) });
  await ledger.submit(shade.identity, "market:PlaceOrder", { slotStart, order: buy(600, 200_000) });
  ledger.at(instantAfter(-30));
  await ledger.submit(sun.identity, "market:Seal", { slotStart });
}

test("a meter cannot claim so much that the neighbourhood's sums are no longer exact", async () => {
  const { ledger, sun, shade } = await street();
  ledger.at(slotAt(1));
  await expect(endorseEvidence(ledger, sun, Number.MAX_SAFE_INTEGER)).rejects.toHaveProperty(
    "code",
    "ledger.arguments",
  );
  await send(ledger, shade, 1_000_000_000);
});

test("a sealed slot is not settled before its contracts are made", async () => {
  const world = await street();
  const { ledger, sun, shade } = world;
  await contract(world);
  ledger.at(slotAt(1));
  await send(ledger, sun, 600);
  await send(ledger, shade, 0);
  const settle = ledger.endorse(shade.identity, "market:Settle", [slotStart]);
  await expect(settle).rejects.toHaveProperty("code", "market.not-cleared");
  await ledger.submit(sun.identity, "market:Clear", { slotStart });
  expect(await ledger.submit(sun.identity, "market:Settle", { slotStart })).toBe("done");
});

test("a utility that came after the clearing settles its residents all the same", async () => {
  const world = await street();
  const { ledger, sun, shade } = world;
  await contract(world);
  await ledger.submit(sun.identity, "market:Clear", { slotStart });
  await ledger.submit(operator, "participants:RegisterParticipant", {
    registration: { ...utility, id: "new-co" },
  });
  const newcomer = new TestResident("newcomer");
  await ledger.submit(operator, "participants:RegisterParticipant", {
    registration: { ...newcomer.registration(), utility: "new-co" },
  });
  ledger.at(slotAt(1));
  for (const one of [sun, shade, newcomer]) await send(ledger, one, 600);
  await ledger.submit(sun.identity, "market:Settle", { slotStart });
  const { settlement } = await ledger.read(operator, "market:ReadSlot", { slotStart });
  expect(settlement?.dues).toContainEqual({
    from: "new-co",
    to: "newcomer",
    amountNano: "30000000",
    reason: "feed-in",
  });
});

test("evidence too old for its slot to be settled is late at once", async () => {
  const { ledger, sun } = await street();
  ledger.at("2026-07-06T12:15:01Z");
  await send(ledger, sun, 5);
  expect(ledger.events.at(-1)).toMatchObject({ name: "EvidenceAccepted", payload: { late: 1 } });
});

test("settlements of slots in which nothing flowed do not get in the way of others", async () => {
  const { ledger, sun, shade } = await street();
  ledger.at(instantAfter(900 + 600));
  await send(ledger, sun, 5);
  const real = await ledger.endorse(sun.identity, "market:Settle", [slotStart]);
  await ledger.submit(shade.identity, "market:Settle", { slotStart: slotAt(-9) });
  expect(ledger.commit(real)).toBe("VALID");
});

test("evidence of generators, which is not settled, does not get in the way of a settlement", async () => {
  const { ledger, sun, shade } = await street();
  ledger.at(slotAt(1));
  await send(ledger, sun, 5);
  await send(ledger, shade, 0);
  const settle = await ledger.endorse(sun.identity, "market:Settle", [slotStart]);
  const generator = await endorseEvidence(ledger, shade, 7, "eastron/sdm230:shade");
  expect(ledger.commit(generator)).toBe("VALID");
  expect(ledger.commit(settle)).toBe("VALID");
});

test("who has no coins takes from the utility, not from a neighbour on credit", async () => {
  const { ledger, sun, shade } = await street();
  ledger.at(slotAt(1));
  await send(ledger, shade, 400);
  const [wanted] = sun.household.intervals(sun.meter, [{ importWh: 300, exportWh: 0 }]);
  if (wanted === undefined) throw new Error("no interval");
  await ledger.submit(sun.identity, "metering:SubmitEvidence", {
    package: sun.household.seal([wanted]),
  });
  await ledger.submit(sun.identity, "market:Settle", { slotStart });
  const { settlement } = await ledger.read(operator, "market:ReadSlot", { slotStart });
  expect(settlement?.trades).toEqual([]);
  expect(await ledger.read(operator, "wallets:ReadWallet", { participant: "sun" })).toMatchObject({
    coinsNano: "0",
    owedNano: { "grid-co": "75000000" },
  });
});

test("amounts stay so small that no wallet can be filled beyond what the ledger can read", async () => {
  const { ledger } = await street();
  const tooMuch = (10n ** 24n + 1n).toString();
  for (const [name, args] of [
    ["wallets:IssueCoins", ["nonce-0001", "bank", tooMuch]],
    ["wallets:CashFundingResident", ["nonce-0001", "sun", "EUR", tooMuch]],
    ["wallets:CashToCoins", ["nonce-0001", "bank", "sun", "EUR", "1", tooMuch]],
  ] as const) {
    const refused = ledger.endorse(operator, name, args);
    await expect(refused).rejects.toHaveProperty("code", "wallets.amount");
  }
});

test("evidence held back until its slot is settled is billed all the same, once", async () => {
  const { ledger, sun, shade } = await street();
  ledger.at(instantAfter(900 + 600));
  await send(ledger, sun, 500);
  await ledger.submit(sun.identity, "market:Settle", { slotStart });
  const heldBack = shade.household.intervals(shade.meter, [{ importWh: 400, exportWh: 0 }]);
  const evidence = shade.household.seal(heldBack);
  await ledger.submit(shade.identity, "metering:SubmitEvidence", { package: evidence });
  expect((await ledger.read(operator, "wallets:Audit", {})).unsettled.importWh).toBe("400");
  ledger.at(slotAt(2));
  await send(ledger, sun, 100);
  await send(ledger, shade, 7);
  await ledger.submit(sun.identity, "market:Settle", { slotStart: slotAt(1) });
  const { settlement } = await ledger.read(operator, "market:ReadSlot", { slotStart: slotAt(1) });
  expect(settlement?.trades).toEqual([]);
  expect(settlement?.dues).toContainEqual({
    from: "shade",
    to: "grid-co",
    amountNano: "100000000",
    reason: "retail",
  });
  expect(await ledger.read(operator, "wallets:Audit", {})).toMatchObject({
    energyWh: "0",
    coinsNano: "0",
    unsettled: { intervals: 0, importWh: "0", exportWh: "0" },
  });
});

test("late evidence in flight while the slot it comes in is settled never falls between two slots", async () => {
  for (const first of ["settlement", "evidence"]) {
    const { ledger, sun, shade } = await street();
    await ledger.submit(operator, "participants:SetSettings", {
      settings: { ...settings, settleAfterSeconds: 1 },
    });
    ledger.at(instantAfter(901));
    await ledger.submit(sun.identity, "market:Settle", { slotStart });
    ledger.at(instantAfter(1801));
    const settle = await ledger.endorse(sun.identity, "market:Settle", [slotAt(1)]);
    const evidence = JSON.stringify(
      shade.household.evidence(shade.meter, [{ importWh: 9, exportWh: 0 }]),
    );
    const timestamp = new Date(instantAfter(1799));
    const late = await ledger.endorse(shade.identity, "metering:SubmitEvidence", [evidence], {
      timestamp,
    });
    const inOrder = first === "settlement" ? [settle, late] : [late, settle];
    expect(inOrder.map((one) => ledger.commit(one) === "VALID")).toEqual([true, false]);
  }
});
