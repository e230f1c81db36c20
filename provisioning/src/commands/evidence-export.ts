import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { CodedError } from "@powershare/domain/errors";
import type { EvidenceFile } from "@powershare/domain/evidence";
import { type Command, Option } from "commander";
import { defaultAgentUrl, downloadFromAgent } from "../agent-download.js";
import { deviceFromAgent, evidenceFromAgent } from "../agent-evidence.js";
import { instantOption } from "../instant-option.js";
import { requireAbsent, writeNewFile } from "../new-file.js";
import { print, say, UnreadableInput } from "../output.js";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export function registerEvidenceExport(evidence: Command): void {
  evidence
    .command("export")
    .description("take evidence away from the running agent, to be checked elsewhere")
    .requiredOption(
      "--from <instant>",
      "2026-11-01T00:00:00Z, or a day: 2026-11-01 (UTC)",
      instantOption,
    )
    .requiredOption("--to <instant>", "the end, exclusive", instantOption)
    .addOption(
      new Option("--format <format>", "OCMF records, or files of docs/evidence.md")
        .choices(["ocmf", "package"])
        .makeOptionMandatory(),
    )
    .requiredOption("--out <dir>", "folder for the files; made if it is not there")
    .option("--readings", "with packages: all readings and events too, an hour a file")
    .option("--agent <url>", "the running agent", defaultAgentUrl)
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Examples:
  $ powershare evidence export --from 2026-11-01 --to 2026-12-01 --format package --out november
  $ powershare evidence export --from 2026-11-01 --to 2026-11-02 --format ocmf --out records

OCMF records are signed by the agent's TPM while they are exported, a few a second; one that
others accept is still no calibrated value. Of an agent that does not run: restore its backup
beside its TPM and start it, or use files that were exported before.`,
    )
    .action(exportEvidence);
}

interface Options {
  readonly from: string;
  readonly to: string;
  readonly format: "ocmf" | "package";
  readonly out: string;
  readonly readings?: true;
  readonly agent: string;
  readonly json?: true;
}

async function exportEvidence(options: Options): Promise<void> {
  const { from, to, out, format, json } = options;
  if (from >= to) throw new UnreadableInput(`--from ${from} is not before --to ${to}`);
  await mkdir(out, { recursive: true });
  const made = format === "ocmf" ? await exportOcmf(options) : await exportPackages(options);
  if (made.files.length === 0) say("no evidence of that time");
  print(
    json === true
      ? JSON.stringify({ ...made, files: made.files.map((file) => resolve(file)) })
      : made.files.join("\n"),
  );
}

async function exportPackages({ from, to, out, agent, readings }: Options) {
  const stepMs = readings === true ? hourMs : dayMs;
  const path = readings === true ? "/api/evidence/log" : "/api/evidence";
  const files: string[] = [];
  let packages = 0;
  for (let atMs = Date.parse(from); atMs < Date.parse(to); atMs += stepMs) {
    const start = new Date(atMs).toISOString();
    const end = new Date(Math.min(atMs + stepMs, Date.parse(to))).toISOString();
    const file = await evidenceOf(
      agent,
      `${path}?${new URLSearchParams({ from: start, to: end }).toString()}`,
    );
    if (file === undefined) continue;
    const name = join(out, `evidence-${start.slice(0, 16).replace(":", "")}Z.json`);
    await writeNewFile(name, textOf(`${JSON.stringify(file)}\n`));
    files.push(name);
    packages += file.packages.length;
  }
  return { files, packages };
}

/** Undefined where the agent has nothing of that time. */
async function evidenceOf(agent: string, path: string): Promise<EvidenceFile | undefined> {
  try {
    return await evidenceFromAgent(agent, path);
  } catch (error) {
    if (error instanceof Error && error.message.endsWith("no evidence of that time"))
      return undefined;
    throw error;
  }
}

async function exportOcmf({ from, to, out, agent }: Options) {
  const { ocmfGap, ocmfNumber, ocmfXml, spkiHex } = await import("../ocmf-files.js");
  const { parseKeyPublic, cryptoFrom, fromHex } = await import("@powershare/domain/evidence");
  const node = await import("node:crypto");
  const names = ["records.ocmf", "reading-key.pem", "records.xml"].map((name) => join(out, name));
  const [records = "", key = "", xml = ""] = names;
  for (const name of names) requireAbsent(name);
  const query = new URLSearchParams({ from, to }).toString();
  const { body } = await downloadFromAgent(agent, `/api/evidence/records.ocmf?${query}`);
  const lines = (await new Response(body).text()).split("\n").slice(0, -1);
  if (lines.length === 0) return { files: [], records: 0 };
  const gap = ocmfGap(lines.map(ocmfNumber));
  if (gap !== undefined) {
    throw new CodedError(
      "evidence.sequence",
      `records of ${gap.meter}: before T${gap.page} one is missing`,
    );
  }
  const { readingKey } = await deviceFromAgent(agent);
  const { spki } = parseKeyPublic(fromHex(readingKey), cryptoFrom(node).sha256);
  const publicKey = node.createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  await writeNewFile(records, textOf(`${lines.join("\n")}\n`));
  await writeNewFile(key, textOf(pem));
  await writeNewFile(xml, textOf(ocmfXml(lines, spkiHex(pem))));
  return { files: names, records: lines.length };
}

async function* textOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
