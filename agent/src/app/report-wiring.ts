import { CodedError, codeOf } from "@powershare/domain/errors";
import type { JudgedPlacement, WiringReport } from "@powershare/domain/ledger";
import { liveRules } from "@powershare/domain/wiring";
import type { Clock } from "../ports/clock.js";
import type { Ledger } from "../ports/ledger.js";
import type { LedgerStore } from "../ports/store.js";
import { Backoff, type Random } from "./backoff.js";
import { type Loop, startLoop } from "./loop.js";
import type { MarketView } from "./market-view.js";
import type { Health } from "./watch-health.js";
import type { WiringWatcher } from "./watch-wiring.js";

const idleMs = 5_000;
const retryMaxMs = 300_000;

export interface ReportWiringOptions {
  readonly store: Pick<LedgerStore, "placements">;
  readonly ledger: Ledger;
  readonly market: MarketView;
  readonly clock: Clock;
  readonly random: Random;
  readonly health: Health;
  readonly watcher: WiringWatcher;
}

/** What the watcher has to say of a placement. */
export type Said = Pick<WiringWatcher, "verdict" | "signTest">;

/**
 * Reports verdict and sign test of each newest placement epoch to the ledger where they differ from what
 * stands there; so a restart resumes by itself. Reads the microgrid's rules on wiring for the watcher.
 */
export function reportWiring(options: ReportWiringOptions): Loop {
  const { store, ledger, market, clock, random, health, watcher } = options;
  const backoff = new Backoff(1_000, retryMaxMs, random);
  /** What was committed, and may not be in the projection yet. */
  const sent = new Map<string, string>();
  const loop = startLoop(clock, async () => {
    try {
      const { settings } = await market.read();
      watcher.use(settings.wiring);
      for (const placement of newestPlacements(store.placements())) {
        const report = reportOf(placement, watcher, clock.nowMs());
        if (report === undefined) continue;
        const { epoch, meter } = placement;
        const content = JSON.stringify([report.verdict, report.fault, report.signTest]);
        if (sent.get(`${meter} ${epoch}`) === content) continue;
        await ledger.transact("metering:ReportWiring", { meter, epoch, report });
        sent.set(`${meter} ${epoch}`, content);
      }
      health.ok("ledger", "wiring");
      backoff.reset();
      return idleMs;
    } catch (error) {
      const code = codeOf(error) ?? "ledger.unavailable";
      const cause = error instanceof Error ? error : new CodedError(code, String(error));
      health.problem("ledger", "wiring", "degraded", cause);
      return backoff.next();
    }
  });
  watcher.onNews = () => loop.wake();
  return loop;
}

/** Of each meter; the newest epoch of a meter comes first. */
export function newestPlacements<P extends Pick<JudgedPlacement, "meter">>(
  placements: readonly P[],
): P[] {
  const newest = new Map<string, P>();
  for (const placement of placements) {
    if (!newest.has(placement.meter)) newest.set(placement.meter, placement);
  }
  return [...newest.values()];
}

/** Undefined where the ledger knows all that there is to say. */
export function reportOf(
  placement: JudgedPlacement,
  said: Said,
  nowMs: number,
): WiringReport | undefined {
  const sinceMs = Date.parse(placement.since);
  const toMs = Math.floor(nowMs / 1000) * 1000;
  const before = placement.report;
  if (toMs < sinceMs || (before !== undefined && toMs <= Date.parse(before.to))) return undefined;
  const test = testOf(placement, said.signTest);
  const isNewTest = test !== undefined && before?.signTest?.event !== test.event;
  if (test?.result === "failed") return isNewTest ? failed(test, sinceMs, toMs) : undefined;
  const word = wordOf(before, said.verdict());
  if (!isNewTest && !word.isNew) return undefined;
  const { verdict, fault, rules, confidencePpm } = word;
  return {
    verdict,
    fault,
    rules,
    confidencePpm,
    ...windowOf(word.fromMs ?? sinceMs, sinceMs, toMs),
    ...(isNewTest && { signTest: { result: test.result, event: test.event } }),
  };
}

/** What the rules say, or else what stood there. A watch that has just begun takes nothing back. */
function wordOf(before: WiringReport | undefined, found: ReturnType<Said["verdict"]>) {
  const known = before ?? nothing;
  const isSure = found !== undefined && (found.verdict !== "ok" || found.confidencePpm > 0);
  if (!isSure) return { ...known, rules: [...known.rules], isNew: false, fromMs: undefined };
  const isNew = known.verdict !== found.verdict || known.fault !== found.fault;
  return { ...found, rules: rulesOf(found.rule), isNew, fromMs: Date.parse(found.from) };
}

/** While the rules rest, and before they saw anything. */
const nothing = {
  verdict: "ok",
  fault: "none",
  rule: "none",
  rules: [],
  confidencePpm: 0,
} as const;

function rulesOf(id: string): WiringReport["rules"] {
  const rule = liveRules.find((one) => one.id === id);
  return rule === undefined ? [] : [{ id, family: rule.family }];
}

/** A test that was wholly in the epoch; before a meter's first nothing was. One that abstains says nothing. */
function testOf(placement: JudgedPlacement, test: Said["signTest"]) {
  if (test?.event === undefined || test.endedAtMs === undefined) return undefined;
  const { fault, state } = test.result();
  if (state !== "passed" && state !== "failed") return undefined;
  const isWithin =
    placement.opened === "commissioned" || test.startedAtMs >= Date.parse(placement.since);
  return isWithin ? { result: state, event: test.event, fault, test } : undefined;
}

function failed(
  { event, fault = "other", test }: NonNullable<ReturnType<typeof testOf>>,
  sinceMs: number,
  toMs: number,
): WiringReport {
  const { errorProbability } = test.result();
  return {
    verdict: "manipulated",
    fault,
    rules: [{ id: "sign-test", family: "voltage" }],
    ...windowOf(test.startedAtMs, sinceMs, toMs),
    confidencePpm: Math.round((1 - errorProbability) * 1_000_000),
    signTest: { result: "failed", event },
  };
}

function windowOf(fromMs: number, sinceMs: number, toMs: number) {
  const instant = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
  return { from: instant(Math.min(toMs, Math.max(sinceMs, fromMs))), to: instant(toMs) };
}
