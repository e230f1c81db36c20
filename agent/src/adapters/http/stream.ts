import type { ServerResponse } from "node:http";
import type { Overview } from "../../ports/overview.js";

const everyMs = 1_000;
const heartbeatMs = 15_000;
const mostClients = 16;
/** A client that lets this much pile up is gone or too slow; its browser comes back by itself. */
const mostUnsentBytes = 65_536;

/** Sends the overview to those who listen, when it changed and at most once a second; costs nothing without listeners. */
export class OverviewStream {
  readonly #overview: () => Overview;
  readonly #clients = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;
  #last = "";
  #sentMs = 0;

  constructor(overview: () => Overview) {
    this.#overview = overview;
  }

  get full(): boolean {
    return this.#clients.size >= mostClients;
  }

  /** Takes over a response whose head was sent. */
  add(client: ServerResponse): void {
    client.on("error", () => this.#remove(client));
    client.on("close", () => this.#remove(client));
    this.#clients.add(client);
    client.write(eventOf(this.#overview()));
    this.#timer ??= setInterval(() => this.#tick(), everyMs);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const client of this.#clients) client.end();
    this.#clients.clear();
  }

  #tick(): void {
    const overview = this.#overview();
    const { at: _, ...changing } = overview;
    const now = JSON.stringify(changing);
    const changed = now !== this.#last;
    if (!changed && Date.now() - this.#sentMs < heartbeatMs) return;
    this.#last = now;
    this.#sentMs = Date.now();
    const event = eventOf(overview);
    for (const client of this.#clients) {
      if (client.writableLength > mostUnsentBytes) client.destroy();
      else client.write(event);
    }
  }

  #remove(client: ServerResponse): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function eventOf(overview: Overview): string {
  return `event: overview\ndata: ${JSON.stringify(overview)}\n\n`;
}
