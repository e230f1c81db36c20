import { HealthCard, worstState } from "./components/health.js";
import { DecisionCards, RejectedCard } from "./components/meters.js";
import { NowCard } from "./components/now.js";
import { TodayCard } from "./components/today.js";
import { TradesCard } from "./components/trades.js";
import { WalletsCard } from "./components/wallets.js";
import { WiringCard } from "./components/wiring.js";
import { fill } from "./i18n/messages.js";
import { connected, overview } from "./overview.js";
import type { Words } from "./words.js";

export function App(words: Words) {
  const { messages, format } = words;
  const data = overview.value;
  if (!data) {
    return (
      <main>
        <p class="notice" role="status">
          {messages.connecting}
        </p>
      </main>
    );
  }
  const worst = worstState(data.health);
  return (
    <>
      <header>
        <h1>PowerShare</h1>
        <span class="household">{data.participant}</span>
        <a class={`pill ${worst}`} href="#state">
          {worst === "ok" ? messages.allWell : messages.needsCare}
        </a>
      </header>
      {!connected.value && (
        <p class="banner notice warning" role="alert">
          {fill(messages.offline, { time: format.time(data.at) })}
        </p>
      )}
      <main>
        <DecisionCards {...words} />
        <NowCard now={data.now} at={data.at} {...words} />
        <WalletsCard wallet={data.wallet} {...words} />
        <WiringCard wiring={data.wiring} {...words} />
        <TodayCard today={data.today} {...words} />
        <TradesCard trades={data.trades} held={data.wiring.held} {...words} />
        <RejectedCard {...words} />
        <HealthCard health={data.health} counts={data.counts} {...words} />
      </main>
    </>
  );
}
