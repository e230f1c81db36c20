import { codeOf } from "@powershare/domain/errors";
import { Backoff, type Random } from "./backoff.js";
import { type Loop, startLoop } from "./loop.js";
import { type MeterPlace, MeterPoller, type PollerOptions, severityOf } from "./meter-poller.js";
import { PortJudge } from "./port-judge.js";

/** A silent meter is asked at least so often, ms: so soon it is read again when it speaks. */
const retryMaxMs = 10_000;

export interface PolledPlace extends MeterPlace {
  /** Where this meter has an interval of its own. */
  readonly pollIntervalMs?: number;
}

export interface PollMetersOptions extends PollerOptions {
  readonly places: readonly PolledPlace[];
  readonly pollIntervalMs: number;
  readonly random: Random;
  /** Told after each reading, also one that failed. */
  readonly onPolled: () => void;
}

/**
 * Polls the meters of one bus, each on a schedule of its own: readings that come late are left
 * out, none pile up, and the schedule does not drift. The bus serves them in turn. A silent meter
 * is asked less and less often. Trouble goes to health and never ends a loop.
 */
export function pollMeters(options: PollMetersOptions): Loop {
  const port = new PortJudge(options.bus, options.places.length);
  const loops = options.places.map((at) => pollMeter(at, port, options));
  return {
    wake() {
      for (const loop of loops) loop.wake();
    },
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}

function pollMeter(at: PolledPlace, port: PortJudge, options: PollMetersOptions): Loop {
  const { clock, readings, onPolled } = options;
  const intervalMs = at.pollIntervalMs ?? options.pollIntervalMs;
  const meter = new PatientPoller(at, port, intervalMs, options);
  let dueMs = clock.monotonicMs();
  return startLoop(clock, async () => {
    const restMs = await meter.poll();
    readings.saveDue();
    onPolled();
    const earliestMs = Math.max(clock.monotonicMs() + restMs, dueMs + intervalMs);
    dueMs += Math.ceil((earliestMs - dueMs) / intervalMs) * intervalMs;
    return dueMs - clock.monotonicMs();
  });
}

/** Trouble of the whole bus, which says nothing about a meter. */
const busTrouble: ReadonlySet<string | undefined> = new Set([
  "bus.deadline",
  "bus.port-gone",
  "bus.port-missing",
  "bus.queue-full",
]);

/** Asks a silent meter less and less often. */
class PatientPoller {
  readonly #at: MeterPlace;
  readonly #port: PortJudge;
  readonly #options: PollMetersOptions;
  readonly #poller: MeterPoller;
  readonly #backoff: Backoff;
  #failures = 0;

  constructor(at: MeterPlace, port: PortJudge, intervalMs: number, options: PollMetersOptions) {
    this.#at = at;
    this.#port = port;
    this.#options = options;
    this.#poller = new MeterPoller(at, options);
    this.#backoff = new Backoff(intervalMs, Math.max(intervalMs, retryMaxMs), options.random);
  }

  /** @returns for how long the meter should be left alone, ms */
  async poll(): Promise<number> {
    const { meters, health } = this.#options;
    const { place, role } = this.#at;
    try {
      const refusal = await this.#poller.poll();
      this.#failures = 0;
      this.#backoff.reset();
      this.#port.heard(refusal);
      return 0;
    } catch (error) {
      const code = codeOf(error);
      // The agent stops.
      if (code === "bus.closed") return 0;
      this.#failures += 1;
      meters.silent(place);
      const isFirst = this.#failures === 1;
      // One bad frame is no trouble yet.
      if (!isFirst) health.problem("bus", place, severityOf(role), error);
      if (busTrouble.has(code)) return 0;
      this.#port.failed(code);
      return isFirst ? 0 : this.#backoff.next();
    }
  }
}
