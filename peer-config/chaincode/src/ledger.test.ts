import "./testing/quiet-log.js";
import { encodeArgs } from "@powershare/domain/ledger";
import { KeyEndorsementPolicy } from "fabric-shim";
import { expect, test } from "vitest";
import {
  bank,
  firstSlot,
  giveCoins,
  neighbourhood,
  operator,
  sell,
  settings,
  slotAt,
  TestResident,
  utility,
  utilityClient,
} from "./testing/neighbourhood.js";

const energy = { importWh: 3, exportWh: 10 };

test("a participant is registered once; the same again changes nothing", async () => {
  const h1 = new TestResident("h1");
  const ledger = await neighbourhood([h1]);
  for (const registration of [utility, bank, h1.registration()]) {
    expect(
      await ledger.submit(operator, "participants:RegisterParticipant", { registration }),
    ).toBe("already");
  }
  expect(await ledger.submit(operator, "participants:SetSettings", { settings })).toBe("already");
  expect(
    (await ledger.read(operator, "participants:ListParticipants", {})).map(({ id }) => id),
  ).toEqual(["bank", "grid-co", "h1"]);
});

test("the keys that count are taken from the certified public areas", async () => {
  const h1 = new TestResident("h1");
  const ledger = await neighbourhood([h1]);
  const stored = await ledger.read(operator, "participants:ReadParticipant", { participant: "h1" });
  const { reading, attestation } = h1.household.device;
  expect(stored.readingSpki).toBe(Buffer.from(reading.spki).toString("base64"));
  expect(stored.attestationSpki).toBe(Buffer.from(attestation.spki).toString("base64"));
});

test("a suspended participant reads, and acts again when active", async () => {
  const h1 = new TestResident("h1");
  const ledger = await neighbourhood([h1]);
  const set = (status: "active" | "suspended") =>
    ledger.submit(operator, "participants:SetStatus", {
      participant: "h1",
      status,
      reason: "dispute",
    });
  const order = { slotStart: firstSlot, order: sell(1, 1) };
  expect(await set("suspended")).toBe("done");
  expect(await set("suspended")).toBe("already");
  await expect(ledger.submit(h1.identity, "market:PlaceOrder", order)).rejects.toThrow();
  await ledger.read(h1.identity, "wallets:ReadWallet", { participant: "h1" });
  expect(await set("active")).toBe("done");
  expect(await ledger.submit(h1.identity, "market:PlaceOrder", order)).toBe("done");
});

test("the total of issued coins is under the policy of operator and utility from the start", async () => {
  const ledger = await neighbourhood([]);
  const [policy] = [...ledger.state.policies].filter(([key]) => key.includes("issued"));
  expect(new KeyEndorsementPolicy(policy?.[1]).listOrgs().sort()).toEqual([
    "OperatorMSP",
    "UtilityMSP",
  ]);
  expect(ledger.state.policies.size).toBe(1);
});

test("coins and cash move as booked, each intent once", async () => {
  const h1 = new TestResident("h1");
  const ledger = await neighbourhood([h1]);
  await giveCoins(ledger, "h1", 10);
  await giveCoins(ledger, "h1", 10);
  expect(await ledger.read(operator, "wallets:ReadWallet", { participant: "h1" })).toEqual({
    participant: "h1",
    coinsNano: "10000000000",
    escrowNano: "0",
    heldNano: "0",
    cashMicro: {},
    energyWh: "0",
    owedNano: {},
  });
  const holder = await ledger.read(operator, "wallets:ReadWallet", { participant: "bank" });
  expect(holder).toMatchObject({ coinsNano: "0", cashMicro: { EUR: "10000000" } });
  expect(ledger.events.filter(({ name }) => name === "CashToCoins")).toHaveLength(1);
  expect(await ledger.read(utilityClient, "wallets:Audit", {})).toEqual({
    coinsNano: "0",
    heldNano: "0",
    cashMicro: { EUR: "0" },
    energyWh: "0",
    issuedNano: "10000000000",
    mintedWh: "0",
    retiredWh: "0",
    unsettled: { intervals: 0, importWh: "0", exportWh: "0" },
  });
});

test("credits to one wallet in one block are all valid; a withdrawal among them is made again", async () => {
  const h1 = new TestResident("h1");
  const ledger = await neighbourhood([h1]);
  await giveCoins(ledger, "h1", 1);
  const fund = (nonce: string) =>
    ledger.endorse(
      operator,
      "wallets:CashFundingResident",
      encodeArgs("wallets:CashFundingResident", {
        nonce,
        resident: "h1",
        currency: "EUR",
        amountMicro: "5",
      }),
    );
  const sellCoins = await ledger.endorse(
    operator,
    "wallets:CashToCoins",
    encodeArgs("wallets:CashToCoins", {
      nonce: "nonce-back",
      seller: "h1",
      buyer: "bank",
      currency: "EUR",
      cashMicro: "1000",
      rateMicro: "1000000",
    }),
  );
  const credits = [await fund("nonce-a-1"), await fund("nonce-a-2"), await fund("nonce-a-2")];
  expect(credits.map((one) => ledger.commit(one))).toEqual([
    "VALID",
    "VALID",
    "MVCC_READ_CONFLICT",
  ]);
  expect(ledger.commit(sellCoins)).toBe("PHANTOM_READ_CONFLICT");
  const { cashMicro } = await ledger.read(operator, "wallets:ReadWallet", { participant: "h1" });
  expect(cashMicro).toEqual({ EUR: "10" });
});

test("evidence is accepted package after package, and the same package again has no effect", async () => {
  const h1 = new TestResident("h1");
  const ledger = (await neighbourhood([h1])).at(slotAt(3));
  const first = h1.household.evidence(h1.meter, [energy, energy]);
  const second = h1.household.evidence(h1.meter, [energy]);
  const send = (sent: typeof first) =>
    ledger.submit(h1.identity, "metering:SubmitEvidence", { package: sent });
  expect(await send(first)).toBe("done");
  expect(await send(first)).toBe("already");
  expect(await send(second)).toBe("done");
  expect(await send(first)).toBe("already");
  expect(await ledger.read(operator, "metering:ReadMeter", { meter: h1.meter })).toMatchObject({
    sequence: 3,
    end: slotAt(3),
    importWh: 9,
    exportWh: 30,
  });
  const [stored] = await ledger.read(operator, "metering:ReadEvidence", { slotStart: slotAt(1) });
  expect(stored).toMatchObject({ participant: "h1", sequence: 2, end: slotAt(2), late: false });
  const accepted = ledger.events.filter(({ name }) => name === "EvidenceAccepted");
  expect(accepted).toMatchObject([
    { payload: { late: 0, slots: [slotAt(0), slotAt(1)] } },
    { payload: { late: 0, slots: [slotAt(2)] } },
  ]);
});

test("two meters share a checkpoint: its counter serves both", async () => {
  const h1 = new TestResident("h1");
  const ledger = (await neighbourhood([h1])).at(slotAt(1));
  const intervals = h1.household.meters.map(({ id }) => h1.household.intervals(id, [energy]));
  const checkpoint = h1.household.checkpoint();
  for (const own of intervals) {
    const sent = h1.household.seal(own, checkpoint);
    expect(await ledger.submit(h1.identity, "metering:SubmitEvidence", { package: sent })).toBe(
      "done",
    );
  }
});

test("a meter that has no evidence yet is no error", async () => {
  const ledger = await neighbourhood([]);
  expect(await ledger.read(operator, "metering:ReadMeter", { meter: "a/b:1" })).toBeNull();
});

test("every transaction emits the event of the reference, and none but that", async () => {
  const h1 = new TestResident("h1");
  const ledger = await neighbourhood([h1]);
  await giveCoins(ledger, "h1", 1);
  expect(ledger.events.map(({ name }) => name)).toEqual([
    "ParticipantRegistered",
    "ParticipantRegistered",
    "ParticipantRegistered",
    "CoinsIssued",
    "CashFunded",
    "CashToCoins",
  ]);
});
