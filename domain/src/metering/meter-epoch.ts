import { z } from "zod";
import { clockQuality, type Event, meterId, registerValues } from "../evidence/types.js";
import { instantMs } from "../ledger/primitives.js";

/**
 * A meter whose registers began anew is another meter from then on: `eastron/sdm630:12345678` is epoch 1
 * of that serial number, `eastron/sdm630:12345678.2` the second.
 */
export function serialMeterOf(meter: string): string {
  return meter.replace(/\.\d+$/, "");
}

/** The id of a serial number's next epoch, with those already given. */
export function nextEpochId(serialMeter: string, given: Iterable<string>): string {
  const numbers = [...given]
    .filter((meter) => serialMeterOf(meter) === serialMeter)
    .map((meter) => Number(meter.slice(serialMeter.length + 1) || 1));
  const next = Math.max(0, ...numbers) + 1;
  return next === 1 ? serialMeter : `${serialMeter}.${next}`;
}

/** Registers at an end of an epoch, unwrapped, and when they were read. */
export const epochEnd = z.strictObject({
  ...registerValues.shape,
  at: instantMs,
  monotonicMs: z.int().min(0),
  bootId: z.string().min(1).max(64),
  clock: clockQuality,
  /** Sequence of the reading; absent where there was no room to keep it. */
  reading: z.int().min(1).optional(),
});
export type EpochEnd = z.infer<typeof epochEnd>;

/** `registers`: they fell and stayed, a reset. `serial`: another meter. `setup`: ratio or wiring was changed. */
export const epochReason = z.enum(["registers", "serial", "setup"]);
export type EpochReason = z.infer<typeof epochReason>;

/** Where one epoch ends and the next begins. */
export const meterEpoch = z.strictObject({
  /** Of the new epoch, and of the one before. */
  meter: meterId,
  follows: meterId,
  reason: epochReason,
  /** The last reading accepted before, and the first of those that agree with one another after. */
  closing: epochEnd,
  opening: epochEnd,
});
export type MeterEpoch = z.infer<typeof meterEpoch>;

type Told = Pick<Event, "event" | "meter" | "details">;

/** What is put among the readings when a new epoch is suspected: where the old one would end, and the new one begin. */
export function suspectedEvents({ meter, follows, reason, closing, opening }: MeterEpoch): Told[] {
  return [
    {
      event: "meter-epoch-closed",
      meter: follows,
      details: { followedBy: meter, reason, ...told(closing) },
    },
    {
      event: "meter-epoch-opened",
      meter,
      details: { follows, reason, ...told(opening) },
    },
  ];
}

/** A person's word on it: from here on the old epoch's last interval may be made. */
export function confirmedEvent({ meter, follows, reason, closing }: MeterEpoch): Told {
  return {
    event: "meter-epoch-confirmed",
    meter,
    details: { follows, reason, ...told(closing) },
  };
}

/** `by`: a person said so, or the registers came back. */
export function withdrawnEvent({ meter, follows }: MeterEpoch, by: "person" | "registers"): Told {
  return { event: "meter-epoch-withdrawn", meter, details: { follows, by } };
}

function told(end: EpochEnd): Event["details"] {
  const { reading, ...rest } = end;
  return reading === undefined ? rest : { ...rest, reading };
}

const endDetails = z.object(epochEnd.shape);
const followsDetails = z.object({ follows: meterId });

/** What an event says about a meter's epochs; undefined for other events. */
export type EpochStep =
  | { readonly step: "opened"; readonly meter: string; readonly opening: EpochEnd }
  | { readonly step: "confirmed"; readonly follows: string; readonly closing: EpochEnd };

/** Reads an event as `suspectedEvents` and `confirmedEvent` made it. */
export function epochStepOf({ event, meter, details }: Event): EpochStep | undefined {
  if (meter === undefined) return undefined;
  if (event === "meter-epoch-opened") {
    return { step: "opened", meter, opening: endDetails.parse(details) };
  }
  if (event === "meter-epoch-confirmed") {
    const { follows } = followsDetails.parse(details);
    return { step: "confirmed", follows, closing: endDetails.parse(details) };
  }
  return undefined;
}
