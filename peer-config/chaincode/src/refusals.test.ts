import { commonErrors, transactions } from "@powershare/domain/ledger";
import { expect, test } from "vitest";
import { bank, neighbourhood, operator, TestResident } from "./testing/neighbourhood.js";
import { accessCases } from "./testing/refusals/access.js";
import { onSlot, register } from "./testing/refusals/calls.js";
import { marketCases } from "./testing/refusals/market.js";
import { meteringCases } from "./testing/refusals/metering.js";
import { participantCases } from "./testing/refusals/participants.js";
import { ruleCases } from "./testing/refusals/rules.js";
import { walletCases } from "./testing/refusals/wallets.js";
import { wiringCases } from "./testing/refusals/wiring.js";
import { Refusal, TestLedger } from "./testing/test-ledger.js";

const cases = [
  ...accessCases,
  ...ruleCases,
  ...participantCases,
  ...walletCases,
  ...meteringCases,
  ...marketCases,
  ...wiringCases,
];

test.each(cases)("%s: %s", async (code, _why, arrange) => {
  const h1 = new TestResident("h1");
  const h2 = new TestResident("h2");
  const ledger = await neighbourhood([h1, h2]);
  const call = await arrange({ ledger, h1, h2 });
  const refused = ledger.endorse(call.by, call.name, call.args, call);
  await expect(refused).rejects.toBeInstanceOf(Refusal);
  await expect(refused).rejects.toHaveProperty("code", code);
});

test("before the rules are set nothing else can be done", async () => {
  const ledger = new TestLedger("2026-06-01T11:50:00Z");
  for (const { name, args } of [
    register(bank),
    { name: "participants:ReadSettings", args: [] },
    onSlot("market:Seal", operator),
  ]) {
    await expect(ledger.endorse(operator, name, args)).rejects.toHaveProperty(
      "code",
      "ledger.settings-missing",
    );
  }
});

test("what is not in the table of transactions cannot be called", async () => {
  const ledger = await neighbourhood([]);
  for (const name of [
    "participants:run",
    "wallets:constructor",
    "market:getName",
    "nothing:Seal",
  ]) {
    await expect(ledger.endorse(operator, name, [])).rejects.toBeInstanceOf(Refusal);
  }
});

test("every refusal that the reference promises stands in a case above", () => {
  const promised = new Set<string>([
    ...commonErrors,
    ...Object.values(transactions).flatMap(({ errors }) => errors),
  ]);
  const shown = new Set<string>(cases.map(([code]) => code));
  // Shown by their own tests: the package's inner rules in domain/evidence, the two of a chaincode in trouble here.
  const elsewhere = new Set(["ledger.conservation", "ledger.settings-missing", "ledger.stopping"]);
  const inDomain = (code: string) => code.startsWith("evidence.");
  expect(
    [...promised].filter((code) => !shown.has(code) && !elsewhere.has(code) && !inDomain(code)),
  ).toEqual([]);
  expect([...shown].filter((code) => !promised.has(code))).toEqual([]);
});
