import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { z } from "zod";
import { castHousehold } from "./cast.js";
import { Child } from "./child.js";
import { Neighbourhood } from "./neighbourhood.js";
import { freePort } from "./ports.js";
import { createRunDirectory, removeRun } from "./run-directory.js";
import { connectNetwork } from "./testing/network-control.js";
import { testSettings } from "./testing/shared-neighbourhood.js";
import { tpmSocket } from "./tpm.js";

// An installer's whole way on real parts: from meters on a line to the first evidence on a real ledger.
const program = fileURLToPath(new URL("../../provisioning/bin/powershare.js", import.meta.url));
const agentProgram = fileURLToPath(new URL("../../agent/dist/main.js", import.meta.url));
const spec = castHousehold(1, "up", "up");
let directory: string;
let street: Neighbourhood;
let agent: Child | undefined;

beforeAll(async () => {
  const network = await connectNetwork(inject("networkSocket"));
  directory = await createRunDirectory();
  street = await Neighbourhood.prepare([spec], directory);
  const desk = await street.openDesk(network, "desk-of-up");
  await desk.openMicrogrid(testSettings);
});
afterAll(async () => {
  await agent?.stop();
  await street.desk.suspend(spec.id);
  await street.stop();
  await removeRun(directory);
});

test("powershare up: from the meters to the first evidence that the ledger took", async () => {
  const [household] = street.households;
  const home = household?.directory ?? "";
  const registrar = await street.registrar;
  const port = await freePort(8180);
  const config = join(home, "agent.yaml");
  const answers = join(home, "answers.json");
  writeFileSync(answers, JSON.stringify(await answersFor(home)));
  const run = running([
    "up",
    "--data-dir",
    join(home, "data"),
    "--config",
    config,
    "--answers",
    answers,
    "--serial",
    join(home, "line"),
    "--swtpm",
    tpmSocket(home),
    "--json",
    "--registrar",
    registrar.url,
    "--registrar-ca",
    registrar.caFile,
    "--slot-seconds",
    String(testSettings.slotSeconds),
    "--url",
    `http://127.0.0.1:${port}`,
  ]);
  const [, id = ""] = await run.until(/enrolments\/([0-9a-f]{32})/);
  const [, code = ""] = await run.until(/Code (\S+): read it/);
  await registrar.approve({ id, code, participant: spec.id, source: spec.source });
  await run.until(/Start the agent now/);
  agent = await Child.start({
    name: "agent",
    command: process.execPath,
    args: [agentProgram, "--config", config],
    logFile: join(home, "agent.log"),
  });
  const { code: exit, stdout } = await run.ended;
  expect(exit, run.said()).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ done: true, enrolment: { participant: spec.id } });
  expect(run.said()).toMatch(/First evidence on the ledger\s+ok\s+\d+ committed/);
  const found = await street.desk.client.read("participants:ReadParticipant", {
    participant: spec.id,
  });
  expect(found).toMatchObject({ equipment: { storage: "none", ev: true } });
  expect(readFileSync(join(home, "handover.html"), "utf8")).toContain(spec.id);
});

const scanned = z.object({ unit: z.int(), values: z.record(z.string(), z.unknown()) });

/** What an installer reads from the displays, and says of the house. */
async function answersFor(home: string): Promise<object> {
  const scan = running(["scan", "--serial", join(home, "line")]);
  const lines = (await scan.ended).stdout.trim().split("\n");
  const meters = lines.map((line) => {
    const { unit, values } = scanned.parse(JSON.parse(line));
    const known = spec.meters.find((meter) => meter.unit === unit);
    const kwh = (quantity: string) => Number(values[quantity] ?? 0) / 1000;
    return {
      unit,
      role: known?.role,
      profile: known?.profile,
      fuseA: known?.fuseA,
      displayImportKwh: kwh("activeEnergyImportWh"),
      displayExportKwh: kwh("activeEnergyExportWh"),
      displayAgrees: true,
    };
  });
  return {
    v: 1,
    language: "en",
    accepted: ["clock", "disk", "data-dir", "serial"],
    meters,
    site: {
      latitude: 34.1,
      longitude: -117.4,
      pv: { peakW: 5000, azimuthDeg: null, tiltDeg: null },
      storage: "none",
      ev: true,
      sealNumber: null,
    },
    wiring: { testNow: false },
    operator: { contact: "the operator" },
  };
}

function running(args: readonly string[]) {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const ended = new Promise<{ code: number | null; stdout: string }>((resolve) =>
    child.once("close", (code) => resolve({ code, stdout })),
  );
  const until = async (wanted: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = wanted.exec(stderr);
      if (found !== null) return found;
      if (child.exitCode !== null) throw new Error(stderr);
      await sleep(100);
    }
  };
  return { ended, said: () => stderr, until };
}
