import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { codeOf } from "@powershare/domain/errors";
import Sqlite from "better-sqlite3";
import { Database } from "../adapters/sqlite/database.js";
import { checkedColumns } from "../adapters/sqlite/row-checks.js";
import { createScrubStore } from "../adapters/sqlite/scrub.js";

export interface FlipReport {
  readonly pages: number;
  readonly flips: number;
  /** The store refused, at start or in a pass of the scrub. */
  readonly detected: number;
  /** The bit belonged to nothing stored: every row reads as before. */
  readonly harmless: number;
  /** What nobody noticed although a stored value changed: byte and bit. */
  readonly silent: readonly string[];
}

/** Flips bits of a closed store, each in a copy of its own, and looks whether anybody notices. */
export function flipBits(
  path: string,
  {
    perPage,
    random,
    large,
  }: {
    readonly perPage: number;
    readonly random: () => number;
    /** Checked as a file too large to be read whole at start. */
    readonly large: boolean;
  },
): FlipReport {
  const original = readFileSync(path);
  const content = contentOf(path);
  const copy = `${path}.flipped`;
  const pages = original.length / 4096;
  const silent: string[] = [];
  let [flips, detected, harmless] = [0, 0, 0];
  for (let page = 0; page < pages; page += 1) {
    for (let n = 0; n < perPage; n += 1) {
      const offset = page * 4096 + Math.floor(random() * 4096);
      const bit = Math.floor(random() * 8);
      const bytes = Buffer.from(original);
      bytes.writeUInt8(bytes.readUInt8(offset) ^ (1 << bit), offset);
      writeFileSync(copy, bytes);
      flips += 1;
      if (isNoticed(copy, large)) detected += 1;
      else if (contentOf(copy) === content) harmless += 1;
      else silent.push(`page ${page + 1}, byte ${offset}, bit ${bit}`);
      for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(copy + suffix, { force: true });
    }
  }
  return { pages, flips, detected, harmless, silent };
}

function isNoticed(path: string, large: boolean): boolean {
  let database: Database | undefined;
  try {
    database = new Database(path, large ? { checkedWholeUpToBytes: 0 } : {});
    const store = createScrubStore(database);
    while (!store.scrub());
    return false;
  } catch (error) {
    const code = codeOf(error) ?? "";
    if (!["store.corrupt", "store.newer", "store.failed", "store.not-durable"].includes(code)) {
      throw error;
    }
    return true;
  } finally {
    database?.close();
  }
}

/** Every stored value, table by table. */
function contentOf(path: string): string {
  const scratch = `${path}.read`;
  copyFileSync(path, scratch);
  const connection = new Sqlite(scratch, { readonly: true });
  try {
    return Object.entries(checkedColumns)
      .map(([table, columns]) => {
        const all = connection.prepare(`SELECT ${columns.join(", ")} FROM ${table} NOT INDEXED`);
        return `${table} ${JSON.stringify(all.all())}`;
      })
      .join("\n");
  } catch (error) {
    return String(error);
  } finally {
    connection.close();
    rmSync(scratch);
  }
}
