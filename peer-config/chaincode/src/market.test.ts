import * as crypto from "node:crypto";
import { cryptoFrom } from "@powershare/domain/evidence";
import {
  encodeArgs,
  type OrderRequest,
  type SlotRecord,
  totalOwedNano,
} from "@powershare/domain/ledger";
import { clear, verifyResult } from "@powershare/domain/market";
import { expect, test } from "vitest";
import {
  buy,
  firstSlot,
  giveCoins,
  instantAfter,
  neighbourhood,
  operator,
  sell,
  slotAt,
  TestResident,
} from "./testing/neighbourhood.js";
import type { TestLedger } from "./testing/test-ledger.js";

const slotStart = firstSlot;
const { sha256 } = cryptoFrom(crypto);

interface Street {
  readonly ledger: TestLedger;
  readonly sun: TestResident;
  readonly shade: TestResident;
}

/** A seller without coins and a buyer with ten. */
async function street(): Promise<Street> {
  const sun = new TestResident("sun");
  const shade = new TestResident("shade");
  const ledger = await neighbourhood([sun, shade]);
  await giveCoins(ledger, "shade", 10);
  return { ledger, sun, shade };
}

const place = (ledger: TestLedger, by: TestResident, order: OrderRequest) =>
  ledger.submit(by.identity, "market:PlaceOrder", { slotStart, order });

async function sealAndClear(ledger: TestLedger, by: TestResident): Promise<void> {
  ledger.at(instantAfter(-30));
  await ledger.submit(by.identity, "market:Seal", { slotStart });
  await ledger.submit(by.identity, "market:Clear", { slotStart });
}

const send = (ledger: TestLedger, by: TestResident, importWh: number, exportWh: number) =>
  ledger.submit(by.identity, "metering:SubmitEvidence", {
    package: by.household.evidence(by.meter, [{ importWh, exportWh }]),
  });

const slotRecord = (ledger: TestLedger): Promise<SlotRecord> =>
  ledger.read(operator, "market:ReadSlot", { slotStart });
const walletOf = (ledger: TestLedger, participant: string) =>
  ledger.read(operator, "wallets:ReadWallet", { participant });

async function expectConserved(ledger: TestLedger): Promise<void> {
  expect(await ledger.read(operator, "wallets:Audit", {})).toMatchObject({
    coinsNano: "0",
    cashMicro: { EUR: "0" },
    energyWh: "0",
  });
}

test("an order may be replaced until the seal; placed again it changes nothing", async () => {
  const { ledger, sun } = await street();
  expect(await place(ledger, sun, sell(100, 80_000))).toBe("done");
  expect(await place(ledger, sun, sell(100, 80_000))).toBe("already");
  expect(await place(ledger, sun, buy(50, 90_000))).toBe("done");
  const { state, orders } = await slotRecord(ledger);
  expect(state).toBe("open");
  expect(orders?.orders).toMatchObject([{ participant: "sun", side: "buy" }]);
});

test("an order in flight when the slot is sealed becomes invalid", async () => {
  const { ledger, sun, shade } = await street();
  ledger.at(instantAfter(-30));
  const late = await ledger.endorse(
    sun.identity,
    "market:PlaceOrder",
    encodeArgs("market:PlaceOrder", { slotStart, order: sell(1, 1) }),
  );
  expect(await ledger.submit(shade.identity, "market:Seal", { slotStart })).toBe("done");
  expect(await ledger.submit(sun.identity, "market:Seal", { slotStart })).toBe("already");
  expect(ledger.commit(late)).toBe("MVCC_READ_CONFLICT");
});

test("orders of many households in one block are all valid", async () => {
  const { ledger, sun, shade } = await street();
  const endorsed = await Promise.all(
    [sun, shade].map((one) =>
      ledger.endorse(
        one.identity,
        "market:PlaceOrder",
        encodeArgs("market:PlaceOrder", { slotStart, order: sell(1, 1) }),
      ),
    ),
  );
  expect(endorsed.map((one) => ledger.commit(one))).toEqual(["VALID", "VALID"]);
});

test("clearing sets aside what was bought, and its result can be proven from what is stored", async () => {
  const { ledger, sun, shade } = await street();
  await place(ledger, sun, sell(600, 100_000));
  await place(ledger, shade, buy(1_000, 200_000));
  await sealAndClear(ledger, sun);
  const { state, orders, result, excluded } = await slotRecord(ledger);
  if (orders === undefined || result === undefined) throw new Error("not cleared");
  expect({ state, excluded }).toEqual({ state: "cleared", excluded: [] });
  expect(verifyResult(orders, result, sha256)).toEqual([]);
  expect(clear(orders, sha256)).toEqual(result);
  const seeded = Buffer.from(`${slotStart}~shade\n${slotStart}~sun`);
  expect(orders.seed).toBe(crypto.createHash("sha256").update(seeded).digest("hex"));
  const escrowNano = result.fills.find(({ order }) => order.endsWith("shade"))?.amountNano ?? "";
  expect(BigInt(escrowNano)).toBeGreaterThan(0n);
  expect(await walletOf(ledger, "shade")).toMatchObject({
    coinsNano: (10_000_000_000n - BigInt(escrowNano)).toString(),
    escrowNano,
  });
  expect(await ledger.submit(shade.identity, "market:Clear", { slotStart })).toBe("already");
  await expectConserved(ledger);
});

test("orders of a buyer who could not pay, or who is suspended, are left out with the reason", async () => {
  const { ledger, sun, shade } = await street();
  const poor = new TestResident("poor");
  await ledger.submit(operator, "participants:RegisterParticipant", {
    registration: poor.registration(),
  });
  await place(ledger, sun, sell(600, 100_000));
  await place(ledger, shade, buy(600, 200_000));
  await place(ledger, poor, buy(600, 240_000));
  await ledger.submit(operator, "participants:SetStatus", {
    participant: "sun",
    status: "suspended",
    reason: "left",
  });
  await sealAndClear(ledger, shade);
  const { excluded, result } = await slotRecord(ledger);
  expect(excluded).toEqual([
    { order: `${slotStart}~poor`, reason: "it can cost 144000000 nano-coin, there are 0" },
    { order: `${slotStart}~sun`, reason: "the participant is suspended" },
  ]);
  expect(result?.trades).toEqual([]);
});

test("a slot is settled as it was metered: contract, surplus and utility, and all sums are zero", async () => {
  const { ledger, sun, shade } = await street();
  await place(ledger, sun, sell(600, 100_000));
  await place(ledger, shade, buy(1_000, 200_000));
  await sealAndClear(ledger, sun);
  ledger.at(slotAt(1));
  await send(ledger, sun, 5, 700);
  await send(ledger, shade, 900, 0);
  expect(await ledger.submit(shade.identity, "market:Settle", { slotStart })).toBe("done");
  expect(await ledger.submit(sun.identity, "market:Settle", { slotStart })).toBe("already");
  const { state, settlement } = await slotRecord(ledger);
  expect(state).toBe("settled");
  expect(settlement?.missing).toEqual([]);
  expect(settlement?.trades).toMatchObject([
    { seller: "sun", buyer: "shade", contractedWh: 600, deliveredWh: 600, kind: "contract" },
    { seller: "sun", buyer: "shade", contractedWh: 0, deliveredWh: 100, kind: "surplus" },
  ]);
  expect(settlement?.energy).toEqual([
    {
      participant: "shade",
      importWh: 900,
      exportWh: 0,
      soldWh: 0,
      boughtWh: 700,
      fedInWh: 0,
      retailWh: 200,
    },
    {
      participant: "sun",
      importWh: 5,
      exportWh: 700,
      soldWh: 700,
      boughtWh: 0,
      fedInWh: 0,
      retailWh: 5,
    },
  ]);
  // All that was minted went somewhere: retired by whoever used it, or taken by the utility.
  expect((await walletOf(ledger, "sun")).energyWh).toBe("0");
  expect((await walletOf(ledger, "shade")).energyWh).toBe("0");
  expect((await walletOf(ledger, "grid-co")).energyWh).toBe("-205");
  expect((await walletOf(ledger, "shade")).escrowNano).toBe("0");
  await expectConserved(ledger);
});

test("a slot that nobody sealed is settled at the utility's tariffs", async () => {
  const { ledger, sun, shade } = await street();
  ledger.at(slotAt(1));
  await send(ledger, sun, 0, 400);
  await send(ledger, shade, 100, 0);
  await ledger.submit(sun.identity, "market:Settle", { slotStart });
  const { settlement } = await slotRecord(ledger);
  expect(settlement?.trades).toMatchObject([
    { seller: "sun", buyer: "shade", deliveredWh: 100, kind: "surplus", priceMicroPerKwh: 150_000 },
  ]);
  expect(settlement?.dues).toContainEqual({
    from: "grid-co",
    to: "sun",
    amountNano: "15000000",
    reason: "feed-in",
  });
  await expectConserved(ledger);
});

test("what a payer cannot pay is owed, and paid first from what comes in", async () => {
  const { ledger, sun, shade } = await street();
  ledger.at(slotAt(1));
  await send(ledger, sun, 1_000, 0);
  await send(ledger, shade, 0, 0);
  await ledger.submit(sun.identity, "market:Settle", { slotStart });
  expect(await walletOf(ledger, "sun")).toMatchObject({
    coinsNano: "0",
    owedNano: { "grid-co": "250000000" },
  });
  await giveCoins(ledger, "sun", 1);
  const after = await walletOf(ledger, "sun");
  expect(after.coinsNano).toBe("750000000");
  expect(totalOwedNano(after)).toBe(0n);
  expect((await walletOf(ledger, "grid-co")).coinsNano).toBe("250000000");
  await expectConserved(ledger);
});

test("after the deadline a slot is settled without the missing, whose evidence then is late", async () => {
  const { ledger, sun, shade } = await street();
  await place(ledger, sun, sell(600, 100_000));
  await place(ledger, shade, buy(600, 200_000));
  await sealAndClear(ledger, sun);
  ledger.at(instantAfter(900 + 600));
  await send(ledger, shade, 600, 0);
  await ledger.submit(shade.identity, "market:Settle", { slotStart });
  const { settlement } = await slotRecord(ledger);
  expect(settlement?.missing).toEqual(["sun"]);
  expect(settlement?.trades).toMatchObject([
    { contractedWh: 600, deliveredWh: 0, amountNano: "0" },
  ]);
  await send(ledger, sun, 0, 600);
  expect(ledger.events.at(-1)).toMatchObject({
    name: "EvidenceAccepted",
    payload: { late: 1, slots: [] },
  });
  const stored = await ledger.read(operator, "metering:ReadEvidence", { slotStart });
  expect(stored.map(({ participant, late }) => [participant, late])).toEqual([
    ["shade", false],
    ["sun", true],
  ]);
  expect((await ledger.read(operator, "wallets:Audit", {})).unsettled).toEqual({
    intervals: 1,
    importWh: "0",
    exportWh: "600",
  });
  expect((await walletOf(ledger, "sun")).energyWh).toBe("0");
  await expectConserved(ledger);
});

test("evidence in flight while its slot is settled is never both settled and late", async () => {
  const { ledger, sun, shade } = await street();
  ledger.at(instantAfter(900 + 600));
  const evidence = await ledger.endorse(
    sun.identity,
    "metering:SubmitEvidence",
    encodeArgs("metering:SubmitEvidence", {
      package: sun.household.evidence(sun.meter, [{ importWh: 0, exportWh: 5 }]),
    }),
  );
  const settle = await ledger.endorse(shade.identity, "market:Settle", [slotStart]);
  const other = await ledger.endorse(sun.identity, "market:Settle", [slotStart]);
  expect(ledger.commit(settle)).toBe("VALID");
  expect(ledger.commit(evidence)).toBe("MVCC_READ_CONFLICT");
  expect(ledger.commit(other)).toBe("MVCC_READ_CONFLICT");
});

test("evidence that comes into the block before a settlement makes it invalid", async () => {
  const { ledger, sun, shade } = await street();
  ledger.at(instantAfter(900 + 600));
  const settle = await ledger.endorse(shade.identity, "market:Settle", [slotStart]);
  await send(ledger, sun, 0, 5);
  expect(ledger.commit(settle)).not.toBe("VALID");
});

test("a gap interval mints and retires, but delivers no contract", async () => {
  const { ledger, sun, shade } = await street();
  await ledger.submit(sun.identity, "market:PlaceOrder", {
    slotStart: slotAt(1),
    order: sell(600, 100_000),
  });
  await ledger.submit(shade.identity, "market:PlaceOrder", {
    slotStart: slotAt(1),
    order: buy(600, 200_000),
  });
  ledger.at(instantAfter(890));
  await ledger.submit(sun.identity, "market:Seal", { slotStart: slotAt(1) });
  await ledger.submit(sun.identity, "market:Clear", { slotStart: slotAt(1) });
  ledger.at(slotAt(2));
  const [whole] = sun.household.intervals(sun.meter, [{ importWh: 0, exportWh: 900 }]);
  if (whole === undefined) throw new Error("no interval");
  const gap = { ...whole, end: slotAt(2), quality: "gap" as const };
  const { household } = sun;
  await ledger.submit(sun.identity, "metering:SubmitEvidence", {
    package: household.seal(
      [gap],
      household.checkpoint({ ...household.statement(), ...household.headsOf([gap]) }),
    ),
  });
  await ledger.submit(shade.identity, "metering:SubmitEvidence", {
    package: shade.household.evidence(shade.meter, [
      { importWh: 10, exportWh: 0 },
      { importWh: 600, exportWh: 0 },
    ]),
  });
  for (const slot of [slotAt(1), slotAt(0)]) {
    await ledger.submit(sun.identity, "market:Settle", { slotStart: slot });
  }
  const { settlement } = await ledger.read(operator, "market:ReadSlot", { slotStart: slotAt(1) });
  expect(settlement?.trades).toMatchObject([{ kind: "contract", deliveredWh: 0 }]);
  expect(settlement?.energy).toContainEqual(
    expect.objectContaining({ participant: "sun", exportWh: 900, soldWh: 0, fedInWh: 900 }),
  );
  const audit = await ledger.read(operator, "wallets:Audit", {});
  expect(audit).toMatchObject({ mintedWh: "900", retiredWh: "610", energyWh: "0" });
  await expectConserved(ledger);
});
