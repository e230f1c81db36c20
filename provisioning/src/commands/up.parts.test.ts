import { spawn, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { enrolmentView } from "@powershare/domain/enrolment";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { type Cabinet, openCabinet } from "../testing/cabinet.js";
import { type RunningRegistrar, startRegistrar } from "../testing/running-registrar.js";
import type { TestMeter } from "../testing/scan-line.js";
import { TestTerminal } from "../testing/terminal.js";
import { TestHouse } from "../testing/test-house.js";

const command = fileURLToPath(new URL("../../bin/powershare.js", import.meta.url));
const withinMs = 60_000;
let registrar: RunningRegistrar;
let cabinet: Cabinet | undefined;
let terminal: TestTerminal | undefined;

beforeAll(async () => {
  registrar = await startRegistrar();
});
afterAll(async () => await registrar.stop());
afterEach(async () => {
  await terminal?.close();
  await cabinet?.close();
  terminal = cabinet = undefined;
});

/** A house with a meter at the connection and one at the PV, of a model that registers do not tell. */
function metersOf(house: TestHouse): TestMeter[] {
  const meter = (unit: number, serialNumber: string, live: TestMeter["live"]): TestMeter => ({
    unit,
    profile: "eastron/sdm230",
    values: { serialNumber },
    ...(live && { live }),
  });
  return [
    meter(1, "12345678", () => house.connection()),
    meter(2, "87654321", () => house.generator()),
  ];
}

const upArgs = ({ folder, swtpm }: Cabinet, ...line: string[]): string[] => [
  command,
  "up",
  "--data-dir",
  join(folder, "data"),
  "--config",
  join(folder, "agent.yaml"),
  "--swtpm",
  swtpm,
  ...line,
];
const registrarArgs = () => ["--registrar", registrar.url, "--registrar-ca", registrar.caFile];

/** What this machine's clock and disk are like is not the test's matter. */
const machine = ["clock", "disk", "data-dir"];

function answersIn({ folder }: Cabinet, answers: object): string {
  const path = join(folder, "answers.yaml");
  writeFileSync(path, JSON.stringify(answers));
  return path;
}

interface Running {
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string }>;
  /** What it said so far. */
  said(): string;
  until(wanted: RegExp): Promise<RegExpExecArray>;
}

/** The command without a terminal, as a script runs it. */
function running(args: readonly string[]): Running {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const ended = new Promise<{ code: number | null; stdout: string }>((resolve) =>
    child.once("close", (code) => resolve({ code, stdout })),
  );
  const until = async (wanted: RegExp) => {
    for (;;) {
      const found = wanted.exec(stderr);
      if (found !== null) return found;
      if (child.exitCode !== null) throw new Error(stderr);
      await sleep(50);
    }
  };
  return { ended, said: () => stderr, until };
}

function operator(...args: string[]): unknown {
  const access = [...registrarArgs(), "--token-file", registrar.tokenFile, "--json"];
  const argv = [command, "operator", "enrolments", ...args, ...access];
  const { status, stderr, stdout } = spawnSync(process.execPath, argv, { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

function approve(code: string, participant: string): void {
  const views = z.array(enrolmentView).parse(operator("list"));
  const id = views.find((view) => view.code === code)?.id ?? "";
  operator("approve", id, "--participant", participant, "--code", code);
}

const upState = z.object({ steps: z.record(z.string(), z.unknown()) });
const doneIn = ({ folder }: Cabinet): string[] =>
  Object.keys(upState.parse(JSON.parse(readFileSync(join(folder, "data/up.json"), "utf8"))).steps);

/** Question and what is typed at it, in order; what is asked more than once stands there as often. */
const dialogue: readonly (readonly [step: string, question: RegExp, typed: string])[] = [
  ["check", /go on all the same\? \(yes\/no\): $/, "yes"],
  ["display", /unit 1 on .*Which is on its type plate\?.*1 to 3: $/s, "2"],
  ["display", /Import on the display, kWh: $/, "1234.0"],
  ["display", /Export on the display, kWh: $/, "56"],
  ["display", /Do voltage and power on it agree, too\? \(yes\/no\): $/, "yes"],
  ["display", /unit 2 on .*Which is on its type plate\?.*1 to 3: $/s, "2"],
  ["display", /Import on the display, kWh: $/, "0"],
  ["display", /Export on the display, kWh: $/, "789,0"],
  ["display", /Do voltage and power on it agree, too\? \(yes\/no\): $/, "yes"],
  ["channels", /Unit 1, .*12345678, measures.*1 to 3: $/s, "1"],
  ["channels", /Unit 2, .*87654321, measures.*1 to 3: $/s, "2"],
  ["channels", /Peak power of the PV, W: $/, "4000"],
  ["channels", /It faces: .*: $/, "180"],
  ["channels", /Its tilt .*: $/, ""],
  ["channels", /Main fuse, A: $/, "63"],
  ["channels", /Fuse of the PV circuit, A \[20\]: $/, ""],
  ["channels", /Battery.*1 to 3: $/s, "2"],
  ["channels", /electric car .*: $/, "yes"],
  ["channels", /Latitude.*: $/, "38.7223"],
  ["channels", /Longitude.*: $/, "-9.1393"],
  ["channels", /seal on the cabinet.*: $/, "S-4711"],
  ["channels", /Operator's name and telephone.*: $/, "Ana Silva, +351 210 000 000"],
  ["channels", /Language of the household's page.*1 to 2: $/s, "1"],
  ["channels", /Is all of this right\? \(yes\/no\): $/, "yes"],
  ["wiring", /Test it now\? \(yes\/no\): $/, "no"],
];

test("in a terminal of 80 × 24, interrupted at every question, it goes on to the end", async () => {
  cabinet = await openCabinet(metersOf(new TestHouse()), registrar.maker);
  const screen = await TestTerminal.open();
  terminal = screen;
  const accepted = ["--answers", answersIn(cabinet, { v: 1, accepted: machine })];
  const line = [
    process.execPath,
    ...upArgs(cabinet, "--serial", cabinet.line),
    ...registrarArgs(),
    ...accepted,
  ];
  writeFileSync(join(cabinet.folder, "up.sh"), `exec ${line.join(" ")} "$@"\n`);
  const start = async (...more: string[]) => {
    await screen.clear();
    await screen.type(`sh ${cabinet?.folder}/up.sh ${more.join(" ")}; echo exit $?`);
  };
  const interrupt = async () => {
    await screen.interrupt();
    const shown = await screen.until(/exit \d+/);
    expect(shown).toMatch(/--\s+interrupted[\s\S]*The same command goes on at[\s\S]*exit 3/);
    for (const row of shown.split("\n")) expect(row.length).toBeLessThanOrEqual(80);
  };

  await start();
  for (const [step, question, typed] of dialogue) {
    await screen.until(trailing(question), withinMs);
    await interrupt();
    expect(doneIn(cabinet), `${step} is not done yet`).not.toContain(step);
    await start();
    await screen.until(trailing(question), withinMs);
    await screen.type(typed);
    if (step !== "check") continue;
    await screen.until("looking for units 1 to 16", withinMs);
    await interrupt();
    expect(doneIn(cabinet)).toEqual(["check"]);
    await start();
  }

  // While the operator is waited for, the second time with the same code.
  const code = /Code (\S+): read it/;
  const first = code.exec(await screen.until(code, withinMs))?.[1] ?? "";
  await interrupt();
  await start();
  const again = code.exec(await screen.until(code, withinMs))?.[1];
  expect(again).toBe(first);
  approve(first, "h1");
  await screen.until("waiting for the agent", withinMs);
  await interrupt();
  await start("--no-wait");
  const shown = await screen.until(/exit \d+/, withinMs);
  expect(shown).toMatch(/handover\.pdf[\s\S]*exit 0/);
  expect(shown).not.toContain("\u001b");

  const certificate = new X509Certificate(
    readFileSync(join(cabinet.folder, "data/certificate.pem")),
  );
  expect(certificate.subject).toContain("CN=h1");
  const [view] = z.array(enrolmentView).parse(operator("list", "--state", "issued"));
  expect(view).toMatchObject({
    meters: [
      { role: "connection", id: "eastron/sdm230:12345678", limitW: 14_490 },
      { role: "generator", id: "eastron/sdm230:87654321", limitW: 4000 },
    ],
    place: { latitude: "38.7", longitude: "-9.1", sealNumber: "S-4711" },
  });
  expect(parse(readFileSync(join(cabinet.folder, "agent.yaml"), "utf8"))).toMatchObject({
    participant: "h1",
    site: { latitude: 38.7, pv: { peakW: 4000, azimuthDeg: 180, tiltDeg: null }, storage: "ac" },
    buses: [{ serial: cabinet.line, baudRate: 9600, meters: [{ fuseA: 63 }, { fuseA: 20 }] }],
  });
  expect(statSync(join(cabinet.folder, "data/up.json")).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(cabinet.folder, "handover.pdf"), "latin1")).toMatch(/^%PDF-/);
  expect(readFileSync(join(cabinet.folder, "handover.html"), "utf8")).toContain("S-4711");
}, 400_000);

/** What stands at the end of the screen; a prompt's blank is not seen there. */
function trailing({ flags, source }: RegExp): RegExp {
  return new RegExp(source.replace(/: \$$/, ":\\s*$"), flags);
}

const answers = {
  v: 1,
  language: "pt",
  accepted: machine,
  meters: [
    {
      unit: 1,
      role: "connection",
      profile: "eastron/sdm230",
      fuseA: 40,
      displayImportKwh: "1234.0",
      displayExportKwh: 56,
      displayAgrees: true,
    },
  ],
  site: {
    latitude: 41.15,
    longitude: -8.61,
    pv: null,
    storage: "none",
    ev: false,
    sealNumber: null,
  },
  wiring: { testNow: false },
  operator: { contact: "Ana Silva" },
};
const document = z.object({
  done: z.boolean(),
  steps: z.array(
    z.object({
      id: z.string(),
      state: z.string(),
      message: z.string().optional(),
      code: z.string().optional(),
    }),
  ),
});

test("from an answers file, with a kettle for the sign test, up to the first evidence: one JSON document", async () => {
  let testedMs = Number.POSITIVE_INFINITY;
  // A minute of quiet, then on, off, on, off.
  const house = new TestHouse(() => {
    const seconds = (performance.now() - testedMs) / 1000 - 63;
    return { kettle: seconds > 0 && seconds % 24 < 12, generator: false };
  });
  const [meter] = metersOf(house);
  cabinet = await openCabinet(meter ? [meter] : [], registrar.maker);
  const agent = createServer((_request, response) => response.end(JSON.stringify(overview)));
  await new Promise<void>((resolve) => agent.listen(0, "127.0.0.1", resolve));
  const { port } = z.object({ port: z.int() }).parse(agent.address());
  const file = answersIn(cabinet, {
    ...answers,
    wiring: { testNow: true },
  });
  const url = ["--url", `http://127.0.0.1:${port}`];
  const run = running([
    ...upArgs(cabinet, "--rtu-over-tcp", cabinet.gateway),
    ...registrarArgs(),
    ...url,
    "--answers",
    file,
    "--json",
  ]);
  await run.until(/Now: Put a battery on standby/);
  testedMs = performance.now();
  const [, code = ""] = await run.until(/Code (\S+): read it/);
  expect(run.said()).toMatch(/direction\s+ok\s+passed/);
  approve(code, "h2");
  await run.until(/the first interval ends within 30 min/);
  overview.counts = { readings: 900, checkpoints: 15, intervals: 1, evidenceCommitted: 1 };
  const { code: exit, stdout } = await run.ended;
  agent.close();
  expect(exit, run.said()).toBe(0);
  const { done, steps } = document.parse(JSON.parse(stdout));
  expect(done).toBe(true);
  expect(new Set(steps.map(({ state }) => state))).toEqual(new Set(["done"]));
  expect(run.said(), "no cursor is moved in a log").not.toContain("\u001b");
}, 300_000);

/** As the agent's page is told, of what is looked at. */
const well = { state: "ok", code: null, message: null, remedy: null };
const overview = {
  participant: "h2",
  slotSeconds: 900,
  health: { bus: well, tpm: well, store: well, ledger: well, clock: well },
  counts: { readings: 1, checkpoints: 1, intervals: 0, evidenceCommitted: 0 },
};

test("without a network at the cabinet: request, credential, certificate, as files", async () => {
  const [meter] = metersOf(new TestHouse());
  cabinet = await openCabinet(meter ? [meter] : [], registrar.maker);
  const file = answersIn(cabinet, answers);
  const at = (name: string) => join(cabinet?.folder ?? "", name);
  const here = upArgs(cabinet, "--rtu-over-tcp", cabinet.gateway);
  const step = async (...args: string[]) => {
    const argv = [...here, "--answers", file, "--no-wait", "--json"];
    const run = running([...argv, ...args]);
    const { code, stdout } = await run.ended;
    expect(code, run.said()).toBe(0);
    const { done, steps } = document.parse(JSON.parse(stdout));
    return { done, enrolment: steps.find(({ id }) => id === "enrolment") };
  };
  const asked = await step("--request", at("request.json"));
  expect(asked).toMatchObject({ done: false, enrolment: { state: "waiting" } });
  const [, code = ""] = /code is (\S+)/.exec(asked.enrolment?.message ?? "") ?? [];
  const files = ["--request", at("request.json"), "--response", at("credential.json")];
  operator("approve", ...files, "--participant", "h3", "--code", code);
  expect(await step("--response", at("credential.json"))).toMatchObject({ done: false });
  const certificate = ["--response", at("certificate.json")];
  operator("issue", at("data/certificate-request.json"), ...certificate);
  expect(await step(...certificate)).toMatchObject({ done: true });
  expect(parse(readFileSync(at("agent.yaml"), "utf8"))).toMatchObject({ participant: "h3" });
}, 120_000);

test("what is no answer, and what does not hold, says so by exit code", async () => {
  const [meter] = metersOf(new TestHouse());
  cabinet = await openCabinet(meter ? [meter] : [], registrar.maker);
  const here = cabinet;
  const gateway = ["--rtu-over-tcp", here.gateway];
  const exit = async (given: object, ...args: string[]) => {
    const file = answersIn(here, given);
    const run = running([...upArgs(here), "--answers", file, "--json", ...args]);
    const { code, stdout } = await run.ended;
    const steps = stdout === "" ? [] : document.parse(JSON.parse(stdout)).steps;
    const failed = steps.find(({ state }) => state === "failed");
    return { code, failed, said: run.said() };
  };
  expect(await exit({ ...answers, site: { batery: 1 } }, ...gateway)).toMatchObject({
    code: 2,
    said: `powershare: ${join(here.folder, "answers.yaml")}: at /site/batery: unknown key\n`,
  });
  expect(await exit(answers, "--serial", here.line), "a port in use").toMatchObject({
    code: 1,
    failed: { id: "check", code: "up.check-failed" },
  });
  const [first] = answers.meters;
  const wrong = { ...answers, meters: [{ ...first, displayImportKwh: "12340" }] };
  expect(await exit(wrong, ...gateway)).toMatchObject({
    code: 1,
    failed: { id: "display", code: "up.display-differs" },
  });
  const { site: _site, ...without } = answers;
  expect(await exit(without)).toMatchObject({
    code: 2,
    failed: { id: "channels", message: expect.stringContaining("/site/pv") as unknown },
  });
  expect(await exit(answers, "--swtpm", join(here.folder, "none.sock"))).toMatchObject({
    code: 1,
    failed: { id: "check" },
  });
  expect(await exit(answers, "--redo", "nothing")).toMatchObject({ code: 2, failed: undefined });
}, 120_000);
