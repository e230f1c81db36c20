import { createHash } from "node:crypto";
import { codeOf } from "@powershare/domain/errors";
import type { Clock } from "../ports/clock.js";
import type { Ledger } from "../ports/ledger.js";
import type { LedgerStore } from "../ports/store.js";
import { type Loop, startLoop } from "./loop.js";
import type { Market, MarketView } from "./market-view.js";
import { slotName } from "./slots.js";
import { type Health, reasonOf } from "./watch-health.js";

/** Time for the agent before in rank to have its transaction committed and told to all. */
const staggerMs = 1_000;
const checkEveryMs = 500;
const retryAfterMs = 5_000;
const refusedWaitMs = 10_000;
const mostSettledPerRun = 50;

export interface DriveSlotsOptions {
  readonly store: LedgerStore;
  readonly ledger: Ledger;
  readonly market: MarketView;
  readonly clock: Clock;
  readonly health: Health;
  readonly participant: string;
}

/**
 * Moves slots on: seal, clear, settle. Any household may, and one is enough, so each waits its turn
 * and looks first whether it was done; the order of turns differs from slot to slot. Doing it twice
 * has no effect.
 */
export function driveSlots(options: DriveSlotsOptions): Loop {
  const driver = new SlotDriver(options);
  return startLoop(options.clock, () => driver.run());
}

class SlotDriver {
  readonly #options: DriveSlotsOptions;
  /** When each ended slot was first seen to have all its evidence. */
  readonly #readyAtMs = new Map<number, number>();
  /** What the contract refused, and when to try again. */
  readonly #refused = new Map<string, { readonly untilMs: number; readonly error: unknown }>();
  #reachableSinceMs: number | undefined;

  constructor(options: DriveSlotsOptions) {
    this.#options = options;
  }

  async run(): Promise<number> {
    const { health, market, clock } = this.#options;
    // Which slot it is time for, only a known time says; neighbours move the slots on meanwhile.
    if (clock.quality() === "unknown") {
      this.#reachableSinceMs = undefined;
      return checkEveryMs;
    }
    try {
      const today = await market.read();
      this.#reachableSinceMs ??= clock.monotonicMs();
      for (const [attempt, { untilMs }] of this.#refused) {
        if (untilMs <= clock.monotonicMs()) this.#refused.delete(attempt);
      }
      await this.#sealNext(today);
      await this.#settleEnded(today);
      const [refusal] = this.#refused.values();
      if (refusal === undefined) health.ok("ledger", "slots");
      else health.problem("ledger", "slots", "degraded", refusal.error);
      return checkEveryMs;
    } catch (error) {
      this.#reachableSinceMs = undefined;
      health.problem("ledger", "slots", "degraded", error);
      return retryAfterMs;
    }
  }

  /** Between the gate and the start of the next slot: closes it for orders and clears it. */
  async #sealNext({ settings, residents }: Market): Promise<void> {
    const { store, clock } = this.#options;
    const slotMs = settings.slotSeconds * 1000;
    const startMs = (Math.floor(clock.nowMs() / slotMs) + 1) * slotMs;
    const turnMs =
      startMs - settings.gateSeconds * 1000 + this.#rank(startMs, residents) * staggerMs;
    if (clock.nowMs() < turnMs) return;
    if (store.slotStage(startMs) === undefined || store.slotStage(startMs) === "open") {
      if (await this.#do("market:Seal", startMs)) await this.#do("market:Clear", startMs);
    } else if (store.slotStage(startMs) === "sealed" && clock.nowMs() >= turnMs + staggerMs) {
      await this.#do("market:Clear", startMs);
    }
  }

  async #settleEnded(market: Market): Promise<void> {
    const { store, clock } = this.#options;
    const slotMs = market.settings.slotSeconds * 1000;
    const endedMs = clock.nowMs() - slotMs + 1;
    for (const { startMs, stage } of store.unsettledSlots(endedMs, mostSettledPerRun)) {
      if (!this.#mayBeSettled(startMs + slotMs, market)) continue;
      if (stage === "sealed" && !(await this.#do("market:Clear", startMs))) continue;
      if (!(await this.#do("market:Settle", startMs))) continue;
      store.slotSettled(startMs);
      this.#readyAtMs.delete(startMs);
    }
  }

  /** With all evidence in at once; without, only when nobody can say that he had no time to bring it. */
  #mayBeSettled(endMs: number, { settings, residents }: Market): boolean {
    const { store, clock } = this.#options;
    const startMs = endMs - settings.slotSeconds * 1000;
    const turnMs = this.#rank(startMs, residents) * staggerMs;
    const reached = store.evidenceReached();
    if (residents.every((resident) => (reached.get(resident) ?? 0) >= endMs)) {
      const readyAtMs = this.#readyAtMs.get(startMs) ?? clock.monotonicMs();
      this.#readyAtMs.set(startMs, readyAtMs);
      return clock.monotonicMs() >= readyAtMs + turnMs;
    }
    const patienceMs = settings.settleAfterSeconds * 1000;
    // After an outage of the ledger everyone's backlog comes late: the time starts when it can be reached again.
    const reachableMs = clock.monotonicMs() - (this.#reachableSinceMs ?? clock.monotonicMs());
    return clock.nowMs() >= endMs + patienceMs + turnMs && reachableMs >= patienceMs;
  }

  /** Place of this household in the order of turns of a slot. */
  #rank(startMs: number, residents: readonly string[]): number {
    const turn = (id: string): string =>
      createHash("sha256").update(slotName(startMs)).update(id).digest("hex");
    const own = turn(this.#options.participant);
    return residents.filter((id) => turn(id) < own).length;
  }

  /** False where the contract refuses: one slot must not hold up the others. */
  async #do(
    name: "market:Seal" | "market:Clear" | "market:Settle",
    startMs: number,
  ): Promise<boolean> {
    const { ledger, clock } = this.#options;
    const slotStart = slotName(startMs);
    const attempt = `${name} ${slotStart}`;
    if (this.#refused.has(attempt)) return false;
    try {
      await ledger.transact(name, { slotStart });
      return true;
    } catch (error) {
      if (codeOf(error) !== "ledger.endorse-refused") throw error;
      // Too old to be settled by anybody.
      if (reasonOf(error) === "market.slot-range") return true;
      this.#refused.set(attempt, { untilMs: clock.monotonicMs() + refusedWaitMs, error });
      return false;
    }
  }
}
