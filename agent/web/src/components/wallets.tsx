import { fill } from "../i18n/messages.js";
import type { Overview } from "../overview.js";
import type { Words } from "../words.js";

type Wallet = NonNullable<Overview["wallet"]>;

export function WalletsCard({ wallet, ...words }: Words & { wallet: Wallet | null }) {
  const { messages, format } = words;
  if (!wallet) {
    return (
      <section class="card" aria-labelledby="wallets">
        <h2 id="wallets">{messages.wallets}</h2>
        <p>{messages.noWallet}</p>
      </section>
    );
  }
  const cash = Object.entries(wallet.cashMicro);
  return (
    <section class="card" aria-labelledby="wallets">
      <h2 id="wallets">{messages.wallets}</h2>
      <div class="wallets">
        <div>
          <h3>{messages.coins}</h3>
          <p class="balance">{format.coins(wallet.coinsNano)}</p>
          {wallet.escrowNano !== "0" && (
            <p class="remark">
              {fill(messages.setAside, { amount: format.coins(wallet.escrowNano) })}
            </p>
          )}
          {wallet.owedNano !== "0" && (
            <p class="remark">{fill(messages.owed, { amount: format.coins(wallet.owedNano) })}</p>
          )}
        </div>
        <div>
          <h3>{messages.cash}</h3>
          {cash.length === 0 && <p class="balance">{messages.noCash}</p>}
          {cash.map(([currency, micro]) => (
            <p class="balance" key={currency}>
              {format.cash(currency, micro)}
            </p>
          ))}
        </div>
      </div>
      <p class="remark">{fill(messages.walletAsOf, { time: format.time(wallet.at) })}</p>
    </section>
  );
}
