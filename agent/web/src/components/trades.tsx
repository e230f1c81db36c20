import { fill } from "../i18n/messages.js";
import type { Overview } from "../overview.js";
import type { Words } from "../words.js";

type Trade = Overview["trades"][number];

function TradeRow({ trade, messages, format }: Words & { trade: Trade }) {
  const sentence = fill(messages[trade.direction], {
    energy: format.energy(trade.energyWh),
    partner: trade.partner,
  });
  const sign = trade.direction === "sold" ? "+" : "−";
  const details = [
    format.time(trade.slot),
    fill(messages.pricePerKwh, { price: format.price(trade.priceMicroPerKwh) }),
    ...(trade.kind === "surplus" ? [messages.kindSurplus] : []),
    messages[trade.state],
  ];
  return (
    <li class={trade.direction}>
      <span class="what">{sentence}</span>
      <span class="amount">
        {sign}
        {format.amount(trade.amountNano)}
      </span>
      <span class="details">{details.join(" · ")}</span>
    </li>
  );
}

/** As many as a glance takes in; the rest is one tap away. */
const shownAtOnce = 6;

function TradeList({ trades, ...words }: Words & { trades: readonly Trade[] }) {
  return (
    <ul class="trades">
      {trades.map((trade) => (
        <TradeRow
          key={`${trade.slot} ${trade.direction} ${trade.partner} ${trade.kind}`}
          trade={trade}
          {...words}
        />
      ))}
    </ul>
  );
}

export function TradesCard({ trades, ...words }: Words & { trades: readonly Trade[] }) {
  const { messages } = words;
  const older = trades.slice(shownAtOnce);
  return (
    <section class="card" aria-labelledby="trades">
      <h2 id="trades">{messages.trades}</h2>
      {trades.length === 0 && <p>{messages.noTrades}</p>}
      <TradeList trades={trades.slice(0, shownAtOnce)} {...words} />
      {older.length > 0 && (
        <details>
          <summary>{fill(messages.olderTrades, { count: String(older.length) })}</summary>
          <TradeList trades={older} {...words} />
        </details>
      )}
    </section>
  );
}
