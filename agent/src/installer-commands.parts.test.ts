import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { loadProfile } from "@powershare/firmware-profiles";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { httpServer, listen } from "./adapters/http/server.js";
import { meterReportOf } from "./app/meter-report.js";
import { overviewOf } from "./app/overview.js";
import { statusReportOf } from "./app/status-report.js";
import { noEvidence, noWiring } from "./testing/no-evidence.js";
import { connectionMeter, SimHousehold, silentLog, slotSeconds } from "./testing/sim-household.js";

vi.setConfig({ testTimeout: 60_000 });
const command = fileURLToPath(new URL("../../provisioning/bin/powershare.js", import.meta.url));
const slotMs = slotSeconds * 1000;
const second = `${connectionMeter}.2`;
let home: SimHousehold;
let http: FastifyInstance;
let url: string;

beforeEach(async () => {
  home = new SimHousehold();
  home.start();
  await home.clock.advance(3 * slotMs + 7_000);
  const { store, epochs, meters, clock, health } = home;
  const profiles = [loadProfile("eastron/sdm630"), loadProfile("eastron/sdm230")];
  const place = (unit: number, role: "connection" | "generator", profile = profiles[unit - 1]) => {
    if (profile === undefined) throw new Error("no profile");
    return { place: `line1/${unit}`, role, profile };
  };
  http = await httpServer({
    overview: overviewOf({
      store,
      meters,
      clock,
      health,
      participant: "h1",
      slotSeconds,
      zone: "UTC",
      lastStep: () => null,
      staleAfterMs: 5_000,
      height: () => 7,
      wiring: noWiring,
      certificateEndsAtMs: () => Date.parse("2027-06-01T00:00:00Z"),
    }),
    status: statusReportOf({
      places: [place(1, "connection"), place(2, "generator")],
      meters,
      epochs,
      store,
      clock,
    }),
    meters: meterReportOf({ store, epochs, profiles }),
    wiring: noWiring,
    bus: () => ({ meters: [] }),
    decide: epochs,
    evidence: noEvidence,
    store,
    device: undefined,
    archive: {
      folder: "",
      store: { usedBytes: () => 0, backup: async () => {} },
      csv: async function* () {},
    },
    pageDir: home.directory,
    log: silentLog,
  });
  url = `http://127.0.0.1:${await listen(http, "127.0.0.1", 0)}`;
});
afterEach(async () => {
  await http.close();
  home.dispose();
});

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Simulated time goes on while the command runs. */
async function powershare(...args: string[]): Promise<Outcome> {
  let ended = false;
  const outcome = new Promise<Outcome>((resolve) => {
    const argv = [command, ...args, "--url", url];
    execFile(process.execPath, argv, { timeout: 30_000 }, (error, stdout, stderr) => {
      ended = true;
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
  while (!ended) {
    await home.clock.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return await outcome;
}

/** The meter at the connection point is taken out at 1.22 kWh and another, at 5.000 kWh, put in. */
async function swap(): Promise<void> {
  home.connection.importWh = 5_000;
  home.connection.exportWh = 10;
  await home.clock.advance(2 * slotMs);
}

/** What the installer read from both displays. */
function displays(): string[] {
  const [epoch] = home.epochs.pending;
  if (epoch === undefined) throw new Error("nothing is pending");
  const kwh = ({ importWh, exportWh }: { importWh: number; exportWh: number }) =>
    [importWh, exportWh].map((wh) => (wh / 1000).toFixed(3)).join(",");
  return ["--closing", kwh(epoch.closing), "--opening", kwh(home.connection)];
}

const asked = () => home.ledger.done.filter(({ name }) => name === "metering:AskMeterEpoch");

describe("powershare status", () => {
  it("shows meters with power and direction, ages, evidence, ledger and wallet in 24 rows of 80", async () => {
    const { status, stdout } = await powershare("status");
    expect(status).toBe(0);
    const rows = stdout.trimEnd().split("\n");
    expect(rows.length).toBeLessThanOrEqual(23);
    for (const row of rows) expect(row.length).toBeLessThan(80);
    expect(stdout).toMatch(/grid +→ 3600 W import, \d s ago/);
    expect(stdout).toMatch(/solar +← 7200 W export/);
    expect(stdout).toContain(connectionMeter);
    expect(stdout).toMatch(/evidence +\d+ of \d+ intervals committed/);
    expect(stdout).toContain("block 7");
    expect(stdout).toMatch(/wallet +not known yet/);
  });

  it("says that a meter waits for a word, and which one is silent", async () => {
    home.generator.fault = "silent";
    await swap();
    const { stdout } = await powershare("status");
    expect(stdout).toContain(`a new meter ${second}: powershare replace-meter`);
    expect(stdout).toContain("SILENT now");
  });

  it("with --json gives both of the agent's answers", async () => {
    const { stdout } = await powershare("status", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      overview: { participant: "h1" },
      status: { meters: [{ place: "line1/1" }, { place: "line1/2" }], epochs: [] },
    });
  });
});

describe("powershare replace-meter", () => {
  it("compares with both displays, decides, and ends when the operator is asked; once more changes nothing", async () => {
    await swap();
    const first = await powershare("replace-meter", "--yes", ...displays(), "--json");
    expect([first.status, first.stderr]).toEqual([0, expect.stringContaining("its last reading")]);
    expect(JSON.parse(first.stdout)).toMatchObject({
      meter: second,
      follows: connectionMeter,
      state: "asked",
      opening: { importWh: 5_000 },
    });
    expect(asked()).toHaveLength(1);
    const again = await powershare("replace-meter", "--meter", second, "--json");
    expect(again.status).toBe(0);
    expect(asked()).toHaveLength(1);
  });

  it("goes on where it was interrupted between decision and ledger", async () => {
    await swap();
    home.ledger.down = true;
    const cut = await powershare("replace-meter", "--yes", ...displays(), "--wait", "0");
    expect(cut.status).toBe(3);
    expect(cut.stderr).toContain(`repeat with --meter ${second}`);
    expect(asked()).toEqual([]);
    home.ledger.down = false;
    await home.clock.advance(20_000);
    expect((await powershare("replace-meter", "--meter", second)).status).toBe(0);
    expect(asked()).toHaveLength(1);
  });

  it.each([
    { name: "the old meter", closing: "9.9,0.5", opening: "5.00,0.01" },
    { name: "the new meter", closing: undefined, opening: "7.00,0.01" },
  ])(
    "says no where the display of $name shows something else, and decides nothing",
    async (shown) => {
      await swap();
      const [, closing = ""] = displays();
      const { status, stderr } = await powershare(
        "replace-meter",
        "--yes",
        "--closing",
        shown.closing ?? closing,
        "--opening",
        shown.opening,
      );
      expect([status, stderr]).toEqual([1, expect.stringContaining(`${shown.name} sent importWh`)]);
      expect(home.epochs.pending).toHaveLength(1);
    },
  );

  it("withdraws what is no new meter, and says so when asked again", async () => {
    await swap();
    expect((await powershare("replace-meter", "--withdraw")).status).toBe(0);
    // The registers stayed, so the question may have come again by now, about a third.
    expect(home.epochs.all[0]).toMatchObject({ meter: second, state: "withdrawn" });
    expect((await powershare("replace-meter", "--meter", second)).status).toBe(1);
  });

  it("waits for the new meter to answer", async () => {
    const waiting = powershare("replace-meter", "--withdraw");
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    home.connection.importWh = 5_000;
    expect(await waiting).toMatchObject({ status: 0 });
  });

  it.each([
    {
      name: "no new meter in time",
      args: ["--wait", "0"],
      status: 3,
      says: "no new meter was noticed",
    },
    { name: "--yes alone", args: ["--yes"], status: 2, says: "--yes needs --closing" },
    { name: "no kWh", args: ["--closing", "12"], status: 2, says: "IMPORT,EXPORT" },
  ])("exits $status for $name", async ({ args, status, says }) => {
    const outcome = await powershare("replace-meter", ...args);
    expect(outcome).toMatchObject({ status, stderr: expect.stringContaining(says) as string });
  });

  it("asks nobody where there is no terminal: exit 2", async () => {
    await swap();
    const { status, stderr } = await powershare("replace-meter");
    expect([status, stderr]).toEqual([2, expect.stringContaining("nobody to ask")]);
  });
});

it.each(["status", "replace-meter"])(
  "%s says where no agent answers, and exits 3",
  async (name) => {
    url = "http://127.0.0.1:9";
    const { status, stderr } = await powershare(name);
    expect([status, stderr]).toEqual([3, expect.stringContaining("[device.agent-down]")]);
  },
);
