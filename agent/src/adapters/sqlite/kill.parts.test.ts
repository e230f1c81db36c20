import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { sequenceOf } from "../../ports/store.js";
import { seeded } from "../../testing/sim-household.js";
import { openStore } from "./store.js";

const writer = fileURLToPath(new URL("../../../dist/testing/store-writer.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "powershare-kill-"));
const path = join(folder, "agent.db");
afterAll(() => rmSync(folder, { recursive: true }));

/** Lets the writer work until it has said something, and a little longer, then kills it. @returns the last it said */
async function killAfter(ms: number): Promise<number> {
  const child = spawn(process.execPath, [writer, path], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  await once(child.stdout, "data");
  await sleep(ms);
  child.kill("SIGKILL");
  await once(child, "close");
  return Number(said.split("\n").at(-2));
}

describe("kill -9", () => {
  it("loses no acknowledged reading, repeats none and leaves no gap", async () => {
    const random = seeded(11);
    for (let round = 0; round < 12; round += 1) {
      const acknowledged = await killAfter(Math.floor(random() * 150));
      const store = openStore(path, { participant: "h1", slotSeconds: 20 });
      const sequences = store.pendingReadings(1_000_000).map(sequenceOf);
      expect(sequences).toEqual(sequences.map((_, index) => index + 1));
      expect(sequences.length).toBeGreaterThanOrEqual(acknowledged);
      // Groups are whole or absent.
      expect(sequences.length % 3).toBe(0);
      expect(store.counts().readings).toBe(sequences.length);
      store.close();
    }
  });
});
