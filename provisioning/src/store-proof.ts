import * as node from "node:crypto";
import { join } from "node:path";
import { CodedError } from "@powershare/domain/errors";
import {
  type Checkpoint,
  certifiedBy,
  checkpoint,
  cryptoFrom,
  type EvidenceFile,
  entryLeaf,
  event,
  evidenceFile,
  keptReading,
  type LogEntry,
  MerkleTree,
  proveEntry,
  readingOf,
  toHex,
} from "@powershare/domain/evidence";
import type Sqlite from "better-sqlite3";
import { z } from "zod";
import { readJson, readText } from "./input-file.js";
import { openAlone } from "./store-file.js";

const { sha256 } = cryptoFrom(node);

/**
 * Proves one reading or event from the store of an agent that does not run. Undefined where no checkpoint covers
 * it, or its batch was deleted as old.
 * @throws CodedError store.in-use, store.corrupt; UnreadableInput for the files of the device's identity
 */
export async function proofFromStore(
  dataDir: string,
  sequence: number,
): Promise<EvidenceFile | undefined> {
  const registration = await readJson(join(dataDir, "registration.json"));
  const certificatePem = await readText(join(dataDir, "certificate.pem"), 1);
  const device = evidenceFile.shape.device.parse({ ...Object(registration), certificatePem });
  const path = join(dataDir, "agent.db");
  const connection = openAlone(path);
  try {
    const over = checkpointOver(connection, sequence);
    if (over === undefined || !certifiedBy(device)({ checkpoint: over })) return undefined;
    const entries = entriesUnder(connection, over);
    const { first, last } = over.statement.readings;
    if (entries.length !== last - first + 1) return undefined;
    requireSealed(over, entries);
    return proveEntry(device, { checkpoint: over, entries }, sequence, sha256);
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    throw new CodedError("store.corrupt", `${path} cannot be read`, { cause });
  } finally {
    connection.close();
  }
}

function checkpointOver(connection: Sqlite.Database, sequence: number): Checkpoint | undefined {
  const body = connection
    .prepare("SELECT body FROM checkpoint WHERE last_reading >= ? ORDER BY last_reading LIMIT 1")
    .pluck()
    .get(sequence);
  const found = body === undefined ? undefined : checkpoint.parse(parsed(body));
  return found === undefined || found.statement.readings.first > sequence ? undefined : found;
}

function entriesUnder(connection: Sqlite.Database, { statement }: Checkpoint): readonly LogEntry[] {
  const { first, last } = statement.readings;
  const readings = connection
    .prepare(
      `SELECT r.*, s.meter, s.profile, s.boot FROM reading r JOIN source s ON s.id = r.source
       WHERE r.sequence BETWEEN ? AND ?`,
    )
    .all(first, last)
    .map((row) => readingOf(keptReading.parse(row)));
  const events = connection
    .prepare("SELECT body FROM event WHERE sequence BETWEEN ? AND ?")
    .pluck()
    .all(first, last)
    .map((body) => event.parse(parsed(body)));
  return [...readings, ...events].sort((a, b) => a.sequence - b.sequence);
}

/** A flipped bit of any of them would give a proof that nobody accepts. */
function requireSealed({ statement }: Checkpoint, entries: readonly LogEntry[]): void {
  const leaves = entries.map((one) => entryLeaf(one, sha256));
  if (toHex(new MerkleTree(sha256, leaves).root()) === statement.merkleRoot) return;
  const { first, last } = statement.readings;
  throw new CodedError(
    "store.corrupt",
    `the readings from ${first} to ${last} are not those that were sealed`,
  );
}

function parsed(body: unknown): unknown {
  return JSON.parse(z.string().parse(body));
}
