import { execFile, execFileSync } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { RunningHousehold } from "../testing/running-household.js";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const command = fileURLToPath(new URL("../../bin/powershare.js", import.meta.url));
let home: RunningHousehold;
beforeAll(async () => {
  home = await RunningHousehold.start();
});
afterAll(() => home.stop());

const report = z.object({
  healthy: z.boolean(),
  checks: z.array(
    z.object({
      id: z.string(),
      ok: z.boolean(),
      looked: z.boolean(),
      detail: z.string(),
      code: z.string().optional(),
      remedy: z.string().optional(),
    }),
  ),
});

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, ...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { timeout: 50_000, env: { ...process.env, NO_COLOR: "1" } },
      (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}
const doctor = (...args: string[]) =>
  run(process.execPath, command, "doctor", "--config", home.configPath, ...args);

/** The red lines, each as `id code`. */
function redIn({ stdout }: Outcome): string[] {
  const { checks } = report.parse(JSON.parse(stdout));
  for (const { ok, remedy } of checks) if (!ok) expect(remedy).toBeTruthy();
  return checks.filter(({ ok }) => !ok).map(({ id, code }) => `${id} ${code}`);
}

const serialBusy = () => `serial ${home.at("line")} device.port-busy`;

describe("while the agent runs", () => {
  beforeAll(() => home.startAgent());
  afterAll(() => home.stopAgent());

  it("it is asked for what it holds, each line fits 80 columns, and nothing secret is said", async () => {
    const { stdout, stderr } = await doctor();
    for (const row of stdout.split("\n")) expect(row.length).toBeLessThan(80);
    expect(stdout).toMatch(/^ok {4}Serial port .* in use by the agent$/m);
    expect(stdout).toMatch(/^ok {4}Meters +line1\/1 eastron\/sdm630:12345678/m);
    expect(stdout).toMatch(/^ok {4}TPM +signs for the agent$/m);
    expect(stdout).toMatch(/^ok {4}Certificate .*for the key in the T/m);
    const blobs = z
      .record(z.string(), z.unknown())
      .parse(JSON.parse(readFileSync(home.at("data/identity.json"), "utf8")));
    const secret = z.string().parse(blobs["readingAuth"]);
    expect(stdout + stderr + (await doctor("--json")).stdout).not.toContain(secret);
  });

  it("a TPM that went away is the agent's to tell", async () => {
    await home.tpm.stop();
    await vi.waitFor(
      async () => expect(redIn(await doctor("--json"))).toContain("tpm tpm.unavailable"),
      { timeout: 40_000, interval: 500 },
    );
    await home.tpm.powerCut();
  });
});

describe("while no agent runs", () => {
  const usual = () => [serialBusy(), "agent device.agent-down"];

  it("TPM and meters are asked, and the program that has the port is named", async () => {
    const outcome = await doctor("--json");
    expect(outcome.status).toBe(1);
    // The pseudo-terminal's other end is open in socat.
    expect(redIn(outcome)).toEqual(usual());
    expect(outcome.stdout).toContain("socat (process ");
    expect(outcome.stdout).toContain("by CN=Test maker");
    expect(outcome.stdout).toContain("line1/1 eastron/sdm630 12345678, 3600 W");
  });

  it("nothing is changed by looking", async () => {
    const files = ["identity.json", "registration.json"].map((name) => home.at(`data/${name}`));
    const before = files.map((name) => readFileSync(name, "utf8"));
    await doctor();
    expect(files.map((name) => readFileSync(name, "utf8"))).toEqual(before);
  });

  const bus = (meter: object, line: object = { serial: "line" }) => ({
    buses: [
      {
        id: "line1",
        ...line,
        meters: [
          {
            unit: 1,
            profile: "eastron/sdm630",
            role: "connection",
            fuseA: 63,
            phases: 3,
            ...meter,
          },
        ],
      },
    ],
  });
  const ledger = (change: object) => {
    const { ledger: usualLedger } = z
      .object({ ledger: z.record(z.string(), z.unknown()) })
      .parse(JSON.parse(readFileSync(home.configPath, "utf8")));
    return { ledger: { ...usualLedger, ...change } };
  };

  it.each([
    {
      name: "another meter",
      config: () => bus({ serialNumber: "7" }),
      red: "bus line1 meter.serial-changed",
    },
    { name: "a silent meter", config: () => bus({ unit: 77 }), red: "bus line1 bus.timeout" },
    {
      name: "nothing at the address",
      config: () => bus({}, { tcp: "127.0.0.1:9" }),
      red: "bus line1 bus.port-missing",
    },
    {
      name: "no such adapter",
      config: () => bus({}, { serial: { adapter: "NONE" } }),
      red: "serial NONE bus.port-missing",
    },
    {
      name: "a peer of another name",
      config: () => ledger({ tlsHostname: "peer.example.org" }),
      red: "peer device.peer-tls",
    },
    {
      name: "a peer of another CA",
      config: () => ledger({ tlsRootCertificate: "data/certificate.pem" }),
      red: "peer device.peer-tls",
    },
    {
      name: "no peer",
      config: () => ledger({ endpoint: "127.0.0.1:9" }),
      red: "peer ledger.unavailable",
    },
    {
      name: "no certificate",
      config: () => ledger({ certificate: "none.pem" }),
      red: "certificate device.certificate",
    },
    {
      name: "another participant",
      config: () => ({ participant: "h2" }),
      red: "certificate device.certificate",
    },
    { name: "no TPM", config: () => ({ tpm: { swtpm: "none.sock" } }), red: "tpm tpm.unavailable" },
    {
      name: "an empty folder",
      config: () => ({ dataDir: "empty" }),
      red: "tpm-keys tpm.not-enrolled",
    },
  ])("$name: $red", async ({ config, red }) => {
    home.writeConfig();
    home.writeConfig(config());
    const outcome = await doctor("--json");
    home.writeConfig();
    expect(outcome.status).toBe(1);
    expect(redIn(outcome)).toContain(red);
  });

  it.each([
    {
      name: "a clock two years ahead",
      at: "2028-12-01 00:00:00",
      red: "certificate device.certificate-ends",
    },
    { name: "a clock at 1970", at: "1970-01-01 00:05:00", red: "certificate clock.unknown" },
  ])("$name: $red", async ({ at, red }) => {
    const argv = [process.execPath, command, "doctor", "--config", home.configPath, "--json"];
    expect(redIn(await run("faketime", at, ...argv))).toContain(red);
  });

  it("a folder that others may read", async () => {
    chmodSync(home.at("data"), 0o755);
    const red = redIn(await doctor("--json"));
    chmodSync(home.at("data"), 0o700);
    expect(red).toEqual(["data-dir device.data-dir", ...usual()]);
  });

  it("a registrar that is not there", async () => {
    const asked = ["--registrar", "https://127.0.0.1:9", "--registrar-ca", home.at("ca.pem")];
    expect(redIn(await doctor("--json", ...asked))).toContain("registrar enrolment.unavailable");
  });

  const tpm2 = (tool: string, ...args: string[]): void => {
    const env = { ...process.env, TPM2TOOLS_TCTI: `swtpm:path=${home.tpm.socketPath}` };
    execFileSync(`tpm2_${tool}`, args, { env, stdio: "ignore", cwd: home.folder });
  };

  it("a TPM that wrong authorisations have locked", async () => {
    tpm2("dictionarylockout", "-s", "-n", "1", "-t", "1000", "-l", "1000");
    tpm2("createprimary", "-C", "o", "-p", "right", "-c", "key.ctx");
    expect(() => tpm2("create", "-C", "key.ctx", "-P", "wrong", "-u", "u", "-r", "r")).toThrow();
    const red = redIn(await doctor("--json"));
    tpm2("dictionarylockout", "-c");
    // The device's own keys are exempt.
    expect(red).toEqual(["tpm tpm.locked", ...usual()]);
  });

  it("a TPM that was cleared, last of all", async () => {
    tpm2("clear", "-c", "p");
    const red = redIn(await doctor("--json"));
    expect(red.find((line) => line.startsWith("tpm-keys "))).toMatch(
      /tpm\.(cleared|counter|wrong-tpm)/,
    );
  });
});

it.each([
  { name: "an unknown key", config: { colour: "red" }, says: "colour: unknown key" },
  { name: "no bus", config: { buses: [] }, says: "buses" },
])("exits 2 with line and reason for $name", async ({ config, says }) => {
  home.writeConfig(config);
  const { status, stdout, stderr } = await doctor();
  home.writeConfig();
  expect([status, stdout, stderr]).toEqual([2, "", expect.stringContaining(says)]);
});

it("exits 2 where there is no configuration", async () => {
  const { status, stderr } = await run(
    process.execPath,
    command,
    "doctor",
    "--config",
    home.at("none"),
  );
  expect([status, stderr]).toEqual([2, expect.stringContaining("[config.unreadable]")]);
});
