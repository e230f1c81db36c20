import { clockQuality } from "@powershare/domain/evidence";
import { z } from "zod";
import { wiringOverview } from "./wiring.js";

/** State of one part of the agent. `remedy` says what a person does now. */
export const part = z.strictObject({
  state: z.enum(["ok", "degraded", "failed", "starting"]),
  since: z.iso.datetime(),
  code: z.string().nullable(),
  message: z.string().nullable(),
  remedy: z.string().nullable(),
});
export type Part = z.infer<typeof part>;

const energies = { importWh: z.int(), exportWh: z.int(), productionWh: z.int().nullable() };

/** What the household page shows; the body of `GET /api/overview` and of each `overview` event of `/api/stream`. */
export const overview = z.strictObject({
  at: z.iso.datetime(),
  participant: z.string(),
  slotSeconds: z.int(),
  now: z
    .strictObject({
      at: z.iso.datetime(),
      gridPowerW: z.number().describe("+ import, − export"),
      productionPowerW: z.number().nullable(),
      consumptionPowerW: z.number().nullable(),
      voltageV: z.number().nullable(),
      stale: z.boolean(),
    })
    .nullable(),
  today: z.strictObject({
    ...energies,
    start: z.iso.datetime(),
    end: z.iso.datetime().describe("23 or 25 hours later where the clocks change"),
    zone: z.string().describe("Of the household, IANA: whose day it is"),
    hours: z.array(z.strictObject({ start: z.iso.datetime(), ...energies })),
  }),
  trades: z
    .array(
      z.strictObject({
        slot: z.string(),
        direction: z.enum(["sold", "bought"]),
        partner: z.string(),
        energyWh: z.int(),
        priceMicroPerKwh: z.int(),
        amountNano: z.string(),
        kind: z.enum(["contract", "surplus"]),
        state: z.enum(["contracted", "settled"]),
      }),
    )
    .describe("Newest first, at most 50"),
  wallet: z
    .strictObject({
      at: z.string(),
      coinsNano: z.string(),
      escrowNano: z.string(),
      owedNano: z.string(),
      energyWh: z.string(),
      cashMicro: z.record(z.string(), z.string()),
    })
    .nullable(),
  wiring: wiringOverview,
  health: z.strictObject({
    bus: part,
    tpm: part,
    store: part.extend({ unsentPackages: z.int(), oldestUnsentAt: z.iso.datetime().nullable() }),
    ledger: part.extend({
      height: z.int().nullable(),
      certificateEndsAt: z.iso
        .datetime()
        .describe("When the household's certificate has to be a new one"),
    }),
    clock: part.extend({
      quality: clockQuality,
      keeper: z.string().nullable().describe("Who keeps this machine's time"),
      lastStep: z
        .strictObject({ at: z.iso.datetime(), byMs: z.int() })
        .nullable()
        .describe("Newest step of UTC since the agent was started"),
    }),
  }),
  counts: z.strictObject({
    readings: z.int(),
    rejected: z.int(),
    checkpoints: z.int(),
    intervals: z.int(),
    evidenceCommitted: z.int().describe("Intervals whose evidence the ledger committed"),
  }),
});
export type Overview = z.infer<typeof overview>;
