import { participantId, sha256Hex } from "@powershare/domain/ledger";
import { site } from "@powershare/domain/wiring";
import { z } from "zod";
import { lineSchema } from "../scan/line.js";

const setting = z.strictObject({
  baudRate: z.int(),
  parity: z.enum(["none", "even", "odd"]),
  stopBits: z.union([z.literal(1), z.literal(2)]),
});

/** Where a meter answers. */
const meterPlace = z.strictObject({
  line: lineSchema,
  setting: setting.nullable(),
  unit: z.int().min(0).max(255),
});
export type MeterPlace = z.infer<typeof meterPlace>;

const scannedMeter = meterPlace.extend({
  serialNumber: z.string().nullable(),
  /** What fits, best first. */
  profiles: z.array(z.string()).min(1),
  /** Only the type on the meter tells which. */
  isAmbiguous: z.boolean(),
});
export type ScannedMeter = z.infer<typeof scannedMeter>;

const comparedMeter = meterPlace.extend({
  profile: z.string(),
  serialNumber: z.string(),
  phases: z.union([z.literal(1), z.literal(3)]),
  registers: z.strictObject({
    at: z.iso.datetime(),
    importWh: z.int(),
    exportWh: z.int(),
    displayImportKwh: z.string(),
    displayExportKwh: z.string(),
  }),
});
export type ComparedMeter = z.infer<typeof comparedMeter>;

const declaredMeter = comparedMeter.extend({
  role: z.enum(["connection", "generator"]),
  fuseA: z.int(),
});
export type InstalledMeter = z.infer<typeof declaredMeter>;

/** What each step leaves for those after it. */
export const resultSchemas = {
  check: z.strictObject({ passed: z.int(), accepted: z.array(z.string()) }),
  scan: z.strictObject({ meters: z.array(scannedMeter).min(1) }),
  display: z.strictObject({ meters: z.array(comparedMeter).min(1) }),
  channels: z.strictObject({
    meters: z.array(declaredMeter).min(1),
    site: site
      .pick({ latitude: true, longitude: true, pv: true, storage: true, ev: true })
      .extend({ sealNumber: z.string().nullable() }),
    contact: z.string(),
    language: z.enum(["en", "pt"]),
  }),
  wiring: z.strictObject({ outcome: z.enum(["passed", "not-clear", "not-done"]) }),
  tpm: z.strictObject({ device: sha256Hex, maker: z.string().nullable() }),
  enrolment: z.strictObject({ participant: participantId, registrar: z.string().nullable() }),
  configuration: z.strictObject({ path: z.string(), sha256: sha256Hex }),
  evidence: z.strictObject({ committed: z.int().nullable() }),
  page: z.strictObject({ html: z.string(), pdf: z.string() }),
} as const;
export type StepResults = { [K in keyof typeof resultSchemas]: z.infer<(typeof resultSchemas)[K]> };
