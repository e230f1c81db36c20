import "./testing/quiet-log.js";
import { expect, test } from "vitest";
import { firstEvidence, resetOf } from "./testing/epochs.js";
import { neighbourhood, operator, slotAt, TestResident } from "./testing/neighbourhood.js";
import type { TestLedger } from "./testing/test-ledger.js";

const energy = { importWh: 10, exportWh: 20 };

async function measured(): Promise<{ ledger: TestLedger; h1: TestResident }> {
  const h1 = new TestResident("h1");
  const ledger = await neighbourhood([h1]);
  ledger.at(slotAt(1));
  const evidence = h1.household.evidence(h1.meter, [energy]);
  await ledger.submit(h1.identity, "metering:SubmitEvidence", { package: evidence });
  return { ledger, h1 };
}

const confirm = (ledger: TestLedger, { meter, closing, opening }: ReturnType<typeof resetOf>) =>
  ledger.submit(operator, "metering:ConfirmMeterEpoch", {
    participant: "h1",
    meter,
    closing,
    opening,
  });

test("a meter that counts anew is accepted when household and operator have said so, and not before", async () => {
  const { ledger, h1 } = await measured();
  const epoch = resetOf(h1);
  const evidence = firstEvidence(h1, epoch, { importWh: 3, exportWh: 4 });
  const send = () => ledger.submit(h1.identity, "metering:SubmitEvidence", { package: evidence });
  ledger.at(slotAt(2));
  await expect(send()).rejects.toHaveProperty("code", "evidence.meter");
  expect(await ledger.submit(h1.identity, "metering:AskMeterEpoch", { epoch })).toBe("done");
  expect(await ledger.submit(h1.identity, "metering:AskMeterEpoch", { epoch })).toBe("already");
  await expect(send()).rejects.toHaveProperty("code", "evidence.meter-unconfirmed");
  expect(await ledger.read(operator, "metering:ListMeterEpochs", {})).toMatchObject([
    { participant: "h1", state: "asked", ...epoch },
  ]);
  expect(await confirm(ledger, epoch)).toBe("done");
  expect(await confirm(ledger, epoch)).toBe("already");
  expect(await send()).toBe("done");
  const head = await ledger.read(operator, "metering:ReadMeter", { meter: epoch.meter });
  expect(head).toMatchObject({ importWh: 3, exportWh: 4, sequence: 1 });
  expect(ledger.events.map(({ name }) => name).slice(-3)).toEqual([
    "MeterEpochAsked",
    "MeterEpochConfirmed",
    "EvidenceAccepted",
  ]);
  expect(
    await ledger.submit(operator, "participants:RegisterParticipant", {
      registration: h1.registration(),
    }),
  ).toBe("already");
});

test("settlement waits for the meter in use, not for the closed one, and counts the energy of both", async () => {
  const { ledger, h1 } = await measured();
  const epoch = resetOf(h1, { importWh: 15, exportWh: 20 });
  ledger.at(slotAt(2));
  const closing = h1.household.evidence(h1.meter, [{ importWh: 5, exportWh: 0 }]);
  const opening = firstEvidence(h1, epoch, { importWh: 3, exportWh: 4 });
  await ledger.submit(h1.identity, "metering:AskMeterEpoch", { epoch });
  await confirm(ledger, epoch);
  await ledger.submit(h1.identity, "metering:SubmitEvidence", { package: closing });
  const slotStart = slotAt(1);
  await expect(ledger.submit(h1.identity, "market:Settle", { slotStart })).rejects.toHaveProperty(
    "code",
    "market.evidence-missing",
  );
  await ledger.submit(h1.identity, "metering:SubmitEvidence", { package: opening });
  await ledger.submit(h1.identity, "market:Settle", { slotStart });
  const { settlement } = await ledger.read(operator, "market:ReadSlot", { slotStart });
  expect(settlement?.missing).toEqual([]);
  expect(settlement?.energy).toMatchObject([{ participant: "h1", importWh: 8, exportWh: 4 }]);
});

test("the old meter's evidence ends with its closing registers", async () => {
  const { ledger, h1 } = await measured();
  const epoch = resetOf(h1);
  await ledger.submit(h1.identity, "metering:AskMeterEpoch", { epoch });
  await confirm(ledger, epoch);
  ledger.at(slotAt(2));
  const beyond = h1.household.evidence(h1.meter, [{ importWh: 1, exportWh: 0 }]);
  await expect(
    ledger.submit(h1.identity, "metering:SubmitEvidence", { package: beyond }),
  ).rejects.toHaveProperty("code", "evidence.meter-closed");
});

test("the new meter begins with the registers that were confirmed", async () => {
  const { ledger, h1 } = await measured();
  const epoch = resetOf(h1);
  await ledger.submit(h1.identity, "metering:AskMeterEpoch", { epoch });
  await confirm(ledger, epoch);
  ledger.at(slotAt(2));
  const invented = { ...epoch, opening: { importWh: 1, exportWh: 0 } };
  const evidence = firstEvidence(h1, invented, { importWh: 3, exportWh: 4 });
  await expect(
    ledger.submit(h1.identity, "metering:SubmitEvidence", { package: evidence }),
  ).rejects.toHaveProperty("code", "evidence.register-gap");
});

test("an epoch follows an epoch, and what is not confirmed may be asked for anew", async () => {
  const { ledger, h1 } = await measured();
  const wrong = resetOf(h1, { importWh: 11, exportWh: 20 });
  const epoch = resetOf(h1);
  const ask = (one: typeof epoch) =>
    ledger.submit(h1.identity, "metering:AskMeterEpoch", { epoch: one });
  await ask(wrong);
  expect(await ask(epoch)).toBe("done");
  await confirm(ledger, epoch);
  await expect(ask(wrong)).rejects.toHaveProperty("code", "participants.taken");
  const third = {
    ...epoch,
    meter: `${h1.meter}.3`,
    follows: epoch.meter,
    closing: { importWh: 0, exportWh: 0 },
  };
  expect(await ask(third)).toBe("done");
  expect(await confirm(ledger, third)).toBe("done");
});
