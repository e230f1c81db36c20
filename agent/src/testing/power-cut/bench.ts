import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { seeded } from "../seeded.js";
import { type CutOptions, type CutReport, cutEverywhere } from "./images.js";
import { type DiskCall, traceStore } from "./trace.js";

const writer = fileURLToPath(new URL("../../../dist/testing/store-writer.js", import.meta.url));
const fixture = new URL("../../adapters/sqlite/fixtures/agent-v1.db.gz", import.meta.url);
type Files = ReadonlyMap<string, Buffer>;

/** Traces the real writer and cuts its power; everything in a folder of its own. */
export class PowerCutBench {
  readonly #folder = mkdtempSync(
    join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "powershare-power-cut-"),
  );
  readonly #random: () => number;
  #runs = 0;

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  /**
   * What the writer does to the disk in so many transactions, from the first file on, or from `before`.
   * The log is written back often, so that a short run has all that a long one has.
   */
  trace({
    steps,
    pragmas = [],
    before = new Map(),
    inject,
  }: {
    readonly steps: number;
    /** As strace's option; `fsync:error=EIO:when=7`. */
    readonly inject?: string;
    readonly pragmas?: readonly string[];
    readonly before?: Files;
  }): DiskCall[] {
    this.#runs += 1;
    const folder = join(this.#folder, `run-${this.#runs}`);
    mkdirSync(folder);
    for (const [name, bytes] of before) writeFileSync(join(folder, name), bytes);
    const path = join(folder, "agent.db");
    const program = [writer, path, String(steps), "wal_autocheckpoint = 40", ...pragmas];
    const calls = traceStore(program, path, inject === undefined ? {} : { inject });
    rmSync(folder, { recursive: true });
    return calls;
  }

  cut(calls: readonly DiskCall[], options: Omit<CutOptions, "folder" | "random">): CutReport {
    const folder = join(this.#folder, "image");
    return cutEverywhere(calls, { ...options, folder, random: this.#random });
  }

  /** A store as the first released agent left it. */
  firstRelease(): Files {
    return new Map([["agent.db", gunzipSync(readFileSync(fixture))]]);
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
