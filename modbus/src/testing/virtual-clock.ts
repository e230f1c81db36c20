import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../clock.js";

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Time that passes only when a test says so; timers of one instant run in the order they were set. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #timers: Timer[] = [];

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  afterExactly(delayMs: number, run: () => void): () => void {
    return this.after(delayMs, run);
  }

  /** Lets time pass, and everything happen that is due. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#nowMs + byMs;
    while (await this.#step(endMs));
    this.#nowMs = endMs;
  }

  /** Lets time pass until the promise is settled, an hour at most. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    do await turn();
    while (!settled && (await this.#step(this.#nowMs + 3_600_000)));
    return await promise;
  }

  async #step(endMs: number): Promise<boolean> {
    await turn();
    const next = this.#timers.reduce<Timer | undefined>(
      (first, timer) => (first && first.dueMs <= timer.dueMs ? first : timer),
      undefined,
    );
    if (!next || next.dueMs > endMs) return false;
    this.#timers = this.#timers.filter((other) => other !== next);
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    next.run();
    return true;
  }
}
