import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { waitFor } from "./child.js";
import { createRunDirectory, processesOf, removeRun, runsRoot } from "./run-directory.js";
import { demoSummary } from "./summary.js";

const program = fileURLToPath(new URL("../bin/demo.js", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "demo-"));
afterAll(() => rmSync(directory, { recursive: true }));

function startDemo(...args: string[]) {
  const child = spawn(process.execPath, [program, "--no-open", ...args]);
  let output = "";
  child.stdout.on("data", (bytes) => {
    output += String(bytes);
  });
  child.stderr.on("data", (bytes) => {
    output += String(bytes);
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { child, ended, output: () => output };
}

function runOf({ pid }: ChildProcess): string | undefined {
  const name = readdirSync(runsRoot()).find((entry) => entry.startsWith(`${pid}-`));
  return name === undefined ? undefined : join(runsRoot(), name);
}

describe("npm run demo", () => {
  test("trades, writes its summary from ledger and agents, and leaves nothing behind", async () => {
    const file = join(directory, "summary.json");
    const args = ["--households", "2", "--until-settled", "2", "--summary", file];
    const demo = startDemo(...args, "--seed", "system test");
    expect(await demo.ended, demo.output()).toBe(0);

    const summary = demoSummary.parse(JSON.parse(readFileSync(file, "utf8")));
    expect(summary.settledTrades).toBeGreaterThanOrEqual(2);
    expect(summary.energyWh).toBeGreaterThan(0);
    expect(summary.conservation).toEqual({ coinsNano: "0", energyWh: 0 });
    expect(summary.ledger).toMatchObject({ peers: 3, orderers: 3, fabric: "3.1.1" });
    const [seller, buyer] = summary.households;
    expect(seller).toMatchObject({ id: "h1", profiles: ["eastron/sdm630", "eastron/sdm230"] });
    expect(buyer).toMatchObject({ id: "h2", profiles: ["eastron/sdm630"] });
    expect(seller?.soldWh).toBe(summary.energyWh);
    expect(buyer?.boughtWh).toBe(summary.energyWh);
    for (const household of summary.households) {
      expect(household.readings).toBeGreaterThan(10);
      expect(household.checkpoints).toBeGreaterThan(0);
      expect(household.evidenceCommitted).toBeGreaterThan(0);
    }
    expect(demo.output()).toMatch(/h1 sold \d+ Wh (of surplus )?to h2 at \d\.\d{3} coins\/kWh/);
    expect(demo.output()).toMatch(/page of h1: http:\/\/127\.0\.0\.1:\d+\//);
    expect(runOf(demo.child)).toBeUndefined();
  });

  test("finds a household that exchanged its meters' cables, and gives back what was paid for it", {
    timeout: 1_200_000,
  }, async () => {
    const file = join(directory, "cheat.json");
    const demo = startDemo("--cheat", "--until-settled", "2", "--summary", file);
    expect(await demo.ended, demo.output()).toBe(0);

    const { cheat, conservation } = demoSummary.parse(JSON.parse(readFileSync(file, "utf8")));
    expect(cheat).toMatchObject({ household: "h1", fault: "swapped", paidNano: "0" });
    expect(cheat?.returnedNano).toBe(cheat?.heldNano);
    expect(BigInt(cheat?.heldNano ?? 0)).toBeGreaterThan(0n);
    expect(conservation).toEqual({ coinsNano: "0", energyWh: 0 });
    expect(demo.output()).toMatch(/h1 cheats: the aggregator finds swapped cables by connection-/);
  });

  test("Ctrl-C stops all it started", async () => {
    const demo = startDemo("--households", "1", "--until-settled", "1");
    await waitFor("agents", () => (demo.output().includes("page of h1") ? true : undefined), {
      withinMs: 120_000,
    });
    const run = runOf(demo.child);
    if (run === undefined) throw new Error("the demo has no run directory");
    expect(processesOf(run).length).toBeGreaterThan(14);
    demo.child.kill("SIGINT");
    expect(await demo.ended).toBe(130);
    expect(processesOf(run)).toEqual([]);
    expect(runOf(demo.child)).toBeUndefined();
  });

  test("what a killed demo left is cleaned up by the next run", async () => {
    const demo = startDemo("--households", "1");
    await waitFor(
      "an orderer",
      () => (demo.output().includes("orderers have joined") ? true : undefined),
      { withinMs: 120_000 },
    );
    const run = runOf(demo.child) ?? "";
    demo.child.kill("SIGKILL");
    await demo.ended;
    expect(processesOf(run).length).toBeGreaterThan(5);
    const next = await createRunDirectory();
    expect(processesOf(run)).toEqual([]);
    expect(runOf(demo.child)).toBeUndefined();
    await removeRun(next);
  });
});
