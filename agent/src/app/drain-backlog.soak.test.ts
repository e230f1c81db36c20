import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { systemClock } from "../adapters/clock/system-clock.js";
import { openStore } from "../adapters/sqlite/store.js";
import { writeBacklog } from "../testing/backlog.js";
import { serveLedger } from "../testing/remote-ledger.js";
import { seeded } from "../testing/seeded.js";
import { connectionMeter } from "../testing/sim-household.js";
import { SimLedger } from "../testing/sim-ledger.js";
import { SimSigner } from "../testing/sim-signer.js";

const kills = Number(process.env["DRAIN_KILLS"] ?? 300);
const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 2 ** 31);
const program = fileURLToPath(new URL("../../dist/testing/drain-process.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "powershare-backlog-"));
/** Filling needs 43,200 commits and proves nothing about the disk. */
const memory = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "powershare-"));
const filled = join(memory, "filled.db");
const slotSeconds = 900;
/** 30 days of quarters of an hour, read every 10 s, sealed every minute. */
const slots = 2_880;
const readings = (slots * slotSeconds) / 10;
const clock = systemClock({ earliest: "2000-01-01T00:00:00Z", compareWith: [], keptBy: "host" });
const said = z.object({ lateMs: z.int(), backlog: z.int() });
const lateMs: number[] = [];

/** A soak says what it did. */
function report(what: object): void {
  // biome-ignore lint/suspicious/noConsole: as above
  console.log(JSON.stringify(what));
}

beforeAll(async () => {
  const startMs = Math.floor(Date.now() / 900_000) * 900_000 - slots * 900_000;
  const store = openStore(filled, { participant: "h1" });
  const beganMs = performance.now();
  const size = await writeBacklog({
    store,
    slotSeconds,
    slots,
    startMs,
    participant: "h1",
    signer: new SimSigner("h1"),
    meters: [
      {
        id: connectionMeter,
        role: "connection",
        place: "line1/1",
        importWh: 1e6,
        exportWh: 0,
      },
    ],
    readingEveryMs: 10_000,
    readingsPerCheckpoint: 6,
  });
  const filledMs = Math.round(performance.now() - beganMs);
  const askedMs = performance.now();
  store.hourlyEnergy(Date.now() - 86_400_000, Date.now());
  store.counts();
  store.backlog();
  const pageMs = Math.round(performance.now() - askedMs);
  store.close();
  expect(size.readings).toBeGreaterThanOrEqual(readings);
  report({ ...size, filledMs, pageMs, fileBytes: statSync(filled).size });
}, 900_000);
afterAll(() => {
  clock.close();
  for (const made of [folder, memory]) rmSync(made, { recursive: true });
});

function ledger(): SimLedger {
  const { keys, device } = new SimSigner("h1");
  return new SimLedger(clock, {
    participant: "h1",
    device,
    counterName: keys.counterName,
    attestationSpki: keys.attestation.spki,
    readingSpki: keys.reading.spki,
    meters: [{ id: connectionMeter, role: "connection" }],
  });
}

/** A process that drains to this ledger; `drained` settles when it says so. */
function start(database: string, to: SimLedger): { child: ChildProcess; drained: Promise<true> } {
  // Not with the conditions under which this test runs.
  const child = fork(program, [database, connectionMeter], { execArgv: [] });
  serveLedger(child, to);
  const drained = new Promise<true>((resolve) => {
    child.on("message", (message) => {
      const heard = said.safeParse(message);
      if (!heard.success) return;
      lateMs.push(heard.data.lateMs);
      if (heard.data.backlog === 0) resolve(true);
    });
  });
  return { child, drained };
}

async function end(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
}

function expectExactlyOnce(to: SimLedger): void {
  const sequences = to.accepted.map(({ interval }) => interval.sequence);
  expect(sequences).toEqual(Array.from({ length: slots }, (_, index) => index + 1));
  expect(new Set(to.accepted.map(({ transactionId }) => transactionId)).size).toBe(15);
}

it("30 days drain in one go, and readings go on", async () => {
  const database = join(folder, "once.db");
  copyFileSync(filled, database);
  const to = ledger();
  const beganMs = performance.now();
  const { child, drained } = start(database, to);
  await drained;
  const drainedMs = Math.round(performance.now() - beganMs);
  await end(child);
  expectExactlyOnce(to);
  report({ drainedMs, latestReadingMs: Math.max(...lateMs) });
});

it("kill -9 while draining loses nothing and repeats nothing", async () => {
  const random = seeded(seed);
  let killed = 0;
  let drains = 0;
  while (killed < kills) {
    const database = join(folder, `drain-${drains}.db`);
    copyFileSync(filled, database);
    const to = ledger();
    for (;;) {
      const { child, drained } = start(database, to);
      const done = await Promise.race([drained, delay(200 + random() * 1_500, false)]);
      await end(child);
      if (done) break;
      killed += 1;
      // What the dead process sent is still ordered.
      await delay(random() * 300);
    }
    expectExactlyOnce(to);
    drains += 1;
    rmSync(database);
  }
  report({ seed, killed, drains, latestReadingMs: Math.max(...lateMs) });
});
