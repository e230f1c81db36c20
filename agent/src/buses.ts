import { CodedError } from "@powershare/domain/errors";
import { busPlan, loadProfile } from "@powershare/firmware-profiles";
import { openBus } from "./adapters/bus/open-bus.js";
import { type PolledPlace, type PollMetersOptions, pollMeters } from "./app/poll-meters.js";
import type { BusConfig } from "./config/schema.js";
import type { BusReport } from "./ports/bus.js";

/**
 * The meters of all buses, with their profiles.
 * @throws ProfileError; CodedError config.bus-overloaded with the arithmetic, config.invalid
 */
export function placesOf(
  buses: readonly BusConfig[],
): (PolledPlace & { pollIntervalMs: number })[] {
  return buses.flatMap((bus) => {
    const places = bus.meters.map(({ profile, serialNumber, pollIntervalMs, ...meter }) => ({
      ...meter,
      place: `${bus.id}/${meter.unit}`,
      profile: loadProfile(profile),
      serialNumber,
      pollIntervalMs: pollIntervalMs ?? bus.pollIntervalMs,
    }));
    assertFits(bus, places);
    return places;
  });
}

/**
 * Checks, before anything is opened, that the meters of a serial line fit into their intervals.
 * @throws CodedError config.bus-overloaded with the arithmetic; config.invalid for a meter that has no serial line
 */
function assertFits(bus: BusConfig, places: readonly PolledPlace[]): void {
  if (bus.tcp) return;
  const unserial = places.find(({ profile }) => profile.serial === undefined);
  if (unserial) {
    const message = `bus ${bus.id}, unit ${unserial.unit}: ${unserial.profile.id} speaks Modbus TCP only; give the bus tcp: host:port`;
    throw new CodedError("config.invalid", message);
  }
  const plan = busPlan({ ...bus, meters: places });
  const intervals = new Map(places.map(({ unit, pollIntervalMs }) => [unit, pollIntervalMs]));
  const shareOf = (unit: number, totalMs: number) => totalMs / (intervals.get(unit) ?? 1);
  const share = plan.meters.reduce((sum, { unit, totalMs }) => sum + shareOf(unit, totalMs), 0);
  if (share <= 1) return;
  const isUneven = new Set(intervals.values()).size > 1;
  const lines = isUneven ? unevenLines(plan.meters, shareOf, share) : plan.lines;
  const message = [`bus ${bus.id} cannot read its meters in time:`, ...lines].join("\n");
  throw new CodedError("config.bus-overloaded", message);
}

function unevenLines(
  meters: readonly { unit: number; profile: string; totalMs: number }[],
  shareOf: (unit: number, totalMs: number) => number,
  share: number,
): string[] {
  const percent = (part: number) => `${(100 * part).toFixed(1)} %`;
  return [
    ...meters.map(({ unit, profile, totalMs }) => {
      const part = shareOf(unit, totalMs);
      const everyMs = Math.round(totalMs / part);
      return `unit ${unit} ${profile}: ${totalMs.toFixed(1)} ms every ${everyMs} ms: ${percent(part)}`;
    }),
    `together ${percent(share)} of the bus's time: make the intervals ${share.toFixed(2)} times as long`,
  ];
}

export interface Lines {
  /** Of all meters, since the start. */
  report(): BusReport;
  /** Ends the polling, and what waits for an answer with it. */
  stop(): Promise<void>;
}

type LinesOptions = Omit<PollMetersOptions, "bus" | "pollIntervalMs" | "timeoutMs" | "baudRate">;

/** Opens the buses, with what the makers of their meters ask for, and polls the meters. */
export async function openLines(
  buses: readonly BusConfig[],
  options: LinesOptions,
): Promise<Lines> {
  const lines = await Promise.all(
    buses.map(async (bus) => {
      const places = options.places.filter(({ place }) => place.startsWith(`${bus.id}/`));
      const timings = places.map(({ unit, profile }) => [unit, profile.timing ?? {}] as const);
      return { bus, places, line: await openBus({ ...bus, meters: new Map(timings) }) };
    }),
  );
  const polling = lines.map(({ bus, line, places }) =>
    pollMeters({ ...bus, ...options, bus: line, places }),
  );
  return {
    report: () => ({
      meters: lines.flatMap(({ line, places }) =>
        places.map(({ place, unit }) => ({ place, ...line.statistics(unit) })),
      ),
    }),
    async stop() {
      const stopped = polling.map((loop) => loop.stop());
      await Promise.all(lines.map(({ line }) => line.close()));
      await Promise.all(stopped);
    },
  };
}
