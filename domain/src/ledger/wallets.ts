import type { WalletChange } from "./events.js";
import type { Wallet } from "./records.js";

/** A wallet with nothing in it. */
export function emptyWallet(participant: string): Wallet {
  return {
    participant,
    coinsNano: "0",
    escrowNano: "0",
    heldNano: "0",
    cashMicro: {},
    energyWh: "0",
    owedNano: {},
  };
}

/** The wallet after a change. Zero entries of cash and debts are left out. Does not judge signs. */
export function applyChange(wallet: Wallet, change: WalletChange): Wallet {
  return {
    participant: wallet.participant,
    coinsNano: add(wallet.coinsNano, change.coinsNano),
    escrowNano: add(wallet.escrowNano, change.escrowNano),
    heldNano: add(wallet.heldNano, change.heldNano),
    cashMicro: addAll(wallet.cashMicro, change.cashMicro),
    energyWh: add(wallet.energyWh, change.energyWh),
    owedNano: addAll(wallet.owedNano, change.owedNano),
  };
}

/** Sum of all debts of a wallet, nano-coin. */
export function totalOwedNano(wallet: Wallet): bigint {
  return Object.values(wallet.owedNano).reduce((sum, debt) => sum + BigInt(debt), 0n);
}

function add(value: string, change: string | undefined): string {
  return change === undefined ? value : (BigInt(value) + BigInt(change)).toString();
}

function addAll(
  values: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  const sums = { ...values };
  for (const [key, change] of Object.entries(changes ?? {}))
    sums[key] = add(sums[key] ?? "0", change);
  return Object.fromEntries(
    Object.entries(sums)
      .filter(([, value]) => value !== "0")
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
