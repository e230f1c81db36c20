import { fill } from "../i18n/messages.js";
import type { Overview, Part } from "../overview.js";
import type { Words } from "../words.js";

type Health = Overview["health"];

const order = ["ok", "starting", "degraded", "failed"] as const;
const marks = { ok: "✓", starting: "…", degraded: "!", failed: "✕" } as const;
const parts = ["bus", "tpm", "store", "ledger", "clock"] as const;

export function worstState(health: Health): Part["state"] {
  return order[Math.max(...parts.map((part) => order.indexOf(health[part].state)))] ?? "failed";
}

function remarks(
  health: Health,
  part: (typeof parts)[number],
  { messages, format }: Words,
): string[] {
  const { store, ledger } = health;
  if (part === "store" && store.unsentPackages > 0 && store.oldestUnsentAt) {
    const count = String(store.unsentPackages);
    return [fill(messages.unsent, { count, time: format.time(store.oldestUnsentAt) })];
  }
  if (part === "ledger" && ledger.height !== null) {
    return [fill(messages.height, { height: String(ledger.height) })];
  }
  if (part === "clock" && health.clock.lastStep) {
    const { at, byMs } = health.clock.lastStep;
    const seconds = String(Math.round(byMs / 1000));
    return [fill(messages.clockStep, { seconds, time: format.time(at) })];
  }
  return [];
}

export function HealthCard({
  health,
  counts,
  ...words
}: Words & { health: Health; counts: Overview["counts"] }) {
  const { messages, format } = words;
  return (
    <section class="card" id="state" aria-labelledby="state-title">
      <h2 id="state-title">{messages.state}</h2>
      <ul class="parts">
        {parts.map((name) => {
          const part = health[name];
          return (
            <li key={name} class={part.state}>
              <span class="mark" aria-hidden="true">
                {marks[part.state]}
              </span>
              <span class="name">{messages[name]}</span>
              <span class="state">{messages[part.state]}</span>
              <p class="remark">{fill(messages.since, { time: format.time(part.since) })}</p>
              {part.message && <p class="trouble">{part.message}</p>}
              {part.remedy && (
                <p class="remark">
                  {part.remedy} {part.code && <code>{part.code}</code>}
                </p>
              )}
              {remarks(health, name, words).map((remark) => (
                <p class="remark" key={remark}>
                  {remark}
                </p>
              ))}
            </li>
          );
        })}
      </ul>
      <p class="remark">
        {fill(messages.counts, {
          readings: String(counts.readings),
          checkpoints: String(counts.checkpoints),
          committed: String(counts.evidenceCommitted),
        })}
      </p>
      {counts.rejected > 0 && (
        <p class="remark">{fill(messages.rejected, { count: String(counts.rejected) })}</p>
      )}
    </section>
  );
}
