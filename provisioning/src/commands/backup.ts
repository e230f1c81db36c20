import { createReadStream, existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { CodedError, remedyFor } from "@powershare/domain/errors";
import type { Command } from "commander";
import { defaultAgentUrl, downloadFromAgent } from "../agent-download.js";
import { readJson } from "../input-file.js";
import { moveInPlace, requireAbsent, syncFolder, writeNewFile } from "../new-file.js";
import { answerNo, print, UnreadableInput } from "../output.js";
import type { BackupManifest } from "../store-file.js";

export function registerBackupCommands(program: Command): void {
  program
    .command("backup")
    .description("copy an agent's store while it runs, and check the copy")
    .requiredOption("--out <file>", "new file; what it holds is described in <file>.json beside it")
    .option("--url <url>", "the running agent", defaultAgentUrl)
    .option("--data-dir <folder>", "dataDir of an agent that does not run, instead of --url")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Examples:
  $ powershare backup --out /mnt/usb/agent-2026-11-22.db
  $ powershare backup --data-dir /var/lib/powershare --out agent.db

The keys are not in it: they live in the TPM and are of use with it alone.`,
    )
    .action(backup);
  program
    .command("restore")
    .description(
      "put a backup in place of an agent's store, after checking it (exit 1: it is damaged)",
    )
    .argument("<file>", "as `powershare backup` wrote it, with <file>.json beside it")
    .requiredOption("--data-dir <folder>", "dataDir of the agent, which must not run")
    .option("--replace", "keep the store that is there aside, under another name")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  $ powershare restore /mnt/usb/agent-2026-11-22.db --data-dir /var/lib/powershare --replace

The agent then asks the ledger whether the store is the newest before it signs anything.`,
    )
    .action(restore);
}

interface BackupOptions {
  readonly out: string;
  readonly url: string;
  readonly dataDir?: string;
  readonly json?: true;
}

async function backup({ out, url, dataDir, json }: BackupOptions): Promise<void> {
  const { copyStoppedStore, inspectStoreFile, sha256Of } = await import("../store-file.js");
  const described = `${out}.json`;
  requireAbsent(out);
  requireAbsent(described);
  const copy = `${out}.copy`;
  try {
    if (dataDir === undefined) await fetchCopy(url, copy);
    else {
      const path = join(dataDir, "agent.db");
      if (!existsSync(path)) throw new UnreadableInput(`no store at ${path}`);
      await copyStoppedStore(path, copy);
    }
    const content = inspectStoreFile(copy);
    const { sha256, bytes } = await sha256Of(copy);
    const manifest: BackupManifest = {
      format: "powershare-backup",
      v: 1,
      madeAt: new Date().toISOString(),
      bytes,
      sha256,
      ...content,
    };
    await moveInPlace(copy, out);
    await writeNewFile(described, textOf(manifest));
    print(
      json === true
        ? JSON.stringify({ file: resolve(out), ...manifest })
        : `${out}: ${bytes} bytes, up to reading ${content.lastReading} and checkpoint ${content.lastCheckpoint}; checked`,
    );
  } finally {
    for (const suffix of ["", "-journal", "-wal", "-shm"]) await rm(copy + suffix, { force: true });
  }
}

async function fetchCopy(url: string, path: string): Promise<void> {
  const { body, length } = await downloadFromAgent(url, "/api/backup");
  const { bytes } = await writeNewFile(path, body);
  if (length !== undefined && bytes !== length) {
    throw new Error(`the copy ended after ${bytes} of ${length} bytes; try again`);
  }
}

async function* textOf(value: object): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

interface RestoreOptions {
  readonly dataDir: string;
  readonly replace?: true;
  readonly json?: true;
}

async function restore(file: string, { dataDir, replace, json }: RestoreOptions): Promise<void> {
  const { requireUnused } = await import("../store-file.js");
  if (!existsSync(dataDir)) throw new UnreadableInput(`no folder ${dataDir}`);
  const path = join(dataDir, "agent.db");
  const manifest = await readManifest(file);
  const damage = await damageOf(file, manifest);
  if (damage !== undefined) {
    process.exitCode = answerNo;
    const { code, message } = damage;
    print(
      json === true
        ? JSON.stringify({ restored: false, code, message })
        : `${file}: NOT restored\n  ${message}\n  [${code}] ${remedyFor(code)}`,
    );
    return;
  }
  if (existsSync(path) && replace !== true) {
    throw new UnreadableInput(
      `${path} is there already; --replace keeps it aside under another name`,
    );
  }
  requireUnused(path);
  const incoming = `${path}.restoring`;
  await rm(incoming, { force: true });
  await writeNewFile(incoming, createReadStream(file));
  // Before the store, so that no power cut leaves a restored store that nobody knows to be one.
  const mark = join(dataDir, "restored.json");
  await rm(mark, { force: true });
  await writeNewFile(mark, textOf({ at: new Date().toISOString(), ...manifest }));
  const aside = await putAside(path);
  await rename(incoming, path);
  await syncFolder(dataDir);
  const { lastReading, lastCheckpoint, madeAt } = manifest;
  print(
    json === true
      ? JSON.stringify({
          restored: true,
          file: resolve(path),
          aside,
          lastReading,
          lastCheckpoint,
          madeAt,
        })
      : [
          `${path}: restored as of ${madeAt}, up to reading ${lastReading} and checkpoint ${lastCheckpoint}`,
          ...(aside === null ? [] : [`what was there is kept as ${aside}`]),
          "Start the agent: it signs nothing until the ledger has shown that this is the newest store.",
        ].join("\n"),
  );
}

async function readManifest(file: string): Promise<BackupManifest> {
  const { backupManifest } = await import("../store-file.js");
  const described = `${file}.json`;
  const read = await readJson(described);
  const parsed = backupManifest.safeParse(read);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new UnreadableInput(
    `${described}: at /${issue?.path.join("/") ?? ""}: ${issue?.message ?? ""}`,
  );
}

async function damageOf(file: string, manifest: BackupManifest): Promise<CodedError | undefined> {
  const { inspectStoreFile, sha256Of } = await import("../store-file.js");
  if (!existsSync(file)) throw new UnreadableInput(`cannot read ${file}`);
  const { sha256, bytes } = await sha256Of(file);
  if (sha256 !== manifest.sha256 || bytes !== manifest.bytes) {
    return new CodedError(
      "store.corrupt",
      `${file}: ${bytes} bytes with SHA-256 ${sha256}, at the backup they were ${manifest.bytes} with ${manifest.sha256}`,
    );
  }
  try {
    inspectStoreFile(file);
    return undefined;
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
}

/** The store that is there, with its log, under a name with the time. @returns the name; null if there was none */
async function putAside(path: string): Promise<string | null> {
  if (!existsSync(path)) return null;
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, "-");
  const aside = `${path}.replaced-${stamp}`;
  for (const suffix of ["-wal", "-shm", ""]) {
    if (existsSync(path + suffix)) await rename(path + suffix, aside + suffix);
  }
  await syncFolder(dirname(path));
  return aside;
}
