import { giveCoins, operator } from "../neighbourhood.js";
import { type Case, exchange, fund, issue } from "./calls.js";

export const walletCases: Case[] = [
  ["participants.unknown", "coins for nobody", () => issue("nonce-0001", "nobody", "1")],
  ["wallets.account-kind", "coins issued to a resident", () => issue("nonce-0001", "h1", "1")],
  ["wallets.account-kind", "cash for a bank", () => fund("nonce-0001", "bank", "1")],
  ["wallets.account-kind", "an exchange among residents", () => exchange("h1", "h2", "1", "1000")],
  [
    "wallets.account-kind",
    "an exchange with a utility",
    () => exchange("bank", "grid-co", "1", "1000"),
  ],
  ["wallets.account-kind", "a bank with itself", () => exchange("bank", "bank", "1", "1000")],
  ["wallets.amount", "no coins", () => issue("nonce-0001", "bank", "0")],
  ["wallets.amount", "no cash", () => fund("nonce-0001", "h1", "0")],
  ["wallets.amount", "a rate of nothing", () => exchange("bank", "h1", "1", "0")],
  ["wallets.amount", "coins that are no whole nano-coin", () => exchange("bank", "h1", "7", "333")],
  [
    "wallets.insufficient",
    "coins the bank does not have",
    () => exchange("bank", "h1", "1000", "1000"),
  ],
  [
    "wallets.insufficient",
    "cash the resident does not have",
    async ({ ledger }) => {
      await ledger.submit(operator, "wallets:IssueCoins", {
        nonce: "nonce-0001",
        account: "bank",
        amountNano: "1000000",
      });
      return exchange("bank", "h1", "1000", "1000");
    },
  ],
  ...[issue("nonce-0001", "bank", "6"), issue("nonce-0001", "grid-co", "5")].map(
    (repeated): Case => [
      "wallets.nonce-reused",
      `another issue under the nonce: ${repeated.args.join(" ")}`,
      async ({ ledger }) => {
        await ledger.submit(operator, "wallets:IssueCoins", {
          nonce: "nonce-0001",
          account: "bank",
          amountNano: "5",
        });
        return repeated;
      },
    ],
  ),
  [
    "wallets.nonce-reused",
    "another exchange under the nonce",
    async ({ ledger }) => {
      await giveCoins(ledger, "h1", 1);
      return {
        ...exchange("h1", "bank", "1", "1000"),
        args: ["exchange-h1", "h1", "bank", "EUR", "1", "1000"],
      };
    },
  ],
];
