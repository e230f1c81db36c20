import type { LedgerEvent } from "@powershare/domain/ledger";
import { formatCoins } from "@powershare/domain/money";
import { z } from "zod";

const nano = z.string().regex(/^(0|[1-9]\d*)$/);
const seconds = z.number().min(0);

/** What became of a household that exchanged its meters' cables; all of it read from the ledger's events. */
export const cheatSummary = z.strictObject({
  household: z.string(),
  at: z.iso.datetime().describe("When the cables had changed places"),
  foundAt: z.iso.datetime().describe("When a judge first held the placement for it"),
  rule: z.string().describe("Which found it"),
  fault: z.string(),
  confirmedBy: z.array(z.string()).describe("Rules that stood against it in the end"),
  heldNano: nano.describe("Coins for its sales since then that went into escrow"),
  returnedNano: nano.describe("Of those, what its neighbours and the utility got back"),
  paidNano: nano.describe("Of its sales since then, what it was paid"),
  seconds: z
    .strictObject({ toFound: seconds, toHeld: seconds, toReturned: seconds })
    .describe("Since the cables had changed places"),
  playedHours: z.strictObject({ toFound: z.number(), toReturned: z.number() }),
});
export type CheatSummary = z.infer<typeof cheatSummary>;

interface Finding {
  readonly atMs: number;
  readonly rules: readonly string[];
  readonly fault: string;
}

/** Books what the ledger does about one household's sales since its cables changed places. */
export class CheatBook {
  readonly #household: string;
  readonly #offMs: number;
  readonly #swappedMs: number;
  readonly #speed: number;
  readonly #tell: (news: string) => void;
  readonly #held = new Map<string, bigint>();
  readonly #told = new Set<string>();
  #found: Finding | undefined;
  #rules: readonly string[] = [];
  #firstHeldMs: number | undefined;
  #returnedMs: number | undefined;
  #returned = 0n;
  #paid = 0n;
  #resolve: () => void = () => {};
  /** When all that was held went back. */
  readonly resolved = new Promise<void>((resolve) => {
    this.#resolve = resolve;
  });

  /**
   * @param offMs when the cables were taken off: slots that begin later are looked at
   * @param speed of the played sun
   */
  constructor(options: {
    household: string;
    offMs: number;
    swappedMs: number;
    speed: number;
    tell: (news: string) => void;
  }) {
    this.#household = options.household;
    this.#offMs = options.offMs;
    this.#swappedMs = options.swappedMs;
    this.#speed = options.speed;
    this.#tell = options.tell;
  }

  take(event: LedgerEvent): void {
    const { name, payload } = event;
    const atMs = Date.parse(payload.at);
    if (name === "SlotSettled") this.#settled(payload, atMs);
    else if (name === "HeldResolved" && payload.participant === this.#household) {
      this.#resolvedSales(payload, atMs);
    } else if (name === "PlacementJudged" && payload.participant === this.#household) {
      this.#judged("the aggregator", payload.judgement, payload.state, atMs);
    } else if (name === "WiringReported" && payload.participant === this.#household) {
      this.#judged("its own agent", payload.report, payload.state, atMs);
    }
  }

  /** Undefined while it is not resolved. */
  summary(): CheatSummary | undefined {
    const [found, returnedMs, heldMs] = [this.#found, this.#returnedMs, this.#firstHeldMs];
    if (found === undefined || returnedMs === undefined || heldMs === undefined) return undefined;
    return {
      household: this.#household,
      at: new Date(this.#swappedMs).toISOString(),
      foundAt: new Date(found.atMs).toISOString(),
      rule: found.rules[0] ?? "none",
      fault: found.fault,
      confirmedBy: [...this.#rules],
      heldNano: this.#heldNano.toString(),
      returnedNano: this.#returned.toString(),
      paidNano: this.#paid.toString(),
      seconds: {
        toFound: this.#since(found.atMs),
        toHeld: this.#since(heldMs),
        toReturned: this.#since(returnedMs),
      },
      playedHours: { toFound: this.#played(found.atMs), toReturned: this.#played(returnedMs) },
    };
  }

  #settled(payload: Extract<LedgerEvent, { name: "SlotSettled" }>["payload"], atMs: number): void {
    const { slot, trades, held = [] } = payload;
    if (Date.parse(slot) < this.#offMs) return;
    const sale = held.find(({ participant }) => participant === this.#household);
    if (sale !== undefined) {
      const amount = sale.payments.reduce((sum, { paidNano }) => sum + BigInt(paidNano), 0n);
      this.#held.set(slot, amount);
      if (this.#firstHeldMs === undefined) this.#tell(`its first sale is held${this.#ago(atMs)}`);
      this.#firstHeldMs ??= atMs;
      return;
    }
    for (const { seller, amountNano } of trades) {
      if (seller === this.#household) this.#paid += BigInt(amountNano);
    }
  }

  #judged(
    who: string,
    said: {
      readonly verdict: string;
      readonly fault: string;
      readonly rules: readonly { id: string }[];
    },
    state: string,
    atMs: number,
  ): void {
    if (atMs < this.#swappedMs || (said.verdict !== "held" && said.verdict !== "manipulated"))
      return;
    const rules = said.rules.map(({ id }) => id);
    this.#found ??= { atMs, rules, fault: said.fault };
    this.#rules = [...new Set([...this.#rules, ...rules])];
    const news = `${who} finds ${said.fault} cables by ${rules.join(" and ")}`;
    // Each meter has a placement of its own, and both are judged alike.
    if (this.#told.has(`${news} ${state}`)) return;
    this.#told.add(`${news} ${state}`);
    this.#tell(`${news}${this.#ago(atMs)}: the placement is ${state}`);
  }

  #resolvedSales(
    { sales }: Extract<LedgerEvent, { name: "HeldResolved" }>["payload"],
    atMs: number,
  ): void {
    for (const { slot, outcome } of sales) {
      const amount = this.#held.get(slot);
      if (amount === undefined) continue;
      if (outcome === "proven") this.#paid += amount;
      else this.#returned += amount;
    }
    if (this.#returned === 0n || this.#returned + this.#paid < this.#heldNano) return;
    if (this.#returnedMs === undefined) {
      const coins = formatCoins(this.#returned);
      this.#tell(`all ${coins} coins held went back to who had paid them${this.#ago(atMs)}`);
    }
    this.#returnedMs ??= atMs;
    this.#resolve();
  }

  get #heldNano(): bigint {
    return [...this.#held.values()].reduce((sum, amount) => sum + amount, 0n);
  }

  #ago(atMs: number): string {
    return `, ${this.#since(atMs).toFixed(0)} s (${this.#played(atMs).toFixed(1)} played hours) after the swap`;
  }

  #since(atMs: number): number {
    return Math.max(0, Math.round((atMs - this.#swappedMs) / 100) / 10);
  }

  #played(atMs: number): number {
    return Math.round((this.#since(atMs) * this.#speed) / 360) / 10;
  }
}
