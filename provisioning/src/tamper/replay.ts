import type { Channel, Judgement, PlacementEpoch, Row } from "@powershare/domain/wiring";
import { Coverage } from "./coverage.js";
import type { Neighbours } from "./neighbours.js";
import type { ReplayResult } from "./result.js";

/** What `watchWiring` of a site gives. */
interface Watch {
  push(row: Row): Judgement | undefined;
  epochs(): readonly PlacementEpoch[];
}

/** Rules at work on a household's past, row by row; none sees a later one. */
export class Replay {
  readonly #watch: Watch;
  readonly #neighbours: Neighbours | undefined;
  readonly #coverage: Coverage;
  readonly #verdicts: ReplayResult["verdicts"] = [];

  constructor(watch: Watch, channels: readonly Channel[], neighbours?: Neighbours) {
    this.#watch = watch;
    this.#neighbours = neighbours;
    this.#coverage = new Coverage(channels);
  }

  push(row: Row): void {
    const ended = this.#neighbours?.endedBy(row) ?? [];
    this.#coverage.push(row);
    const changed = this.#watch.push(ended.length > 0 ? { ...row, neighbours: ended } : row);
    if (changed) this.#verdicts.push(verdictOf(changed));
  }

  get coverage(): Coverage {
    return this.#coverage;
  }

  result(): ReplayResult {
    const last = this.#verdicts.at(-1);
    return {
      verdicts: this.#verdicts,
      epochs: this.#watch.epochs().map((epoch) => epochOf(epoch, this.#coverage.toMs)),
      final: { verdict: last?.verdict ?? "ok", fault: last?.fault ?? "none" },
      days: this.#coverage.days,
      coverage: this.#coverage.share,
    };
  }
}

/** Whether production was ever not credited for what the rules found. */
export function tamperingFound({ verdicts }: ReplayResult): boolean {
  return verdicts.some(({ verdict }) => verdict === "held" || verdict === "manipulated");
}

function verdictOf(judgement: Judgement): ReplayResult["verdicts"][number] {
  const { atMs, verdict, fault, rule, fromMs, toMs, explanation } = judgement;
  const confidence = Math.round(10_000 * judgement.confidence) / 10_000;
  const [at, from, to] = [instant(atMs), instant(fromMs), instant(toMs)];
  return { at, verdict, fault, rule, from, to, confidence, explanation };
}

function epochOf(epoch: PlacementEpoch, endMs: number): ReplayResult["epochs"][number] {
  const { fromMs, toMs = endMs, state, reason } = epoch;
  return { from: instant(fromMs), to: instant(toMs), state, reason };
}

/** Without milliseconds where there are none. */
const instant = (ms: number) => new Date(ms).toISOString().replace(".000Z", "Z");
