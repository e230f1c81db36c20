import { signal } from "@preact/signals";
import type { Overview } from "../../src/ports/overview.js";
import { followMeters } from "./meters.js";
import { followWiring } from "./wiring.js";

export type { Overview };
export type Part = Overview["health"]["bus"];

/** Newest overview the agent has sent; null before the first. */
export const overview = signal<Overview | null>(null);
/** False while the agent cannot be reached: then nothing on the page is the present. */
export const connected = signal(false);

/** Follows the agent's stream; the browser's EventSource reconnects by itself. */
export function followAgent(): void {
  const source = new EventSource("/api/stream");
  source.addEventListener("overview", (event) => {
    const told = JSON.parse(event.data as string) as Overview;
    overview.value = told;
    connected.value = true;
    followMeters(told);
    followWiring(told);
  });
  source.addEventListener("error", () => {
    connected.value = false;
  });
}
