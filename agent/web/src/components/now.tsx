import { fill } from "../i18n/messages.js";
import type { Overview } from "../overview.js";
import type { Words } from "../words.js";

type Now = Overview["now"];

/** Below this the grid counts as balanced: meters flicker by a few watts around zero. */
const balancedW = 15;

function direction(gridPowerW: number): "exporting" | "importing" | "balanced" {
  if (gridPowerW < -balancedW) return "exporting";
  return gridPowerW > balancedW ? "importing" : "balanced";
}

export function NowCard({ now, at, messages, format }: Words & { now: Now; at: string }) {
  if (!now) {
    return (
      <section class="card now" aria-labelledby="now">
        <h2 id="now">{messages.now}</h2>
        <p>{messages.noReading}</p>
      </section>
    );
  }
  const way = direction(now.gridPowerW);
  const arrow = { exporting: "↑", importing: "↓", balanced: "=" }[way];
  const ageMs = Date.parse(at) - Date.parse(now.at);
  return (
    <section class={`card now ${way}${now.stale ? " stale" : ""}`} aria-labelledby="now">
      <h2 id="now">{messages.now}</h2>
      <p class="headline">
        <span class="arrow" aria-hidden="true">
          {arrow}
        </span>
        <strong>{format.power(Math.abs(now.gridPowerW))}</strong>
        <span class="direction">{messages[way]}</span>
      </p>
      {now.stale && (
        <p class="notice warning" role="alert">
          {fill(messages.lastReading, { time: format.time(now.at), ago: format.ago(ageMs) })}
        </p>
      )}
      <dl class="figures">
        {now.productionPowerW !== null && (
          <div>
            <dt>{messages.production}</dt>
            <dd>{format.power(now.productionPowerW)}</dd>
          </div>
        )}
        {now.consumptionPowerW !== null && (
          <div>
            <dt>{messages.consumption}</dt>
            <dd>{format.power(now.consumptionPowerW)}</dd>
          </div>
        )}
        {now.voltageV !== null && (
          <div>
            <dt>{messages.grid}</dt>
            <dd>{Math.round(now.voltageV)} V</dd>
          </div>
        )}
      </dl>
    </section>
  );
}
