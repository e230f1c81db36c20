import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { listProfiles, loadProfile } from "@powershare/firmware-profiles";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { makersSettings } from "../scan/line-settings.js";
import { scanLineSchema } from "../scan/report.js";
import { scan } from "../scan/scan.js";
import { bankOf, ScanLine, type TestMeter } from "../testing/scan-line.js";

const powershare = fileURLToPath(new URL("../../bin/powershare.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "scan-test-"));
const profiles = listProfiles();
let line: ScanLine | undefined;
afterEach(async () => {
  await line?.close();
  line = undefined;
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [powershare, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

const metersIn = (stdout: string) =>
  stdout
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => scanLineSchema.parse(JSON.parse(text)));

describe("meters that are heard at their own setting only", () => {
  const meters: readonly TestMeter[] = [
    { unit: 2, profile: "eastron/sdm630", values: { serialNumber: "12345678" } },
    // Slower than a probe's patience: known by its late answer.
    { unit: 4, profile: "abb/b23", values: { serialNumber: "87654321" }, slowMs: 300 },
    { unit: 5, profile: "eastron/sdm72", isShared: true },
  ];

  test("are found, the slow one too, and a shared unit id is told", async () => {
    const opened = await ScanLine.open(meters);
    line = opened;
    const found: unknown[] = [];
    const result = await scan({
      profiles,
      settings: makersSettings(profiles)
        .filter(({ baudRate }) => baudRate >= 9600)
        .slice(0, 2),
      units: [2, 4, 5, 6],
      open: opened.openReader,
      probingS: 2,
      stop: new AbortController().signal,
      onMeter: async ({ setting, unit, candidates: [best] }) => {
        found.push([
          setting?.baudRate,
          setting?.parity,
          unit,
          best?.profile.id,
          best?.serialNumber,
        ]);
      },
      onAgain: () => {},
      onProgress: () => {},
      sleep: (delayMs) => sleep(delayMs),
      now: () => performance.now(),
    });
    expect(found).toEqual([
      [9600, "none", 2, "eastron/sdm630", "12345678"],
      [19_200, "even", 4, "abb/b23", "87654321"],
    ]);
    expect(new Set(result.damaged.map(({ unit }) => unit))).toEqual(new Set([5]));
  });
});

describe("powershare scan", () => {
  test("prints a line for each meter, and records what profile decode and validate accept", async () => {
    line = await ScanLine.open([
      { unit: 3, profile: "eastron/sdm630", values: { serialNumber: "12345678" } },
    ]);
    const drafts = join(folder, "drafts");
    const args = ["scan", "--serial", line.path, "--units", "1-4", "--record", drafts, "--json"];
    const { code, stdout, stderr } = await run(...args);
    expect(code, stderr).toBe(0);
    expect(metersIn(stdout)).toMatchObject([
      {
        baud: 9600,
        parity: "none",
        unit: 3,
        profile: "eastron/sdm630",
        serialNumber: "12345678",
        values: { voltageL1V: 231, activePowerW: 1560, activeEnergyImportWh: 1_234_000 },
      },
    ]);
    expect(stderr).toContain("activeEnergyImportWh");
    const [capture = "", profile = ""] = readdirSync(drafts).toSorted();
    const decoded = await run(
      "profile",
      "decode",
      "eastron/sdm630",
      "--capture",
      join(drafts, capture),
      "--json",
    );
    expect(decoded.code, decoded.stderr).toBe(0);
    expect(JSON.parse(decoded.stdout)).toMatchObject({
      values: { voltageL1V: 231, serialNumber: "12345678", frequencyHz: 50 },
      errors: [],
    });
    expect(await run("profile", "validate", join(drafts, profile))).toMatchObject({ code: 0 });

    // What is there already may have been completed by hand.
    const again = await run(...args);
    expect(again.code).toBe(3);
    expect(metersIn(again.stdout)).toHaveLength(1);
    expect(again.stderr).toMatch(/not recorded: .*sdm630-unit3/);
  });

  test("over Modbus TCP a device that answers to every unit id is one meter, and can be recorded", async () => {
    const bank = bankOf(loadProfile("carlo-gavazzi/em24-e1"));
    const server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.on("data", (bytes) => {
        const code = bytes.readUInt8(7);
        const data = bank(
          code === 3 ? "holding" : "input",
          bytes.readUInt16BE(8),
          bytes.readUInt16BE(10),
        );
        const said = data instanceof Uint8Array ? [code, data.length, ...data] : [code | 0x80, 2];
        const header = [...bytes.subarray(0, 4), 0, said.length + 1, bytes.readUInt8(6)];
        socket.write(Uint8Array.from([...header, ...said]));
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const drafts = join(folder, "tcp");
    const { code, stdout, stderr } = await run(
      "scan",
      "--tcp",
      `127.0.0.1:${port}`,
      "--record",
      drafts,
    );
    server.close();
    expect(code, stderr).toBe(0);
    expect(metersIn(stdout)).toMatchObject([
      { baud: null, parity: null, unit: 1, profile: "carlo-gavazzi/em24-e1" },
    ]);
    expect(stderr).toContain("the same meter as unit 1");
    const [capture = ""] = readdirSync(drafts).toSorted();
    const decoding = ["profile", "decode", "carlo-gavazzi/em24-e1", "--capture"];
    expect(await run(...decoding, join(drafts, capture))).toMatchObject({ code: 0 });
  });

  test("an unknown device is told, and recorded as a draft that is valid", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.on("data", (bytes) => {
        const [code, address] = [bytes.readUInt8(7), bytes.readUInt16BE(8)];
        const count = bytes.readUInt16BE(10);
        const isMapped = code === 3 && address + count <= 8;
        const words = Array.from({ length: count }).flatMap(() => [0x43, 0x66]);
        const said = isMapped ? [3, 2 * count, ...words] : [code | 0x80, 2];
        const header = [...bytes.subarray(0, 4), 0, said.length + 1, bytes.readUInt8(6)];
        socket.write(Uint8Array.from([...header, ...said]));
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const drafts = join(folder, "unknown");
    const { code, stdout, stderr } = await run(
      "scan",
      "--tcp",
      `127.0.0.1:${port}`,
      "--units",
      "1",
      "--record",
      drafts,
    );
    server.close();
    expect(code, stderr).toBe(0);
    expect(metersIn(stdout)).toMatchObject([{ unit: 1, profile: null, serialNumber: null }]);
    const [, profile = ""] = readdirSync(drafts).toSorted();
    const validated = await run("profile", "validate", join(drafts, profile));
    expect(validated.code, validated.stderr).toBe(0);
  });

  test("Ctrl-C ends it at once; what was found is printed already", async () => {
    line = await ScanLine.open([{ unit: 1, profile: "eastron/sdm630" }]);
    const args = [powershare, "scan", "--serial", line.path, "--full", "--units", "1-247"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    const texts = { stdout: "", stderr: "" };
    child.stderr.on("data", (chunk: Buffer) => {
      texts.stderr += chunk.toString();
    });
    const printed = once(child.stdout, "data").then((args: unknown[]) => args[0]);
    const first = await printed;
    child.kill("SIGINT");
    const code = await once(child, "close").then((args: unknown[]) => args[0]);
    expect(code).toBe(0);
    expect(metersIn(String(first))).toMatchObject([{ unit: 1, profile: "eastron/sdm630" }]);
    expect(texts.stderr).toContain("stopped before the end");
  });

  test("nobody there is exit 1, with what to check", async () => {
    line = await ScanLine.open([]);
    const outcome = await run("scan", "--serial", line.path, "--units", "1");
    expect(outcome).toMatchObject({ code: 1, stdout: "" });
    expect(outcome.stderr).toContain("--full");
  });

  test.each([
    { name: "a missing port", args: ["--serial", "/dev/none"] },
    { name: "nothing behind TCP", args: ["--tcp", "127.0.0.1:1"] },
  ])("$name exits 3 with code and remedy", async ({ args }) => {
    const outcome = await run("scan", ...args);
    expect(outcome).toMatchObject({ code: 3, stdout: "" });
    expect(outcome.stderr).toMatch(/\[bus\.port-missing\] \w+/);
  });

  test.each([
    { name: "no line", args: [] },
    { name: "two lines", args: ["--serial", "/dev/x", "--tcp", "localhost:502"] },
    { name: "units that are none", args: ["--serial", "/dev/x", "--units", "0-3"] },
    { name: "a unit beyond 247", args: ["--serial", "/dev/x", "--units", "248"] },
  ])("$name is bad usage: exit 2", async ({ args }) => {
    expect(await run("scan", ...args)).toMatchObject({ code: 2, stdout: "" });
  });
});
