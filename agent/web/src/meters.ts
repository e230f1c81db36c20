import { signal } from "@preact/signals";
import type { MeterDecision, MeterReport } from "../../src/ports/meters.js";
import type { Overview } from "../../src/ports/overview.js";

export type { MeterDecision, MeterReport };

/** What the agent last said of its meters; null before the first. */
export const meterReport = signal<MeterReport | null>(null);

const atMostEveryMs = 5_000;
let askedMs = Number.NEGATIVE_INFINITY;
let known = "";

/** Asks again when the overview tells of something new, or while a decision is open; not more often than every 5 s. */
export function followMeters({ counts, health }: Overview): void {
  const news = `${counts.rejected} ${health.bus.code}`;
  const open = (meterReport.value?.pending.length ?? 0) > 0;
  if ((news === known && !open) || performance.now() - askedMs < atMostEveryMs) return;
  known = news;
  void refreshMeters();
}

export async function refreshMeters(): Promise<void> {
  askedMs = performance.now();
  try {
    const response = await fetch("/api/meters");
    if (response.ok) meterReport.value = (await response.json()) as MeterReport;
  } catch {
    // The stream tells that the agent is away.
  }
}

/** @returns whether the agent took it; if not, the page asks anew what there is to decide */
export async function decide(decision: MeterDecision): Promise<boolean> {
  let taken = false;
  try {
    const response = await fetch("/api/meters/decision", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(decision),
    });
    taken = response.ok;
  } catch {
    // As above.
  }
  await refreshMeters();
  return taken;
}
