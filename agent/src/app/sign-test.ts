import * as node from "node:crypto";
import { cryptoFrom, type Event, entryLeaf, toHex } from "@powershare/domain/evidence";
import { SignTest, type SignTestResult, type SignTestSample } from "@powershare/domain/wiring";
import type { SignTestReport } from "../ports/wiring.js";
import type { PhasesOf } from "./wiring-readings.js";

const { sha256 } = cryptoFrom(node);

/** A sign test that runs on the agent's own readings, or has ended. */
export class RunningSignTest {
  readonly startedAtMs: number;
  readonly #test: SignTest;
  #last: SignTestSample | undefined;
  #ended: { readonly atMs: number; readonly event: string } | undefined;

  constructor({ connection = 1, generator }: PhasesOf, startedAtMs: number) {
    this.startedAtMs = startedAtMs;
    this.#test = new SignTest({ phases: { connection, ...(generator && { generator }) } });
  }

  get endedAtMs(): number | undefined {
    return this.#ended?.atMs;
  }

  /** Leaf hash of the event that tells of its end. */
  get event(): string | undefined {
    return this.#ended?.event;
  }

  result(): SignTestResult {
    return this.#test.result();
  }

  push(sample: SignTestSample): SignTestResult {
    this.#last = sample;
    this.#test.push(sample);
    return this.#test.result();
  }

  end(atMs: number, event: Event): void {
    this.#ended = { atMs, event: toHex(entryLeaf(event, sha256)) };
  }

  report(): SignTestReport {
    const { fault, parts, state } = this.#test.result();
    return {
      state,
      fault: fault ?? null,
      startedAt: new Date(this.startedAtMs).toISOString(),
      endedAt: this.#ended === undefined ? null : new Date(this.#ended.atMs).toISOString(),
      parts: parts.map((part) => ({
        meter: part.meter,
        phase: part.phase,
        state: part.state,
        fault: part.fault ?? null,
        steps: part.steps,
        powerW: this.#last?.meters[part.meter]?.[part.phase - 1]?.activePowerW ?? null,
        text: part.text,
        remedy: part.remedy,
      })),
    };
  }
}
