import { Backoff, type Random } from "./backoff.js";
import { type Loop, startLoop } from "./loop.js";
import { type MeterPlace, MeterPoller, type PollerOptions, severityOf } from "./meter-poller.js";

const retryMaxMs = 30_000;

export interface PollMetersOptions extends PollerOptions {
  readonly places: readonly MeterPlace[];
  readonly pollIntervalMs: number;
  readonly random: Random;
  /** Told after each round. */
  readonly onPolled: () => void;
}

/**
 * Polls the meters of one bus on a schedule: a round that comes late is left out, none pile up. A
 * silent meter is asked less and less often, so that it does not hold up the others. Trouble goes to
 * health and never ends the loop.
 */
export function pollMeters(options: PollMetersOptions): Loop {
  const { clock, readings, pollIntervalMs } = options;
  const polled = options.places.map((at) => new PatientPoller(at, options));
  let dueMs = clock.monotonicMs();

  return startLoop(clock, async (stopping) => {
    for (const one of polled) {
      if (!stopping.aborted) await one.poll();
    }
    readings.saveDue();
    options.onPolled();
    dueMs += pollIntervalMs;
    const lateMs = clock.monotonicMs() - dueMs;
    if (lateMs > 0) dueMs += Math.ceil(lateMs / pollIntervalMs) * pollIntervalMs;
    return dueMs - clock.monotonicMs();
  });
}

/** Asks a silent meter less and less often. */
class PatientPoller {
  readonly #at: MeterPlace;
  readonly #options: PollMetersOptions;
  readonly #poller: MeterPoller;
  readonly #backoff: Backoff;
  #notBeforeMs = 0;

  constructor(at: MeterPlace, options: PollMetersOptions) {
    this.#at = at;
    this.#options = options;
    this.#poller = new MeterPoller(at, options);
    this.#backoff = new Backoff(options.pollIntervalMs, retryMaxMs, options.random);
  }

  async poll(): Promise<void> {
    const { clock, meters, health } = this.#options;
    if (clock.monotonicMs() < this.#notBeforeMs) return;
    try {
      await this.#poller.poll();
      this.#backoff.reset();
    } catch (error) {
      this.#notBeforeMs = clock.monotonicMs() + this.#backoff.next();
      const { place, role } = this.#at;
      meters.silent(place);
      // One bad frame is no trouble yet.
      if (this.#backoff.failures < 2) return;
      health.problem("bus", place, severityOf(role), error);
    }
  }
}
