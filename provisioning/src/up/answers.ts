import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { readText } from "../input-file.js";
import { UnreadableInput } from "../output.js";

const kwh = z.union([z.number().min(0), z.string().regex(/^\d+([.,]\d+)?$/, "e.g. 1234.5")]);

const meterAnswers = z.strictObject({
  unit: z.int().min(0).max(255).describe("Modbus unit id, as the scan shows it"),
  line: z
    .string()
    .optional()
    .describe("Port or HOST:PORT; needed only where two lines have the same unit id"),
  role: z.enum(["connection", "generator", "none"]).describe("none: it is not used"),
  profile: z
    .string()
    .optional()
    .describe("Where several fit: the one on the meter's type plate, maker/model"),
  serialNumber: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,32}$/)
    .optional()
    .describe("From the meter's plate; needed only where the meter does not tell it"),
  displayImportKwh: kwh.optional().describe("As the meter's display shows it; in quotes or not"),
  displayExportKwh: kwh.optional(),
  displayAgrees: z.literal(true).optional().describe("Voltage and power agree, too"),
  fuseA: z.int().min(1).max(1000).optional().describe("Rating of the fuse before this meter"),
});

const siteAnswers = z.strictObject({
  latitude: z.number().min(-90).max(90).describe("Degrees; kept rounded to 0.1"),
  longitude: z.number().min(-180).max(180),
  pv: z
    .strictObject({
      peakW: z.int().min(100).max(1_000_000),
      azimuthDeg: z.number().min(0).max(360).nullable().describe("Clockwise from north; south 180"),
      tiltDeg: z.number().min(0).max(90).nullable().describe("0 is flat"),
    })
    .nullable()
    .describe("null: there is none"),
  storage: z
    .enum(["none", "ac", "dc"])
    .describe("A battery behind its own inverter (ac), or behind the PV's (dc)"),
  ev: z.boolean(),
  sealNumber: z.string().max(64).nullable(),
});

const operatorAnswers = z.strictObject({
  registrar: z.url({ protocol: /^https$/ }).describe("https://HOST:PORT"),
  registrarCa: z.string().min(1).describe("File with the certificate above the registrar's"),
  contact: z.string().max(120).describe("Whom the household may call"),
});

/** What an installer may write down beforehand; whatever is left out is asked. No secrets are in it. */
export const answersFile = z.strictObject({
  v: z.literal(1),
  language: z.enum(["en", "pt"]).optional().describe("Of the page that stays with the household"),
  accepted: z
    .array(z.string().regex(/^[a-z0-9-]{1,40}$/))
    .max(20)
    .optional()
    .describe("Checks of the machine that may say no, e.g. clock, disk, serial"),
  meters: z.array(meterAnswers).max(16).optional(),
  site: siteAnswers.partial().optional(),
  wiring: z
    .strictObject({ testNow: z.boolean().describe("The sign test, with somebody at the switches") })
    .optional(),
  operator: operatorAnswers.partial().optional(),
});

/** Answers as they would be typed, by their place: `site/storage`, `meters/1/role`. */
export type Answers = ReadonlyMap<string, string>;

/** @throws UnreadableInput naming line, or place and what was expected */
export async function readAnswers(path: string): Promise<Answers> {
  const lines = new LineCounter();
  // JSON is YAML, too.
  const document = parseDocument(await readText(path, 1), { lineCounter: lines });
  const [broken] = document.errors;
  if (broken) {
    const { line, col } = lines.linePos(broken.pos[0]);
    throw new UnreadableInput(
      `${path}:${line}:${col}: no YAML or JSON: ${broken.message.split("\n")[0]}`,
    );
  }
  const parsed = answersFile.safeParse(document.toJS());
  if (parsed.success) return answersOf(parsed.data);
  throw new UnreadableInput(
    parsed.error.issues.map((issue) => `${path}: ${told(issue)}`).join("\n"),
  );
}

function told(issue: z.core.$ZodIssue): string {
  const unknown = issue.code === "unrecognized_keys" ? issue.keys : [];
  const at = [...issue.path, ...unknown.slice(0, 1)].map(String).join("/");
  return `at /${at}: ${unknown.length > 0 ? "unknown key" : issue.message}`;
}

type Given = string | number | boolean | null | undefined | { readonly [name: string]: Given };

function answersOf(file: z.infer<typeof answersFile>): Answers {
  const answers = new Map<string, string>();
  const add = (place: string, value: Given): void => {
    if (value === undefined) return;
    if (typeof value === "object" && value !== null) {
      answers.set(place, "yes");
      for (const [name, each] of Object.entries(value)) add(`${place}/${name}`, each);
    } else {
      answers.set(place, typed(value));
    }
  };
  for (const { line, unit, ...meter } of file.meters ?? []) {
    add(`meters/${line === undefined ? unit : `${line}#${unit}`}`, meter);
  }
  for (const id of file.accepted ?? []) add(`accepted/${id}`, true);
  const { pv } = file.site ?? {};
  // That there is none is an answer to whether there is one.
  add("site", { ...file.site, ...(pv === null && { pv: false }) });
  for (const part of ["wiring", "operator"] as const) add(part, file[part]);
  add("language", file.language);
  return answers;
}

/** What a person would type. */
function typed(value: string | number | boolean | null): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return value === null ? "-" : String(value);
}
