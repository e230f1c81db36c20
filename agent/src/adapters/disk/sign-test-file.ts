import { readFileSync } from "node:fs";
import { signTestRecord } from "@powershare/domain/wiring";
import type { SignTestStore } from "../../ports/wiring.js";
import { writeWhole } from "./write-whole.js";

/** The newest sign test, in a small file; one that cannot be read counts as none. */
export function signTestStore(path: string): SignTestStore {
  return {
    last() {
      try {
        return signTestRecord.parse(JSON.parse(readFileSync(path, "utf8")));
      } catch {
        return undefined;
      }
    },
    keep: (record) => writeWhole(path, JSON.stringify(record), 0o600),
  };
}
