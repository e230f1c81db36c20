import { fill } from "../i18n/messages.js";
import type { Overview } from "../overview.js";
import type { Words } from "../words.js";

type Trade = Overview["trades"][number];
type HeldSales = Overview["wiring"]["held"];

/** A sale may be settled, and its coins wait all the same, or have gone back. */
function stateOf({ direction, slot, state }: Trade, held: HeldSales) {
  const sale = direction === "sold" ? held.find((one) => one.slot === slot) : undefined;
  if (sale === undefined || sale.outcome === "proven") return state;
  return sale.outcome === null ? "saleWaits" : "saleReturned";
}

function TradeRow({ trade, held, messages, format }: Words & { trade: Trade; held: HeldSales }) {
  const sentence = fill(messages[trade.direction], {
    energy: format.energy(trade.energyWh),
    partner: trade.partner,
  });
  const sign = trade.direction === "sold" ? "+" : "−";
  const details = [
    format.time(trade.slot),
    fill(messages.pricePerKwh, { price: format.price(trade.priceMicroPerKwh) }),
    ...(trade.kind === "surplus" ? [messages.kindSurplus] : []),
    messages[stateOf(trade, held)],
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

interface Trades extends Words {
  readonly trades: readonly Trade[];
  readonly held: HeldSales;
}

function TradeList({ trades, ...shared }: Trades) {
  return (
    <ul class="trades">
      {trades.map((trade) => (
        <TradeRow
          key={`${trade.slot} ${trade.direction} ${trade.partner} ${trade.kind}`}
          trade={trade}
          {...shared}
        />
      ))}
    </ul>
  );
}

export function TradesCard({ trades, ...shared }: Trades) {
  const { messages } = shared;
  const older = trades.slice(shownAtOnce);
  return (
    <section class="card" aria-labelledby="trades">
      <h2 id="trades">{messages.trades}</h2>
      {trades.length === 0 && <p>{messages.noTrades}</p>}
      <TradeList trades={trades.slice(0, shownAtOnce)} {...shared} />
      {older.length > 0 && (
        <details>
          <summary>{fill(messages.olderTrades, { count: String(older.length) })}</summary>
          <TradeList trades={older} {...shared} />
        </details>
      )}
    </section>
  );
}
