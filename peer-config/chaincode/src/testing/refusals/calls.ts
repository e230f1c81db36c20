import type { TestIdentity } from "../ledger-stub.js";
import { firstSlot, operator, sell, type TestResident } from "../neighbourhood.js";
import type { CallOptions, TestLedger } from "../test-ledger.js";

/** A call that must be refused. */
export interface Call extends CallOptions {
  readonly by: TestIdentity;
  readonly name: string;
  readonly args: readonly string[];
}
export interface World {
  readonly ledger: TestLedger;
  readonly h1: TestResident;
  readonly h2: TestResident;
}
export type Case = readonly [
  code: string,
  why: string,
  call: (world: World) => Call | Promise<Call>,
];

export const json = JSON.stringify;
export const order = json(sell(100, 80_000));
export const place = (by: TestIdentity, slot = firstSlot, text = order): Call => ({
  by,
  name: "market:PlaceOrder",
  args: [slot, text],
});
export const register = (registration: object): Call => ({
  by: operator,
  name: "participants:RegisterParticipant",
  args: [json(registration)],
});
export const evidence = (by: TestResident, value: object): Call => ({
  by: by.identity,
  name: "metering:SubmitEvidence",
  args: [json(value)],
});
export const onSlot = (name: string, by: TestIdentity, slot = firstSlot): Call => ({
  by,
  name,
  args: [slot],
});
export const issue = (nonce: string, account: string, amount: string): Call => ({
  by: operator,
  name: "wallets:IssueCoins",
  args: [nonce, account, amount],
});
export const fund = (nonce: string, resident: string, amount: string): Call => ({
  by: operator,
  name: "wallets:CashFundingResident",
  args: [nonce, resident, "EUR", amount],
});
export const exchange = (seller: string, buyer: string, cash: string, rate: string): Call => ({
  by: operator,
  name: "wallets:CashToCoins",
  args: ["nonce-exchange", seller, buyer, "EUR", cash, rate],
});
export const energy = { importWh: 0, exportWh: 10 };
