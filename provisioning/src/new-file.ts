import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { UnreadableInput } from "./output.js";

export interface Written {
  readonly bytes: number;
  readonly sha256: string;
}

/** @throws UnreadableInput where the file is there already: nothing is ever overwritten */
export function requireAbsent(path: string): void {
  if (existsSync(path)) throw new UnreadableInput(`${path} is there already; choose another name`);
}

/**
 * Writes a new file whole or not at all: under another name, synced, then renamed.
 * @throws UnreadableInput where it is there already; whatever the source throws
 */
export async function writeNewFile(
  path: string,
  source: AsyncIterable<Uint8Array>,
): Promise<Written> {
  requireAbsent(path);
  const unfinished = `${path}.part`;
  const hash = createHash("sha256");
  let bytes = 0;
  let file: FileHandle | undefined;
  try {
    file = await open(unfinished, "w", 0o600);
    for await (const chunk of source) {
      await file.writeFile(chunk);
      hash.update(chunk);
      bytes += chunk.length;
    }
    await file.close();
    file = undefined;
    await moveInPlace(unfinished, path);
    return { bytes, sha256: hash.digest("hex") };
  } catch (error) {
    await file?.close();
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** Gives a file its name when all of it is on the disk. */
export async function moveInPlace(from: string, to: string): Promise<void> {
  const file = await open(from, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Makes renames and new names in a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
