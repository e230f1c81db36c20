import { signal } from "@preact/signals";
import type { Overview } from "../../src/ports/overview.js";
import type { WiringReportBody } from "../../src/ports/wiring.js";

export type WiringOverview = Overview["wiring"];
export type SignTest = NonNullable<WiringReportBody["signTest"]>;

/** The sign test, phase by phase; null before one was started. */
export const signTest = signal<SignTest | null>(null);

const atMostEveryMs = 2_000;
let askedMs = Number.NEGATIVE_INFINITY;

/** Asks for its state as long as it runs, and once more when it has ended. */
export function followWiring({ wiring }: Overview): void {
  const isKnown = (signTest.value?.state ?? null) === wiring.signTest;
  if (isKnown && wiring.signTest !== "waiting") return;
  if (performance.now() - askedMs < atMostEveryMs) return;
  askedMs = performance.now();
  void refresh();
}

async function refresh(): Promise<void> {
  try {
    const response = await fetch("/api/wiring");
    if (response.ok) signTest.value = ((await response.json()) as WiringReportBody).signTest;
  } catch {
    // The stream tells that the agent is away.
  }
}

/** @returns whether the agent took it */
export async function startSignTest(): Promise<boolean> {
  try {
    const response = await fetch("/api/wiring/sign-test", { method: "POST" });
    if (response.ok) signTest.value = (await response.json()) as SignTest;
    return response.ok;
  } catch {
    return false;
  }
}
