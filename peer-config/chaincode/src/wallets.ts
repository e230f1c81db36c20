import { CodedError } from "@powershare/domain/errors";
import { canonicalJson } from "@powershare/domain/evidence";
import {
  acceptedEvidence,
  decimal,
  heldSale,
  type Participant,
  type TransactionArgs,
  type Wallet,
  type WalletChange,
  walletChange,
} from "@powershare/domain/ledger";
import { z } from "zod";
import { already, type Call, done, type Handler } from "./call.js";
import { keys } from "./keys.js";
import { allParticipants, requireParticipant } from "./participants.js";
import { paidNano } from "./release.js";
import type { State, Stored } from "./state.js";
import { foldEntries, WalletBook } from "./wallet-book.js";

const issuedTotal = z.object({ amountNano: decimal });
/** Totals of energy since the first block. */
export const energyTotals = z.object({ mintedWh: decimal, retiredWh: decimal });
const noEnergy = { mintedWh: "0", retiredWh: "0" } as const;
const entry = z.object({ args: z.record(z.string(), z.string()), transaction: z.string() });

export const issueCoins: Handler<"wallets:IssueCoins"> = async (call, args) => {
  if (await isEntered(call, "IssueCoins", args)) return already;
  const amount = requireAmount(args.amountNano);
  await requireKind(call.state, args.account, ["bank", "utility"]);
  // One key for the total and not entries: it carries the policy by which operator and utility must both
  // endorse, and only a key that exists can. Issues are rare enough to wait for each other.
  const issuedNano = BigInt(await readIssued(call.state));
  await call.state.put(keys.issued, { amountNano: (issuedNano + amount).toString() });
  const book = new WalletBook(call.state, call.transactionId);
  book.add(args.account, { coinsNano: amount });
  await enter(call, "IssueCoins", args);
  const changes = await book.flush({ coinsNano: amount });
  return done({ name: "CoinsIssued", payload: { ...args, at: call.at, changes } });
};

export const cashFundingResident: Handler<"wallets:CashFundingResident"> = async (call, args) => {
  if (await isEntered(call, "CashFundingResident", args)) return already;
  const amount = requireAmount(args.amountMicro);
  await requireKind(call.state, args.resident, ["resident"]);
  const book = new WalletBook(call.state, call.transactionId);
  book.addCash(args.resident, args.currency, amount);
  await enter(call, "CashFundingResident", args);
  const changes = await book.flush({ cashMicro: { [args.currency]: amount } });
  return done({ name: "CashFunded", payload: { ...args, at: call.at, changes } });
};

export const cashToCoins: Handler<"wallets:CashToCoins"> = async (call, args) => {
  if (await isEntered(call, "CashToCoins", args)) return already;
  const { seller, buyer, currency } = args;
  const cash = requireAmount(args.cashMicro);
  const amount = coinsFor(cash, requireAmount(args.rateMicro));
  const sellerKind = await requireKind(call.state, seller, ["bank", "resident"]);
  const buyerKind = await requireKind(call.state, buyer, ["bank", "resident"]);
  if (sellerKind === buyerKind) {
    throw new CodedError("wallets.account-kind", "one side of the exchange must be a bank");
  }
  const book = new WalletBook(call.state, call.transactionId);
  await book.fold(seller);
  await book.fold(buyer);
  requireFunds(book.balance(seller).coinsNano, amount, `${seller} coins in nano-coin`);
  requireFunds(book.balance(buyer).cashMicro[currency] ?? "0", cash, `${buyer} micro-${currency}`);
  book.add(seller, { coinsNano: -amount });
  book.add(buyer, { coinsNano: amount });
  book.addCash(buyer, currency, -cash);
  book.addCash(seller, currency, cash);
  book.payDebts();
  await enter(call, "CashToCoins", args);
  const changes = await book.flush({});
  return done({
    name: "CashToCoins",
    payload: { ...args, at: call.at, amountNano: amount.toString(), changes },
  });
};

export const readWallet: Handler<"wallets:ReadWallet"> = async (call, { participant }) => {
  await requireParticipant(call.state, participant);
  const entries = await call.state.scan("wallet", [participant], walletChange);
  return { returns: foldEntries(participant, entries) };
};

export const listWallets: Handler<"wallets:ListWallets"> = async (call) => ({
  returns: await allWallets(call.state),
});

export const audit: Handler<"wallets:Audit"> = async ({ state }) => {
  const wallets = await allWallets(state);
  const issuedNano = await readIssued(state);
  const energy = (await state.get(keys.energy, energyTotals)) ?? noEnergy;
  const pending = (await state.scan("pending", [], acceptedEvidence)).map(({ value }) => value);
  const held = await state.scan("held", [], heldSale);
  return {
    returns: {
      coinsNano: (
        sum(
          wallets,
          ({ coinsNano, escrowNano, heldNano }) =>
            BigInt(coinsNano) + BigInt(escrowNano) + BigInt(heldNano),
        ) - BigInt(issuedNano)
      ).toString(),
      heldNano: (
        sum(wallets, ({ heldNano }) => BigInt(heldNano)) - sum(held, ({ value }) => paidNano(value))
      ).toString(),
      cashMicro: await cashLeftOver(state, wallets),
      energyWh: (
        sum(wallets, ({ energyWh }) => BigInt(energyWh)) -
        (BigInt(energy.mintedWh) - BigInt(energy.retiredWh))
      ).toString(),
      issuedNano,
      ...energy,
      unsettled: {
        intervals: pending.length,
        importWh: sum(pending, ({ importWh }) => BigInt(importWh)).toString(),
        exportWh: sum(pending, ({ exportWh }) => BigInt(exportWh)).toString(),
      },
    },
  };
};

/** Adds to the totals of energy; read and written by each settlement that moves any, which the wallets put in a row anyway. */
export async function addEnergyTotals(
  state: State,
  mintedWh: bigint,
  retiredWh: bigint,
): Promise<void> {
  if (mintedWh === 0n && retiredWh === 0n) return;
  const before = (await state.get(keys.energy, energyTotals)) ?? noEnergy;
  await state.put(keys.energy, {
    mintedWh: (BigInt(before.mintedWh) + mintedWh).toString(),
    retiredWh: (BigInt(before.retiredWh) + retiredWh).toString(),
  });
}

/** Total of issued coins. @throws CodedError ledger.settings-missing where the first settings did not make it */
async function readIssued(state: State): Promise<string> {
  const issued = await state.get(keys.issued, issuedTotal);
  if (issued !== undefined) return issued.amountNano;
  throw new CodedError("ledger.settings-missing", "there is no total of issued coins yet");
}

type NonceArgs = TransactionArgs<
  "wallets:IssueCoins" | "wallets:CashFundingResident" | "wallets:CashToCoins"
>;

/** @throws CodedError wallets.nonce-reused where the nonce stands for something else */
async function isEntered({ state }: Call, transaction: string, args: NonceArgs): Promise<boolean> {
  const before = await state.get(keys.entry(transaction, args.nonce), entry);
  if (before === undefined) return false;
  if (canonicalJson(before.args) === canonicalJson(args)) return true;
  throw new CodedError(
    "wallets.nonce-reused",
    `nonce ${args.nonce} stands for another ${transaction}, made by ${before.transaction}`,
  );
}

async function enter(call: Call, transaction: string, args: NonceArgs): Promise<void> {
  await call.state.put(keys.entry(transaction, args.nonce), {
    args,
    transaction: call.transactionId,
  });
}

async function requireKind(
  state: State,
  id: string,
  kinds: readonly Participant["kind"][],
): Promise<Participant["kind"]> {
  const { kind } = await requireParticipant(state, id);
  if (!kinds.includes(kind)) {
    throw new CodedError("wallets.account-kind", `${id} is a ${kind}, not a ${kinds.join(" or ")}`);
  }
  return kind;
}

/** A million times this still is a number that the ledger's records hold. */
const mostAmount = 10n ** 24n;

/** @throws CodedError wallets.amount */
export function requireAmount(text: string): bigint {
  const amount = BigInt(text);
  if (amount > 0n && amount <= mostAmount) return amount;
  throw new CodedError("wallets.amount", `${text} is not from 1 to ${mostAmount}`);
}

/** Micro-units of cash times micro-coin per unit are pico-coin; they must come out in nano-coin. */
function coinsFor(cashMicro: bigint, rateMicro: bigint): bigint {
  const pico = cashMicro * rateMicro;
  if (pico % 1000n === 0n) return pico / 1000n;
  throw new CodedError("wallets.amount", `${cashMicro} at rate ${rateMicro} is no whole nano-coin`);
}

function requireFunds(balance: string, amount: bigint, what: string): void {
  if (BigInt(balance) >= amount) return;
  throw new CodedError("wallets.insufficient", `${what}: ${balance}, needed are ${amount}`);
}

/** Wallets of all participants, by id, empty ones included. */
async function allWallets(state: State): Promise<Wallet[]> {
  const entries = new Map<string, Stored<WalletChange>[]>();
  for (const entry of await state.scan("wallet", [], walletChange)) {
    const { participant } = entry.value;
    const own = entries.get(participant);
    if (own === undefined) entries.set(participant, [entry]);
    else own.push(entry);
  }
  return (await allParticipants(state)).map(({ id }) => foldEntries(id, entries.get(id) ?? []));
}

/** Per currency, what wallets hold beyond what the entries of funding add up to. */
async function cashLeftOver(
  state: State,
  wallets: readonly Wallet[],
): Promise<Record<string, string>> {
  const left = new Map<string, bigint>();
  const add = (currency: string, amount: bigint) =>
    left.set(currency, (left.get(currency) ?? 0n) + amount);
  for (const { cashMicro } of wallets) {
    for (const [currency, amount] of Object.entries(cashMicro)) add(currency, BigInt(amount));
  }
  for (const { value } of await state.scan("entry", ["CashFundingResident"], entry)) {
    add(value.args["currency"] ?? "", -BigInt(value.args["amountMicro"] ?? "0"));
  }
  return Object.fromEntries(
    [...left].sort(([a], [b]) => (a < b ? -1 : 1)).map(([currency, sum]) => [currency, `${sum}`]),
  );
}

function sum<T>(items: readonly T[], amount: (item: T) => bigint): bigint {
  return items.reduce((total, item) => total + amount(item), 0n);
}
