import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEvidenceFile } from "@powershare/domain/evidence";
import { loadProfile } from "@powershare/firmware-profiles";
import Sqlite from "better-sqlite3";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpServer, listen } from "./adapters/http/server.js";
import { evidenceExport } from "./app/export-evidence.js";
import { storeArchive } from "./store-keeping.js";
import { noStatus, noWiring } from "./testing/no-evidence.js";
import { pythonOfTests, secondVerifier } from "./testing/python-verifier.js";
import { deviceOf } from "./testing/recorded-household.js";
import { SimHousehold, silentLog, slotSeconds } from "./testing/sim-household.js";

const command = fileURLToPath(new URL("../../provisioning/bin/powershare.js", import.meta.url));
const slots = 6;
let home: SimHousehold;
let http: FastifyInstance;
let agent: string;
let folder: string;
const file = (...names: string[]): string => join(folder, ...names);
const period = ["--from", "2026-06-01T12:00:00Z", "--to", "2026-06-01T12:10:00Z"];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "powershare-export-"));
  home = new SimHousehold();
  home.start();
  await home.clock.advance(slots * slotSeconds * 1000);
  const { store, signer, directory } = home;
  const device = deviceOf(home);
  const profiles = [loadProfile("eastron/sdm630"), loadProfile("eastron/sdm230")];
  const pause = async () => {};
  http = await httpServer({
    overview: () => {
      throw new Error("not asked for here");
    },
    meters: () => ({ pending: [], rejected: [] }),
    wiring: noWiring,
    bus: () => ({ meters: [] }),
    status: () => noStatus,
    decide: { decide: () => {} },
    store,
    device,
    evidence: evidenceExport({ store, device, signer, profiles, version: "0.1.0", pause }),
    archive: storeArchive(store, directory),
    pageDir: folder,
    log: silentLog,
  });
  agent = `http://127.0.0.1:${await listen(http, "127.0.0.1", 0)}`;
});
afterAll(async () => {
  await http.close();
  home.dispose();
  rmSync(folder, { recursive: true });
});

function powershare(
  ...args: string[]
): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...args], { timeout: 30_000 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : Number(error.code);
      resolve({ status, stdout, stderr });
    });
  });
}
const evidence = (...args: string[]) => powershare("evidence", ...args);

describe("powershare evidence prove", () => {
  it("writes a file that both verifiers prove, for a reading of a running agent", async () => {
    const out = file("proof.json");
    const { status, stderr } = await evidence("prove", "42", "--agent", agent, "--out", out);
    expect([status, stderr]).toEqual([0, expect.stringContaining("number 42")]);
    const verified = await evidence("verify", out, "--json");
    expect(JSON.parse(verified.stdout)).toMatchObject({ proven: true, files: [{ readings: 1 }] });
    expect(secondVerifier([out])).toMatchObject([{ proven: true, proves: { readings: 1 } }]);
    expect(parseEvidenceFile(JSON.parse(readFileSync(out, "utf8"))).readings).toMatchObject([
      { reading: { sequence: 42 } },
    ]);
  });

  it("proves the same from the store of an agent that does not run, and nothing that was changed in it", async () => {
    const { certificatePem: _, ...registration } = deviceOf(home);
    mkdirSync(file("stopped"));
    writeFileSync(file("stopped", "registration.json"), JSON.stringify(registration));
    writeFileSync(file("stopped", "certificate.pem"), "certificate");
    const prove = (sequence: string) =>
      evidence("prove", sequence, "--data-dir", file("stopped"), "--json");
    const path = file("stopped", "agent.db");
    const saved = await powershare("backup", "--url", agent, "--out", path);
    expect(saved.status, saved.stderr).toBe(0);

    const offline = await prove("42");
    expect([offline.status, offline.stderr]).toEqual([0, ""]);
    const online = await evidence("prove", "42", "--agent", agent);
    const content = ({ stdout }: typeof online) => ({
      ...parseEvidenceFile(JSON.parse(stdout)),
      device: undefined,
    });
    expect(content(offline)).toEqual(content(online));
    expect(readdirSync(file("stopped")).filter((name) => /-(wal|shm)$/.test(name))).toEqual([]);
    expect(await prove("999999")).toMatchObject({ status: 1, stdout: "" });

    const store = new Sqlite(path);
    store.function("row_crc", { varargs: true, deterministic: true }, () => 0);
    store.exec("UPDATE reading SET at_ms = at_ms + 1 WHERE sequence = 42");
    const changed = await prove("43");
    expect([changed.status, changed.stderr]).toEqual([3, expect.stringContaining("store.corrupt")]);
    store.pragma("locking_mode = EXCLUSIVE");
    store.exec("DELETE FROM reading WHERE sequence = 42");
    const busy = await prove("43");
    expect([busy.status, busy.stderr]).toEqual([3, expect.stringContaining("store.in-use")]);
    store.close();
    expect(await prove("43")).toMatchObject({ status: 1, stdout: "" });
  });

  it("says no to a number that is not sealed, and exits 1", async () => {
    const { status, stderr } = await evidence("prove", "999999", "--agent", agent);
    expect([status, stderr]).toEqual([1, expect.stringContaining("not under a checkpoint yet")]);
  });

  it.each([["0"], ["-1"], ["1.5"], ["one"]])("refuses %s as bad usage", async (text) => {
    expect((await evidence("prove", text)).status).toBe(2);
  });

  it("says where no agent answers, and exits 3", async () => {
    const { status, stderr } = await evidence("prove", "1", "--agent", "http://127.0.0.1:9");
    expect([status, stderr]).toEqual([3, expect.stringContaining("no agent answers")]);
  });
});

describe("powershare evidence export --format package", () => {
  it("writes files that both verifiers prove, and from which single readings are proved offline", async () => {
    const out = file("packages");
    const args = ["--format", "package", "--readings", "--agent", agent, "--out", out, "--json"];
    const { status, stdout } = await evidence("export", ...period, ...args);
    const { files, packages } = JSON.parse(stdout) as { files: string[]; packages: number };
    expect([status, files.length, packages > 4]).toEqual([0, 1, true]);
    expect((await evidence("verify", ...files)).status).toBe(0);
    expect(secondVerifier(files)).toMatchObject([{ proven: true }]);
    const proof = await evidence("prove", "42", "--file", files[0] ?? "");
    writeFileSync(file("offline.json"), proof.stdout);
    expect((await evidence("verify", file("offline.json"))).status).toBe(0);
    expect((await evidence("prove", "999999", "--file", files[0] ?? "")).status).toBe(1);
    // Nothing is overwritten.
    expect((await evidence("export", ...period, ...args)).status).toBe(2);
  });

  it("without readings needs no more than the packages", async () => {
    const out = file("bare");
    const args = ["--format", "package", "--agent", agent, "--out", out, "--json"];
    const { stdout } = await evidence("export", ...period, ...args);
    const { files } = JSON.parse(stdout) as { files: string[] };
    expect(secondVerifier(files)).toMatchObject([{ proven: true, proves: { readings: 0 } }]);
  });

  it.each([
    ["no format", [...period, "--out", "x"]],
    ["another format", [...period, "--format", "pdf", "--out", "x"]],
    [
      "a time that ends before it begins",
      ["--from", "2026-06-02", "--to", "2026-06-01", "--format", "ocmf", "--out", "x"],
    ],
  ])("refuses %s as bad usage", async (_, args) => {
    expect((await evidence("export", ...args)).status).toBe(2);
  });
});

describe("powershare evidence export --format ocmf", () => {
  /** What pyocmf 0.6 makes of each line: strictly parsed, and its signature. */
  function pyocmf(records: string, key: string): unknown {
    const script = fileURLToPath(new URL("./testing/check_ocmf.py", import.meta.url));
    return new Promise((resolve, reject) => {
      execFile(pythonOfTests(), [script, records, key], (error, stdout, stderr) => {
        if (error === null) resolve(JSON.parse(stdout));
        else reject(new Error(stderr));
      });
    });
  }

  it("writes records that another reader accepts, and not with one digit changed", async () => {
    const out = file("ocmf");
    const args = ["--format", "ocmf", "--agent", agent, "--out", out, "--json"];
    const { status, stdout } = await evidence("export", ...period, ...args);
    expect([status, JSON.parse(stdout)]).toMatchObject([0, { records: 4 * (slots - 1) }]);
    const [records, key] = [join(out, "records.ocmf"), join(out, "reading-key.pem")];
    const lines = readFileSync(records, "utf8").trim().split("\n");
    const good = { strict: true, signature: true };
    expect(await pyocmf(records, key)).toEqual(lines.map(() => good));

    const changed = lines.map((line) =>
      line.replace(
        /"RV":(\d*)(\d)/,
        (_, a: string, b: string) => `"RV":${a}${(Number(b) + 1) % 10}`,
      ),
    );
    writeFileSync(file("changed.ocmf"), `${changed.join("\n")}\n`);
    expect(await pyocmf(file("changed.ocmf"), key)).toEqual(
      lines.map(() => ({ ...good, signature: false })),
    );
  });

  it("writes records that SAFE's Transparenzsoftware verifies, and not with one digit changed", async (context) => {
    const script = fileURLToPath(new URL("../../scripts/safe.mjs", import.meta.url));
    const safe = (records: string) =>
      spawnSync(
        process.execPath,
        [script, records, file("ocmf", "reading-key.pem"), "--built-only"],
        {
          encoding: "utf8",
        },
      );
    const { status, stdout } = safe(file("ocmf", "records.ocmf"));
    context.skip(
      status === 3,
      "node scripts/safe.mjs has not built it: that takes a JDK and Maven",
    );
    const verdicts = (text: string): unknown[] =>
      text
        .trim()
        .split("\n")
        .map((line): unknown => JSON.parse(line));
    const good = { verified: true, wholeTransaction: true, errors: [] };
    expect([status, verdicts(stdout)]).toEqual([0, Array(4 * (slots - 1)).fill(good)]);
    const changed = safe(file("changed.ocmf"));
    expect([changed.status, verdicts(changed.stdout)]).toEqual([
      1,
      Array(4 * (slots - 1)).fill(expect.objectContaining({ verified: false })),
    ]);
  });

  it("wraps them with their key in XML, as SAFE's program opens them", async () => {
    const xml = readFileSync(file("ocmf", "records.xml"), "utf8");
    const script =
      "import sys; from pyocmf.utils.xml import *; import pyocmf.utils.xml as x; print(len(x.OcmfContainer.from_xml(sys.argv[1]).entries))";
    const parsed = await new Promise<string>((resolve, reject) => {
      execFile(
        pythonOfTests(),
        ["-c", script, file("ocmf", "records.xml")],
        (error, stdout, stderr) => (error === null ? resolve(stdout) : reject(new Error(stderr))),
      );
    });
    expect(Number(parsed)).toBe(4 * (slots - 1));
    expect(xml).toContain('<publicKey encoding="plain">3059301306072a8648ce3d0201');
  });
});
