import { once } from "node:events";
import { resolve } from "node:path";
import { isZone, localDayOf } from "@powershare/domain/calendar";
import { type Command, InvalidArgumentError } from "commander";
import { defaultAgentUrl, downloadFromAgent } from "../agent-download.js";
import { writeNewFile } from "../new-file.js";
import { print, say, UnreadableInput } from "../output.js";

export function registerExportCommands(program: Command): void {
  program
    .command("export")
    .description("raw readings or intervals of a running agent as CSV (RFC 4180, UTC)")
    .addArgument(
      program.createArgument("<what>", "what to export").choices(["readings", "intervals"]),
    )
    .requiredOption("--from <instant>", "2026-11-01T00:00:00Z, or a day: 2026-11-01", dayOrInstant)
    .requiredOption("--to <instant>", "the end, exclusive", dayOrInstant)
    .option("--zone <name>", "whose days --from and --to mean, e.g. Europe/Lisbon", zone, "UTC")
    .option("--out <file>", "new file instead of standard output")
    .option("--url <url>", "the running agent", defaultAgentUrl)
    .option("--json", "with --out, print one JSON document")
    .addHelpText(
      "after",
      `
Examples:
  $ powershare export intervals --from 2026-11-01 --to 2026-12-01 --out november.csv
  $ powershare export intervals --from 2026-10-25 --to 2026-10-26 --zone Europe/Berlin    (25 hours)
  $ powershare export readings --from 2026-11-22T12:00:00Z --to 2026-11-22T13:00:00Z | head

Columns end in their unit; _utc is ISO 8601. Text that a spreadsheet would take for a formula begins with '.`,
    )
    .action(exportCsv);
}

interface Options {
  readonly from: string;
  readonly to: string;
  readonly out?: string;
  readonly url: string;
  readonly zone: string;
  readonly json?: true;
}

async function exportCsv(what: string, options: Options): Promise<void> {
  const { out, url, json } = options;
  const from = instantOf(options.from, options.zone);
  const to = instantOf(options.to, options.zone);
  if (json === true && out === undefined) {
    throw new UnreadableInput("--json describes a file: name it with --out");
  }
  const path = `/api/export/${what}.csv?${new URLSearchParams({ from, to }).toString()}`;
  const { body } = await downloadFromAgent(url, path);
  if (out === undefined) {
    for await (const chunk of body) {
      if (!process.stdout.write(chunk)) await once(process.stdout, "drain");
    }
    return;
  }
  let lines = -1;
  const { bytes } = await writeNewFile(
    out,
    counted(body, (count) => (lines += count)),
  );
  if (json === true) print(JSON.stringify({ file: resolve(out), rows: lines, bytes }));
  else say(`${out}: ${lines} rows`);
}

/** No cell of ours holds a line end. */
async function* counted(
  source: AsyncIterable<Uint8Array>,
  add: (lines: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    add(chunk.reduce((count, byte) => (byte === 0x0a ? count + 1 : count), 0));
    yield chunk;
  }
}

function dayOrInstant(text: string): string {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text);
  if (Number.isNaN(Date.parse(text)) || !(day || /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(text))) {
    throw new InvalidArgumentError("expected an instant such as 2026-11-01T00:00:00Z, or a day");
  }
  return text;
}

function zone(name: string): string {
  if (!isZone(name)) throw new InvalidArgumentError("expected an IANA zone, e.g. Europe/Lisbon");
  return name;
}

/** @returns ISO 8601 with Z: of a day its first instant in that zone */
export function instantOf(text: string, of: string): string {
  const ms = text.includes("T") ? Date.parse(text) : localDayOf(text, of).startMs;
  return new Date(ms).toISOString();
}
