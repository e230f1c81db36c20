import "./testing/quiet-log.js";
import * as crypto from "node:crypto";
import { testKey } from "@powershare/domain/testing";
import { expect, test } from "vitest";
import type { TestIdentity } from "./testing/ledger-stub.js";
import {
  bank,
  identityOf,
  microgrid,
  neighbourhood,
  operator,
  slotAt,
  TestResident,
  utilityClient,
} from "./testing/neighbourhood.js";
import { ReplacedDevice } from "./testing/replaced-device.js";
import type { TestLedger } from "./testing/test-ledger.js";

const energy = { importWh: 10, exportWh: 20 };
const participant = "h1";

async function measured() {
  const h1 = new TestResident(participant);
  const ledger = await neighbourhood([h1, new TestResident("h2")]);
  ledger.at(slotAt(1));
  const evidence = h1.household.evidence(h1.meter, [energy]);
  await ledger.submit(h1.identity, "metering:SubmitEvidence", { package: evidence });
  return { ledger, h1, next: new ReplacedDevice(h1, "another TPM") };
}
type Measured = Awaited<ReturnType<typeof measured>>;

const ask = (ledger: TestLedger, by: TestIdentity, { device }: ReplacedDevice) =>
  ledger.submit(by, "participants:AskDeviceReplacement", { participant, device });
const confirm = (ledger: TestLedger, by: TestIdentity, { device }: ReplacedDevice) =>
  ledger.submit(by, "participants:ConfirmDeviceReplacement", { participant, device });
const send = (
  ledger: TestLedger,
  by: TestIdentity,
  evidence: ReturnType<ReplacedDevice["evidence"]>,
) => ledger.submit(by, "metering:SubmitEvidence", { package: evidence });

async function replaced() {
  const all = await measured();
  await ask(all.ledger, all.h1.identity, all.next);
  await confirm(all.ledger, operator, all.next);
  return all;
}

test("household and operator together give a participant another device, and its meters go on counting", async () => {
  const { ledger, h1, next } = await measured();
  expect(await ask(ledger, h1.identity, next)).toBe("done");
  expect(await ask(ledger, h1.identity, next)).toBe("already");
  ledger.at(slotAt(2));
  const evidence = next.evidence(h1, energy);
  await expect(send(ledger, next.identity, evidence)).rejects.toHaveProperty(
    "code",
    "access.device",
  );
  expect(await confirm(ledger, operator, next)).toBe("done");
  expect(await confirm(ledger, operator, next)).toBe("already");
  expect(await send(ledger, next.identity, evidence)).toBe("done");
  const head = await ledger.read(operator, "metering:ReadMeter", { meter: h1.meter });
  expect(head).toMatchObject({ sequence: 2, importWh: 20, exportWh: 40, counter: "1" });
  const asked = await ledger.read(operator, "participants:ReadDeviceReplacement", { participant });
  expect(asked).toMatchObject({ state: "confirmed", askedBy: "household" });
  expect(ledger.events.map(({ name }) => name).slice(-3)).toEqual([
    "DeviceReplacementAsked",
    "DeviceReplaced",
    "EvidenceAccepted",
  ]);
});

test("the old key can do nothing more", async () => {
  const { ledger, h1 } = await replaced();
  ledger.at(slotAt(2));
  const evidence = h1.household.evidence(h1.meter, [energy]);
  await expect(send(ledger, h1.identity, evidence)).rejects.toHaveProperty("code", "access.device");
});

test("what the old device signed of the time before is still taken from the new one's hands, and nothing later", async () => {
  const { ledger, h1, next } = await measured();
  const backlog = h1.household.evidence(h1.meter, [energy]);
  const afterwards = h1.household.evidence(h1.meter, [energy]);
  ledger.at(slotAt(2));
  await ask(ledger, h1.identity, next);
  await confirm(ledger, operator, next);
  ledger.at(slotAt(4));
  expect(await send(ledger, next.identity, backlog)).toBe("done");
  await expect(send(ledger, next.identity, afterwards)).rejects.toHaveProperty(
    "code",
    "evidence.signature",
  );
});

test("where the old key is lost, operator and utility together do the same", async () => {
  const { ledger, h1, next } = await measured();
  expect(await ask(ledger, operator, next)).toBe("done");
  await expect(confirm(ledger, operator, next)).rejects.toHaveProperty(
    "code",
    "participants.replacement",
  );
  expect(await confirm(ledger, utilityClient, next)).toBe("done");
  ledger.at(slotAt(2));
  expect(await send(ledger, next.identity, next.evidence(h1, energy))).toBe("done");
});

test("a suspended household cannot ask, and is still suspended with its new device", async () => {
  const { ledger, h1, next } = await measured();
  const reason = "key-compromised";
  await ledger.submit(operator, "participants:SetStatus", {
    participant,
    status: "suspended",
    reason,
  });
  await expect(ask(ledger, h1.identity, next)).rejects.toHaveProperty("code", "access.suspended");
  await ask(ledger, operator, next);
  await confirm(ledger, utilityClient, next);
  ledger.at(slotAt(2));
  const evidence = next.evidence(h1, energy);
  await expect(send(ledger, next.identity, evidence)).rejects.toHaveProperty(
    "code",
    "access.suspended",
  );
  await ledger.submit(operator, "participants:SetStatus", {
    participant,
    status: "active",
    reason: "resumed",
  });
  expect(await send(ledger, next.identity, evidence)).toBe("done");
});

const otherUtility = identityOf("UtilityMSP", {
  role: "utility",
  microgrid,
  participant: "other-co",
});
const refused: readonly [string, string, (all: Measured) => Promise<unknown>][] = [
  [
    "access.role",
    "asked by another household",
    ({ ledger, next }) => ask(ledger, new TestResident("h2").identity, next),
  ],
  [
    "access.role",
    "confirmed by the household",
    async ({ ledger, h1, next }) => {
      await ask(ledger, h1.identity, next);
      return confirm(ledger, h1.identity, next);
    },
  ],
  [
    "participants.replacement",
    "confirmed by nobody's request",
    ({ ledger, next }) => confirm(ledger, operator, next),
  ],
  [
    "participants.replacement",
    "confirmed by the utility in the operator's place",
    async ({ ledger, h1, next }) => {
      await ask(ledger, h1.identity, next);
      return confirm(ledger, utilityClient, next);
    },
  ],
  [
    "access.unregistered",
    "confirmed by a utility that is not registered",
    async ({ ledger, next }) => {
      await ask(ledger, operator, next);
      return confirm(ledger, otherUtility, next);
    },
  ],
  [
    "participants.replacement",
    "confirmed with other keys than asked for",
    async ({ ledger, h1, next }) => {
      await ask(ledger, h1.identity, next);
      return confirm(ledger, operator, new ReplacedDevice(h1, "a third TPM"));
    },
  ],
  [
    "participants.taken",
    "another household's device",
    ({ ledger, h1 }) => {
      const taken = new ReplacedDevice(h1, "h2");
      return ask(ledger, h1.identity, taken);
    },
  ],
  [
    "evidence.certification",
    "keys that are not certified",
    ({ ledger, h1, next }) => {
      const signature = Buffer.from(testKey(crypto, "stranger").sign(Buffer.from("x"))).toString(
        "hex",
      );
      const device = { ...next.device, certification: { ...next.device.certification, signature } };
      return ledger.submit(h1.identity, "participants:AskDeviceReplacement", {
        participant,
        device,
      });
    },
  ],
  [
    "participants.unknown",
    "nobody's device",
    ({ ledger, next }) =>
      ledger.submit(operator, "participants:AskDeviceReplacement", {
        participant: "h9",
        device: next.device,
      }),
  ],
  [
    "access.role",
    "a bank's device",
    ({ ledger, next }) =>
      ledger.submit(operator, "participants:AskDeviceReplacement", {
        participant: bank.id,
        device: next.device,
      }),
  ],
];
test.each(refused)("%s: %s", async (code, _why, attempt) => {
  await expect(attempt(await measured())).rejects.toHaveProperty("code", code);
});

test("there is an end to replacing", async () => {
  const { ledger, h1 } = await measured();
  for (let count = 1; count <= 16; count++) {
    const next = new ReplacedDevice(h1, `TPM ${count}`);
    await ask(ledger, operator, next);
    await confirm(ledger, utilityClient, next);
  }
  const oneMore = ask(ledger, operator, new ReplacedDevice(h1, "TPM 17"));
  await expect(oneMore).rejects.toHaveProperty("code", "participants.replacement");
});
