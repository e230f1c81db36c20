import * as node from "node:crypto";
import {
  cryptoFrom,
  fromHex,
  measurementDigest,
  pcrAfter,
  quoteStatementHash,
  type Software,
  softwareChanged,
  softwareQuoted,
  toHex,
  zeroHash,
} from "@powershare/domain/evidence";
import type { Clock } from "../ports/clock.js";
import type { Measurement, MeasurementStore, Measurer } from "../ports/measurer.js";
import { Backoff, type Random } from "./backoff.js";
import { type Loop, startLoop } from "./loop.js";
import type { EventDraft, ReadingLog } from "./reading-log.js";
import type { Health } from "./watch-health.js";

const { sha256 } = cryptoFrom(node);
const dayMs = 86_400_000;
const retryMaxMs = 60_000;

export interface QuoteSoftwareOptions {
  readonly measurer: Measurer;
  readonly measurements: MeasurementStore;
  readonly readings: Pick<ReadingLog, "record">;
  /** What runs now. */
  readonly software: () => Promise<Software>;
  readonly clock: Clock;
  readonly random: Random;
  readonly health: Health;
}

/**
 * Measures the agent's software into the TPM, once per reset of it, and has it quoted at start and once a
 * day; the quote is an event among the readings. docs/evidence.md, Software.
 */
export function quoteSoftware(options: QuoteSoftwareOptions): Loop {
  const { clock, health } = options;
  const backoff = new Backoff(5_000, retryMaxMs, options.random);
  return startLoop(clock, async () => {
    try {
      await quoteOnce(options);
      health.ok("tpm", "software");
      backoff.reset();
      return dayMs;
    } catch (error) {
      health.problem("tpm", "software", "degraded", error);
      return backoff.next();
    }
  });
}

async function quoteOnce(options: QuoteSoftwareOptions): Promise<void> {
  const { measurer, measurements, readings, clock } = options;
  const software = await options.software();
  const before = measurements.last();
  const { pcrBefore } = await measureOnce(software, before, options);
  if (before !== undefined && !isSame(before.software, software)) {
    readings.record({
      ...now(clock),
      event: softwareChanged,
      details: {
        fromBundle: before.software.bundle,
        toBundle: software.bundle,
        fromConfiguration: before.software.configuration,
        toConfiguration: software.configuration,
      },
    });
  }
  const { version, bundle, configuration } = software;
  const details = { version, bundle, configuration, pcrBefore };
  const draft: EventDraft = { ...now(clock), event: softwareQuoted, details };
  const { attest, signature } = await measurer.quote(
    quoteStatementHash({ v: 1, kind: "event", ...draft }, sha256),
  );
  readings.record({
    ...draft,
    details: { ...details, attest: toHex(attest), signature: toHex(signature) },
  });
}

/**
 * Extends the PCR unless it shows this software already: the PCR itself tells whether the TPM was reset,
 * so a restart of the agent alone measures nothing twice. What is about to be measured is kept first, so
 * that a crash in between is seen as well.
 */
async function measureOnce(
  software: Software,
  last: Measurement | undefined,
  { measurer, measurements }: QuoteSoftwareOptions,
): Promise<Measurement> {
  const pcr = toHex(await measurer.measured());
  if (last?.pcr === pcr && isSame(last.software, software)) return last;
  const alone = measurementOn(zeroHash, software);
  // Where nothing is known of it any more, but this software alone would have left it so.
  if (alone.pcr === pcr) {
    measurements.keep(alone);
    return alone;
  }
  const measurement = measurementOn(pcr, software);
  measurements.keep(measurement);
  await measurer.measure(measurementDigest(software, sha256));
  return measurement;
}

function measurementOn(pcrBefore: string, software: Software): Measurement {
  return { software, pcrBefore, pcr: toHex(pcrAfter(fromHex(pcrBefore), software, sha256)) };
}

function isSame(a: Software, b: Software): boolean {
  return a.bundle === b.bundle && a.configuration === b.configuration && a.version === b.version;
}

function now(clock: Clock): Omit<EventDraft, "event" | "details"> {
  const { utcMs, monotonicMs } = clock.moment();
  const { bootId } = clock;
  return { at: new Date(utcMs).toISOString(), monotonicMs, bootId, clock: clock.quality() };
}
