import { catalogue } from "@powershare/domain/errors";
import { evidenceFile, evidencePackage } from "@powershare/domain/evidence";
import { ledgerReference, orderRequest, registration, settings } from "@powershare/domain/ledger";
import { slotOrders, slotResult } from "@powershare/domain/market";
import { site } from "@powershare/domain/wiring";
import { captureResultSchema, profileSchema } from "@powershare/firmware-profiles";
import { z } from "zod";
import { scanLineSchema } from "./scan/report.js";
import { replayResult } from "./tamper/result.js";
import { answersFile } from "./up/answers.js";

/** File formats by the name of their schema. */
const formats = {
  "evidence-file": evidenceFile,
  "evidence-package": evidencePackage,
  "order-request": orderRequest,
  orders: slotOrders,
  profile: profileSchema,
  "profile-decode": captureResultSchema,
  registration,
  result: slotResult,
  "scan-line": scanLineSchema,
  settings,
  site,
  "tamper-replay": replayResult,
  "up-answers": answersFile,
};

/** Files under docs/ that are written from the code, by path: what they must contain. */
export function generatedDocs(): ReadonlyMap<string, string> {
  return new Map([
    ["errors.md", errorReference()],
    ["ledger.md", ledgerReference()],
    ...Object.entries(formats).map(
      ([name, schema]) => [`schemas/${name}.json`, jsonSchema(schema)] as const,
    ),
  ]);
}

function jsonSchema(schema: z.ZodType): string {
  return `${JSON.stringify(z.toJSONSchema(schema, { io: "input" }), null, 2)}\n`;
}

const retryMeaning = {
  now: "the same may succeed at once",
  later: "the program tries again by itself, or you do after the remedy",
  never: "the same input will be refused again",
} as const;

function errorReference(): string {
  const entries = Object.entries(catalogue);
  const groups = new Set(entries.map(([code]) => groupOf(code)));
  return [
    "# Error codes",
    "",
    "Written by `npm run docs` from `domain/src/errors/catalogue.ts`; change it there.",
    "",
    "Every message that a person or a program may have to act on carries one of these codes.",
    "",
    "| retry | means |",
    "|---|---|",
    ...Object.entries(retryMeaning).map(([retry, meaning]) => `| ${retry} | ${meaning} |`),
    ...[...groups].flatMap((group) => [
      "",
      `## ${group}`,
      "",
      "| code | meaning | what to do | retry |",
      "|---|---|---|---|",
      ...entries
        .filter(([code]) => groupOf(code) === group)
        .map(
          ([code, { meaning, remedy, retry }]) =>
            `| \`${code}\` | ${cell(meaning)} | ${cell(remedy)} | ${retry} |`,
        ),
    ]),
    "",
  ].join("\n");
}

function groupOf(code: string): string {
  return code.slice(0, code.indexOf("."));
}

/** Text that does not end a table's cell. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
