import * as node from "node:crypto";
import { type Command, InvalidArgumentError, Option } from "commander";
import { defaultAgentUrl } from "../agent-download.js";
import { evidenceFromAgent } from "../agent-evidence.js";
import { inFile, readJson } from "../input-file.js";
import { writeNewFile } from "../new-file.js";
import { answerNo, print, say } from "../output.js";

export function registerEvidenceProve(evidence: Command): void {
  evidence
    .command("prove")
    .description("a file that proves one reading or event by itself")
    .argument("<sequence>", "its number", sequenceOf)
    .option("--out <file>", "new file instead of standard output")
    .option("--agent <url>", "the running agent", defaultAgentUrl)
    .addOption(
      new Option(
        "--data-dir <folder>",
        "dataDir of an agent that does not run, instead of --agent",
      ).conflicts(["agent", "file"]),
    )
    .option("--file <file>", "an evidence file with all readings of its time, instead of the agent")
    .option("--json", "the proof on standard output is JSON in any case; accepted for scripts")
    .addHelpText(
      "after",
      `
Examples:
  $ powershare evidence prove 4711 --out proof.json
  $ powershare evidence prove 4711 --data-dir /var/lib/powershare --out proof.json
  $ powershare evidence prove 4711 --file evidence-2026-11-22T1200Z.json > proof.json

Exit 1: that number is not under a checkpoint yet, no longer kept, or not whole in the file.
Without a running agent it needs the agent's store, or a file of \`powershare evidence export
--format package --readings\`.`,
    )
    .action(prove);
}

interface ProveOptions {
  readonly out?: string;
  readonly agent: string;
  readonly dataDir?: string;
  readonly file?: string;
}

async function prove(sequence: number, { out, agent, dataDir, file }: ProveOptions): Promise<void> {
  const proof =
    file !== undefined
      ? await proofFromFile(file, sequence)
      : dataDir !== undefined
        ? await proofFromDataDir(dataDir, sequence)
        : await proofFromAgent(agent, sequence);
  if ("refused" in proof) {
    process.exitCode = answerNo;
    say(proof.refused);
    return;
  }
  const text = `${JSON.stringify(proof.file)}\n`;
  if (out === undefined) return print(text);
  await writeNewFile(out, textOf(text));
  say(`${out}: number ${sequence}, to be checked by \`powershare evidence verify\``);
}

type Proof = { readonly file: unknown } | { readonly refused: string };

async function proofFromAgent(agent: string, sequence: number): Promise<Proof> {
  try {
    return { file: await evidenceFromAgent(agent, `/api/evidence/proof/${sequence}`) };
  } catch (error) {
    const refused = error instanceof Error ? error.message : "";
    if (/refuses: number \d+ is not under a checkpoint/.test(refused)) return { refused };
    throw error;
  }
}

async function proofFromDataDir(dataDir: string, sequence: number): Promise<Proof> {
  const { proofFromStore } = await import("../store-proof.js");
  const file = await proofFromStore(dataDir, sequence);
  return file === undefined
    ? { refused: `${dataDir}: number ${sequence} is not under a checkpoint yet, or no longer kept` }
    : { file };
}

async function proofFromFile(path: string, sequence: number): Promise<Proof> {
  const { batchIn, cryptoFrom, parseEvidenceFile, proveEntry } = await import(
    "@powershare/domain/evidence"
  );
  const read = await readJson(path);
  const file = inFile(path, () => parseEvidenceFile(read));
  const batch = batchIn(file, sequence);
  if (batch === undefined) return { refused: `${path}: no checkpoint covers number ${sequence}` };
  try {
    return { file: proveEntry(file.device, batch, sequence, cryptoFrom(node).sha256) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { refused: `${path}: ${error.message}` };
  }
}

function sequenceOf(text: string): number {
  const sequence = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(sequence) && sequence > 0) return sequence;
  throw new InvalidArgumentError("expected a whole number from 1");
}

async function* textOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
