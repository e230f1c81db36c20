import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { z } from "zod";
import { castHousehold } from "./cast.js";
import type { Household } from "./household.js";
import { LedgerWatch } from "./ledger-watch.js";
import { Neighbourhood } from "./neighbourhood.js";
import { createRunDirectory, removeRun } from "./run-directory.js";
import { connectNetwork } from "./testing/network-control.js";
import { testSettings } from "./testing/shared-neighbourhood.js";
import { tpmSocket } from "./tpm.js";

/** 30 days of quarters of an hour; in this network's slots they are 8 hours long, and lie in the past. */
const slots = 2_880;
const { slotSeconds } = testSettings;
/** Older than any slot that could still be settled, as the slots of neighbours who went on trading would be. */
const agoMs = 36 * 86_400_000;
const helper = fileURLToPath(
  new URL("../../agent/dist/testing/backlog-process.js", import.meta.url),
);
const filled = z.object({ intervals: z.int(), checkpoints: z.int(), fileBytes: z.int() });
const inspected = z.object({ pausesMs: z.array(z.int()), fileBytes: z.int() });

// After it the network's agents try for long to settle all slots that the gap behind the backlog spans, so other
// tests would wait: BACKLOG=1 npx vitest run --project system simulator/src/backlog
const asked = process.env["BACKLOG"] === "1";

let directory: string;
let neighbourhood: Neighbourhood;
let household: Household;
let watch: LedgerWatch;
let settings: object;

/** Runs the helper of the agent's tests on the household's store, with its TPM. */
async function help(task: "fill" | "inspect"): Promise<unknown> {
  const child = spawn(process.execPath, [helper, task], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify(settings));
  const [said] = await Promise.all([json(child.stdout), once(child, "close")]);
  return said;
}

beforeAll(async () => {
  if (!asked) return;
  const network = await connectNetwork(inject("networkSocket"));
  directory = await createRunDirectory();
  neighbourhood = await Neighbourhood.prepare([castHousehold(1, "backlog", "backlog")], directory);
  const desk = await neighbourhood.openDesk(network, "desk-of-backlog");
  watch = new LedgerWatch(desk.client, () => undefined);
  const [only] = neighbourhood.households;
  if (only === undefined) throw new Error("no household");
  household = only;
  const microgrid = desk.openMicrogrid(testSettings);
  const registrar = await neighbourhood.registrar;
  await household.join({ network, desk, registrar, slotSeconds, microgrid });
  const data = join(household.directory, "data");
  const slotMs = slotSeconds * 1000;
  const meters = household.spec.meters.map(async ({ profile, serialNumber, role, unit }) => {
    const { importWh, exportWh } = await neighbourhood.meters.registers(household.spec.id, role);
    return {
      id: `${profile}:${serialNumber}`,
      role,
      place: `line1/${unit}`,
      importWh: Math.floor(importWh),
      exportWh: Math.floor(exportWh),
    };
  });
  settings = {
    database: join(data, "agent.db"),
    identity: join(data, "identity.json"),
    swtpm: tpmSocket(household.directory),
    participant: household.spec.id,
    meters: await Promise.all(meters),
    startMs: Math.floor((Date.now() - agoMs) / slotMs) * slotMs,
    slotSeconds,
    slots,
    readingEveryMs: slotMs,
    readingsPerCheckpoint: 100,
  };
});
afterAll(async () => {
  if (!asked) return;
  // Nothing of it may stay behind where the household never came to be on the ledger.
  try {
    await neighbourhood.desk.suspend(household.spec.id);
  } finally {
    await neighbourhood.stop();
    await removeRun(directory);
  }
});

test.runIf(asked)(
  "30 days without a ledger drain exactly once through kills, while meters are read",
  async () => {
    const size = filled.parse(await help("fill"));
    const meters = household.meterIds;
    expect(size.intervals).toBe(meters.length * slots);
    const { agent } = household;
    const beganMs = Date.now();
    await agent.start();
    const committed = () => meters.reduce((sum, meter) => sum + watch.evidence.intervals(meter), 0);
    const answersMs: number[] = [];
    for (const killedAt of [0.3, 0.7, undefined]) {
      const enough = (killedAt ?? 1) * meters.length * slots;
      while (committed() < enough) {
        const askedMs = performance.now();
        if ((await agent.overview()) !== undefined) answersMs.push(performance.now() - askedMs);
        await delay(100);
      }
      if (killedAt === undefined) break;
      await agent.kill();
      await agent.start();
    }
    const drainedMs = Date.now() - beganMs;
    // Live evidence follows what was left over.
    await expect
      .poll(() => meters.every((meter) => watch.evidence.intervals(meter) > slots), {
        timeout: 120_000,
        interval: 500,
      })
      .toBe(true);
    for (const meter of meters) expect(watch.evidence.faults(meter)).toEqual([]);
    await agent.stop();
    const { pausesMs, fileBytes } = inspected.parse(await help("inspect"));
    const sorted = [...pausesMs].sort((a, b) => a - b);
    // biome-ignore lint/suspicious/noConsole: figures for the benchmarks, on which nothing is asserted
    console.log(
      JSON.stringify({
        intervals: size.intervals,
        checkpoints: size.checkpoints,
        drainedMs,
        pollPauseMedianMs: sorted[Math.floor(sorted.length / 2)],
        pollPausesLongestMs: sorted.slice(-4),
        pageSlowestMs: Math.round(Math.max(...answersMs)),
        fileBytes,
      }),
    );
    expect(pausesMs.length).toBeGreaterThan(20);
  },
);
