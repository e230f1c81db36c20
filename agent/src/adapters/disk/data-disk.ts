import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Disk } from "../../ports/disk.js";

/** The disk that holds `folder`; the reserve is a file `reserve` in it. */
export function dataDisk(folder: string): Disk {
  const path = join(folder, "reserve");
  return {
    space: () => {
      const { bavail, bsize, blocks } = statfsSync(folder);
      return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
    },
    reservedBytes: () => statSync(path, { throwIfNoEntry: false })?.size,
    reserve: (bytes) => {
      const file = openSync(path, "a", 0o600);
      try {
        // Written, not only sized: a hole reserves nothing.
        writeSync(file, Buffer.alloc(bytes));
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    },
    release: () => {
      const file = openSync(path, "r+");
      try {
        ftruncateSync(file, 0);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    },
  };
}
