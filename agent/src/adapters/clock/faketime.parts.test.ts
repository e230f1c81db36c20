import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";

const program = fileURLToPath(new URL("../../../dist/testing/clock-process.js", import.meta.url));
const library = ["x86_64", "aarch64", "arm"]
  .flatMap((cpu) => [`${cpu}-linux-gnu`, `${cpu}-linux-gnueabihf`])
  .map((triple) => `/usr/lib/${triple}/faketime/libfaketimeMT.so.1`)
  .find((path) => existsSync(path));
const folder = mkdtempSync(join(tmpdir(), "powershare-faketime-"));
const offsetFile = join(folder, "offset");
const dayS = 86_400;
const line = z.union([
  z.strictObject({ stepMs: z.int() }),
  z.strictObject({
    utcMs: z.int(),
    monotonicMs: z.int(),
    sequence: z.int(),
    quality: z.enum(["synchronised", "holdover", "unknown"]),
  }),
]);
type Look = Extract<z.infer<typeof line>, { utcMs: number }>;

/** The process, with what it saw so far. */
class Watched {
  readonly steps: number[] = [];
  readonly looks: Look[] = [];
  readonly #child: ChildProcess;

  constructor() {
    this.#child = spawn(process.execPath, [program, join(folder, "agent.db")], {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: offsetFile,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      },
    });
    if (this.#child.stdout === null) throw new Error("no output");
    createInterface({ input: this.#child.stdout }).on("line", (text) => {
      const seen = line.parse(JSON.parse(text));
      if ("stepMs" in seen) this.steps.push(seen.stepMs);
      else this.looks.push(seen);
    });
  }

  /** Until it has looked so many times again. */
  async looked(times: number): Promise<Look> {
    const wanted = this.looks.length + times;
    await expect.poll(() => this.looks.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(wanted);
    const last = this.looks.at(-1);
    if (last === undefined) throw new Error("it saw nothing");
    return last;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await once(this.#child, "close");
  }
}

/** What the clock of the process shows more than this one's, s. */
function setClock(offsetS: number): void {
  writeFileSync(offsetFile, `${offsetS < 0 ? "-" : "+"}${Math.abs(offsetS)}\n`);
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a process whose clock is set", () => {
  it("sees each step once, also one while it was down, and its monotonic time never steps", async () => {
    if (library === undefined) throw new Error("libfaketime is missing: npm run setup -- --tests");
    setClock(0);
    let watched = new Watched();
    await watched.looked(5);
    const offsets = [2, -5, 10, -10, 3600, 3600 - 86_400, -20 * 365 * dayS, 3650 * dayS, 12, 0];
    let before = 0;
    for (const offsetS of offsets) {
      const start = await watched.looked(1);
      setClock(offsetS);
      // Two rounds of the watch, which looks once a second.
      const seen = await watched.looked(8);
      const byMs = (offsetS - before) * 1000;
      const found = watched.steps.splice(0);
      expect(found).toHaveLength(1);
      expect(Math.abs((found[0] ?? 0) - byMs)).toBeLessThan(500);
      const passedMs = seen.monotonicMs - start.monotonicMs;
      expect(passedMs).toBeGreaterThan(0);
      expect(Math.abs(seen.utcMs - start.utcMs - byMs - passedMs)).toBeLessThan(500);
      if (Math.abs(byMs) > 10_000) expect(seen.quality).toBe("unknown");
      before = offsetS;
    }
    await watched.kill();
    setClock(7200);
    watched = new Watched();
    await watched.looked(8);
    expect(watched.steps).toHaveLength(1);
    await watched.kill();
    watched = new Watched();
    await watched.looked(8);
    expect(watched.steps).toEqual([]);
    const sequences = watched.looks.map(({ sequence }) => sequence);
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
    await watched.kill();
  });
});
