import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { httpServer, listen } from "./adapters/http/server.js";
import { openStore } from "./adapters/sqlite/store.js";
import type { Store } from "./ports/store.js";
import { storeArchive } from "./store-keeping.js";
import { Acknowledged, inspectStore } from "./testing/inspect-store.js";
import { noEvidence, noStatus, noWiring } from "./testing/no-evidence.js";
import { StoreScript } from "./testing/store-script.js";

const command = fileURLToPath(new URL("../../provisioning/bin/powershare.js", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "powershare-archive-"));
const dataDir = join(root, "running");
const household = { participant: "h1", slotSeconds: 20 };
let store: Store & { close(): void };
let script: StoreScript;
let http: FastifyInstance;
let url: string;
let work: string;
let runs = 0;

beforeAll(async () => {
  mkdirSync(dataDir);
  store = openStore(join(dataDir, "agent.db"), household);
  script = new StoreScript({ ...store, prune: () => 0 }, () => {});
  for (let step = 0; step < 120; step += 1) script.step();
  http = await httpServer({
    overview: () => {
      throw new Error("not asked for here");
    },
    meters: () => ({ pending: [], rejected: [] }),
    wiring: noWiring,
    bus: () => ({ meters: [] }),
    status: () => noStatus,
    evidence: noEvidence,
    decide: { decide: () => {} },
    store,
    device: undefined,
    archive: storeArchive(store, dataDir),
    pageDir: root,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  url = `http://127.0.0.1:${await listen(http, "127.0.0.1", 0)}`;
});
afterAll(async () => {
  await http.close();
  store.close();
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  runs += 1;
  work = join(root, `work-${runs}`);
  mkdirSync(work);
});
afterEach(() => rmSync(work, { recursive: true }));

interface Result {
  readonly status: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

async function powershare(...args: string[]): Promise<Result> {
  const child = spawn(process.execPath, [command, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const [status] = (await once(child, "close")) as unknown[];
  return { status, stdout, stderr };
}

/** Makes a backup of the running store. @returns its path */
async function backedUp(): Promise<string> {
  const file = join(work, "backup.db");
  const { status, stderr } = await powershare("backup", "--url", url, "--out", file);
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return file;
}

describe("powershare backup", () => {
  it("copies a store that is being written to, whole and checked, and leaves nothing behind", async () => {
    const before = store.lastSequence();
    const writing = setInterval(() => script.step(), 5);
    const file = join(work, "backup.db");
    const { status, stdout } = await powershare("backup", "--url", url, "--out", file, "--json");
    clearInterval(writing);
    expect(status).toBe(0);
    const manifest = JSON.parse(stdout) as Record<string, unknown>;
    expect(manifest).toMatchObject({ format: "powershare-backup", v: 1, file });
    expect(manifest["lastReading"]).toBeGreaterThanOrEqual(before);
    const acknowledged = new Acknowledged();
    acknowledged.take(`readings ${before}`);
    expect(readdirSync(work).sort()).toEqual(["backup.db", "backup.db.json"]);
    expect(readdirSync(dataDir).filter((name) => name.startsWith("backup"))).toEqual([]);
    expect(inspectStore(file, acknowledged)).toEqual([]);
  });

  it("copies the store of an agent that does not run, and not that of one that does", async () => {
    const stopped = join(work, "stopped");
    mkdirSync(stopped);
    const own = openStore(join(stopped, "agent.db"), household);
    new StoreScript(own, () => {}).step();
    const file = join(work, "backup.db");
    const args = ["backup", "--data-dir", stopped, "--out", file];
    const running = await powershare(...args);
    expect(running.status).toBe(3);
    expect(running.stderr).toContain("[store.in-use]");
    own.close();
    expect((await powershare(...args)).status).toBe(0);
    expect(existsSync(`${file}.json`)).toBe(true);
  });

  it("overwrites nothing, and says what to do where no agent answers", async () => {
    const file = join(work, "there.db");
    writeFileSync(file, "mine");
    const there = await powershare("backup", "--url", url, "--out", file);
    expect(there.status).toBe(2);
    expect(readFileSync(file, "utf8")).toBe("mine");
    const nobody = ["backup", "--url", "http://127.0.0.1:9", "--out", join(work, "new.db")];
    const silent = await powershare(...nobody);
    expect(silent.status).toBe(3);
    expect(silent.stderr).toContain("no agent answers");
    expect(readdirSync(work)).toEqual(["there.db"]);
  });

  it("is refused to whoever is not a command: no page elsewhere can make a browser ask", async () => {
    for (const path of [
      "/api/backup",
      "/api/export/readings.csv?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z",
    ]) {
      expect((await fetch(url + path)).status).toBe(403);
    }
  });
});

describe("powershare restore", () => {
  it("puts the backup in place, marked for the agent, and the agent goes on from it", async () => {
    const file = await backedUp();
    const target = join(work, "new");
    mkdirSync(target);
    const { status, stdout } = await powershare("restore", file, "--data-dir", target, "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ restored: true, aside: null });
    expect(readdirSync(target).sort()).toEqual(["agent.db", "restored.json"]);
    const restored = openStore(join(target, "agent.db"), household);
    const next = new StoreScript(restored, () => {});
    for (let step = 0; step < 30; step += 1) next.step();
    restored.close();
    expect(inspectStore(join(target, "agent.db"), new Acknowledged())).toEqual([]);
  });

  it("keeps what is there, unless told to put it aside, and never takes it from a running agent", async () => {
    const file = await backedUp();
    const target = join(work, "old");
    mkdirSync(target);
    writeFileSync(join(target, "agent.db"), "damaged");
    const refused = await powershare("restore", file, "--data-dir", target);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain("--replace");
    expect(readdirSync(target)).toEqual(["agent.db"]);
    const replaced = await powershare("restore", file, "--data-dir", target, "--replace");
    expect(replaced.status).toBe(0);
    const aside = readdirSync(target).find((name) => name.startsWith("agent.db.replaced-"));
    expect(readFileSync(join(target, aside ?? ""), "utf8")).toBe("damaged");
    const running = await powershare("restore", file, "--data-dir", dataDir, "--replace");
    expect(running.status).toBe(3);
    expect(running.stderr).toContain("[store.in-use]");
  });

  it.each([
    ["a bit of the copy flipped", 5000, 1],
    ["the manifest is gone", -1, 2],
  ])("says no where %s", async (_, flipAt, exit) => {
    const file = await backedUp();
    const bytes = readFileSync(file);
    if (flipAt < 0) rmSync(`${file}.json`);
    else {
      bytes.writeUInt8(bytes.readUInt8(flipAt) ^ 4, flipAt);
      writeFileSync(file, bytes);
    }
    const target = join(work, "new");
    mkdirSync(target);
    const { status, stdout } = await powershare("restore", file, "--data-dir", target);
    expect(status).toBe(exit);
    if (exit === 1) expect(stdout).toContain("[store.corrupt]");
    expect(readdirSync(target)).toEqual([]);
  });
});

describe("powershare export", () => {
  const day = ["--from", "2026-06-01", "--to", "2026-06-02"];

  it("gives all readings of a time as CSV that other programs read", async () => {
    const { status, stdout, stderr } = await powershare("export", "readings", ...day, "--url", url);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const lines = stdout.split("\r\n");
    expect(lines[0]).toBe(
      "sequence,at_utc,clock,monotonic_ms,boot_id,meter,quality,rejected_because,import_register_wh,export_register_wh,profile_sha256,registers_hex",
    );
    expect(lines.at(-1)).toBe("");
    expect(lines).toHaveLength(store.lastSequence() + 2);
    expect(lines[1]).toMatch(
      /^1,2026-06-01T12:00:01.000Z,synchronised,1000,boot,eastron\/sdm630:1,good,,1,0,/,
    );
  });

  it("gives intervals to a new file, and only those of the time", async () => {
    const out = join(work, "intervals.csv");
    const hour = ["--from", "2026-06-01T12:00:00Z", "--to", "2026-06-01T12:01:00Z"];
    const { status, stdout } = await powershare(
      "export",
      "intervals",
      ...hour,
      "--url",
      url,
      "--out",
      out,
      "--json",
    );
    expect(status).toBe(0);
    const lines = readFileSync(out, "utf8").split("\r\n");
    expect(JSON.parse(stdout)).toMatchObject({ file: out, rows: 3 });
    expect(lines[0]).toContain("meter,role,sequence,start_utc,end_utc,import_wh,export_wh");
    expect(lines[2]).toMatch(
      /^eastron\/sdm630:1,connection,2,2026-06-01T12:00:20Z,2026-06-01T12:00:40Z,20,0,/,
    );
    expect(
      (await powershare("export", "intervals", ...hour, "--url", url, "--out", out)).status,
    ).toBe(2);
  });

  it.each([
    [["export", "readings", "--from", "yesterday", "--to", "2026-06-02"]],
    [["export", "coins", ...day]],
    [["export", "readings", ...day, "--json"]],
    [["export", "readings", "--from", "2026-06-01"]],
  ])("is bad usage as %j", async (args) => {
    expect((await powershare(...args)).status).toBe(2);
  });
});
