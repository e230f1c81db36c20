import * as node from "node:crypto";
import { cryptoFrom, type Event, entryLeaf, toHex } from "@powershare/domain/evidence";
import {
  SignTest,
  type SignTestRecord,
  type SignTestResult,
  type SignTestSample,
} from "@powershare/domain/wiring";
import type { SignTestReport } from "../ports/wiring.js";
import type { EventDraft } from "./reading-log.js";
import type { PhasesOf } from "./wiring-readings.js";

const { sha256 } = cryptoFrom(node);

/** A sign test that runs on the agent's own readings, or has ended. */
export class RunningSignTest implements KnownSignTest {
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
    this.#ended = { atMs, event: leafOf(event) };
  }

  report(): SignTestReport {
    return reportOf(this, this.#last);
  }

  /** As a file keeps it; undefined while it runs. */
  record(): SignTestRecord | undefined {
    if (this.#ended === undefined) return undefined;
    const { atMs, event } = this.#ended;
    const { parts, ...result } = this.result();
    return {
      v: 1,
      startedAt: new Date(this.startedAtMs).toISOString(),
      endedAt: new Date(atMs).toISOString(),
      result: { ...result, parts: [...parts] },
      event,
    };
  }
}

/** What is put among the readings when a test has ended. */
export function signTestEvent(
  { fault, parts, state }: SignTestResult,
  startedAtMs: number,
): Pick<EventDraft, "event" | "details"> {
  return {
    event: "sign-test",
    details: {
      state,
      fault: fault ?? "none",
      from: new Date(startedAtMs).toISOString(),
      steps: parts.reduce((sum, { steps }) => sum + steps, 0),
    },
  };
}

/** By it a report names the event. */
export function leafOf(event: Event): string {
  return toHex(entryLeaf(event, sha256));
}

/** What is known of a test, whether it runs or was kept. */
export interface KnownSignTest {
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
  /** Leaf hash of the event that tells of its end. */
  readonly event: string | undefined;
  result(): SignTestResult;
  report(): SignTestReport;
}

/** A test that ended before this process began, with the event that tells of it. */
export function keptSignTest(record: SignTestRecord & { readonly event: string }): KnownSignTest {
  const { startedAt, endedAt, event, result } = record;
  const known = {
    startedAtMs: Date.parse(startedAt),
    endedAtMs: Date.parse(endedAt),
    event,
    result: () => result,
  };
  return { ...known, report: () => reportOf(known, undefined) };
}

function reportOf(
  test: Omit<KnownSignTest, "report" | "event">,
  last: SignTestSample | undefined,
): SignTestReport {
  const { endedAtMs, startedAtMs } = test;
  const { fault, parts, state } = test.result();
  return {
    state,
    fault: fault ?? null,
    startedAt: new Date(startedAtMs).toISOString(),
    endedAt: endedAtMs === undefined ? null : new Date(endedAtMs).toISOString(),
    parts: parts.map((part) => ({
      meter: part.meter,
      phase: part.phase,
      state: part.state,
      fault: part.fault ?? null,
      steps: part.steps,
      powerW: last?.meters[part.meter]?.[part.phase - 1]?.activePowerW ?? null,
      text: part.text,
      remedy: part.remedy,
    })),
  };
}
