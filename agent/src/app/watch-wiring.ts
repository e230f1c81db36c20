import { CodedError } from "@powershare/domain/errors";
import {
  type Judgement,
  liveRules,
  type Site,
  solarMs,
  type WiringSettings,
  type WiringWatch,
  watchWiring,
} from "@powershare/domain/wiring";
import type { Clock } from "../ports/clock.js";
import type { SignTestStore, WiringVerdict } from "../ports/wiring.js";
import type { LiveMeters } from "./live-meters.js";
import { type Loop, startLoop } from "./loop.js";
import type { ReadingLog } from "./reading-log.js";
import { type KnownSignTest, RunningSignTest, signTestEvent } from "./sign-test.js";
import { stampOf, takeSignTest } from "./take-sign-test.js";
import { type MeterPair, newestPair, type PhasesOf, rowOf, sampleOf } from "./wiring-readings.js";

const lookEveryMs = 500;
/** Cables can be changed unseen in as long as this: a new placement epoch. */
const unseenMs = 30_000;
const ppm = 1_000_000;

export interface WatchWiringOptions {
  readonly meters: LiveMeters;
  readonly clock: Clock;
  readonly readings: Pick<ReadingLog, "recorded" | "isFirst">;
  readonly signTests: SignTestStore;
  readonly phases: PhasesOf;
  /** Undefined where the configuration does not say what stands at the house: then the rules rest. */
  readonly site: Site | undefined;
}

/**
 * Watches how the meters are wired: every reading goes to the rules of `domain/wiring`, each change of their
 * verdict becomes an event among the readings, and a sign test is carried out when somebody asks.
 */
export class WiringWatcher {
  /** Told when there is something new to report. */
  onNews: () => void = () => {};
  readonly #options: WatchWiringOptions;
  #watch: WiringWatch | undefined;
  /** Undefined until the ledger has said how its households' sun runs. */
  #wiring: { readonly settings: WiringSettings | undefined } | undefined;
  #pair: MeterPair | undefined;
  #test: RunningSignTest | undefined;
  readonly #testBefore: KnownSignTest | undefined;
  /** Whether the rules were shown anything. */
  #hasSeen = false;

  constructor(options: WatchWiringOptions) {
    this.#options = options;
    this.#testBefore = takeSignTest(options);
  }

  start(): Loop {
    return startLoop(this.#options.clock, async () => {
      this.look();
      return lookEveryMs;
    });
  }

  /** The microgrid's rules on wiring, as the ledger has them now. */
  use(settings: WiringSettings | undefined): void {
    const { site } = this.#options;
    const isSame = JSON.stringify(settings?.solarClock) === JSON.stringify(this.#solarClock);
    const isFirst = this.#wiring === undefined;
    this.#wiring = { settings };
    if (site === undefined || (isSame && !isFirst)) return;
    // Under another sun all that was seen means something else.
    const commissionedMs = this.#solarMs(Date.parse(site.commissionedAt));
    const commissionedAt = new Date(commissionedMs).toISOString();
    this.#watch = watchWiring({ ...site, commissionedAt }, liveRules);
  }

  /** The newest sign test. */
  get signTest(): KnownSignTest | undefined {
    return this.#test ?? this.#testBefore;
  }

  /**
   * Begins a sign test; one that runs goes on.
   * @throws CodedError wiring.meters-silent
   */
  startSignTest(): RunningSignTest {
    if (this.#test?.endedAtMs === undefined && this.#test !== undefined) return this.#test;
    const { clock, phases } = this.#options;
    if (this.#pair === undefined) {
      throw new CodedError("wiring.meters-silent", "the meters were not read together yet");
    }
    this.#test = new RunningSignTest(phases, clock.nowMs());
    return this.#test;
  }

  /** What the rules say; times are the clock's, not the played sun's. */
  verdict(): WiringVerdict | undefined {
    return this.#watch === undefined || !this.#hasSeen
      ? undefined
      : this.#inRealTime(this.#watch.judgement());
  }

  /** Takes what the meters said since the last look. */
  look(): void {
    const { meters, phases } = this.#options;
    const before = this.#pair;
    const pair = newestPair(meters, phases, before);
    if (pair === undefined) return;
    this.#pair = pair;
    const silentMs =
      before === undefined ? 0 : pair.connection.monotonicMs - before.connection.monotonicMs;
    if (silentMs > unseenMs) this.#interrupt();
    this.#sample(pair);
    if (before !== undefined) this.#row(pair, silentMs);
  }

  /** Nobody saw what became of the cables meanwhile, so the test begins again. */
  #interrupt(): void {
    if (this.#test?.endedAtMs !== undefined || this.#test === undefined) return;
    this.#test = new RunningSignTest(this.#options.phases, this.#options.clock.nowMs());
  }

  #sample(pair: MeterPair): void {
    const { clock, phases, readings, signTests } = this.#options;
    const test = this.#test;
    if (test === undefined || test.endedAtMs !== undefined) return;
    const result = test.push(sampleOf(pair, phases));
    if (result.state === "waiting") return;
    const told = signTestEvent(result, test.startedAtMs);
    const event = readings.recorded({ ...stampOf(clock), ...told });
    // Without room to record it nothing stands behind it: the next sample tries again.
    if (event === undefined) return;
    test.end(clock.nowMs(), event);
    const record = test.record();
    if (record !== undefined) signTests.keep(record);
    this.onNews();
  }

  #row(pair: MeterPair, silentMs: number): void {
    const { clock, phases } = this.#options;
    if (this.#watch === undefined || this.#wiring === undefined) return;
    if (clock.quality() === "unknown" || silentMs > unseenMs || silentMs <= 0) return;
    const speed = this.#solarClock?.speed ?? 1;
    const endMs = this.#solarMs(pair.connection.atMs);
    const span = { startMs: endMs - silentMs * speed, seconds: (silentMs * speed) / 1000 };
    const changed = this.#watch.push(rowOf(pair, phases, span));
    this.#hasSeen = true;
    if (changed !== undefined) this.#tell(changed);
  }

  #tell(judgement: Judgement): void {
    const { verdict, fault, rule, from, to, confidencePpm } = this.#inRealTime(judgement);
    this.#options.readings.recorded({
      ...stampOf(this.#options.clock),
      event: "wiring-verdict",
      details: { verdict, fault, rule, from, to, confidencePpm },
    });
    this.onNews();
  }

  #inRealTime({ verdict, fault, rule, fromMs, toMs, confidence, explanation }: Judgement) {
    return {
      verdict,
      fault,
      rule,
      from: new Date(this.#realMs(fromMs)).toISOString(),
      to: new Date(this.#realMs(toMs)).toISOString(),
      confidencePpm: Math.round(confidence * ppm),
      explanation,
    };
  }

  get #solarClock(): WiringSettings["solarClock"] {
    return this.#wiring?.settings?.solarClock;
  }

  #solarMs(realMs: number): number {
    const settings = this.#wiring?.settings;
    return settings === undefined ? realMs : solarMs(realMs, settings);
  }

  #realMs(ms: number): number {
    const played = this.#solarClock;
    if (played === undefined) return Math.round(ms);
    const { originReal, originSolar, speed } = played;
    return Math.round(Date.parse(originReal) + (ms - Date.parse(originSolar)) / speed);
  }
}
