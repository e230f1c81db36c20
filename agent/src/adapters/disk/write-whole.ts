import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** On the disk when it returns, after a power cut too: the new file or the old one, never half of it. */
export function writeWhole(path: string, content: string, mode: number): void {
  const unfinished = `${path}.tmp`;
  const file = openSync(unfinished, "w", mode);
  try {
    writeSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
