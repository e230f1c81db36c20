import { statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { loadProfile } from "@powershare/firmware-profiles";
import { systemClock } from "../adapters/clock/system-clock.js";
import { openStore } from "../adapters/sqlite/store.js";
import { LiveMeters } from "../app/live-meters.js";
import { ReadingLog } from "../app/reading-log.js";
import { sealBatches } from "../app/seal-batches.js";
import { Health } from "../app/watch-health.js";
import { SimSigner } from "./sim-signer.js";

// A process for the bench: keeps one reading a second of 24 quantities as the agent does, in groups,
// sealed once a minute, for as many seconds as it is told. Only the TPM is simulated. It says
// "ready" when the store is as after weeks of work, and at the end what it did and used, in JSON.
const { values } = parseArgs({
  options: { path: { type: "string", default: "" }, seconds: { type: "string", default: "60" } },
});
const seconds = Number(values.seconds);
const slotSeconds = 900;
const meter = "eastron/sdm630:12345678";
const readingsPerCommit = 8;
const mostWarmUp = 50_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

const earliest = "2026-01-01T00:00:00.000Z";
const clock = systemClock({ earliest, compareWith: [], keptBy: "host" });
const health = new Health(clock, silent);
const store = openStore(values.path, { participant: "h1" });
const readings = new ReadingLog({ store, clock, health, slotSeconds, pollIntervalMs: 1000 });
const signer = new SimSigner("h1");
store.pinMeter("line1/1", meter);
const seal = (checkpointSeconds: number) =>
  sealBatches({
    store,
    readings,
    signer,
    meters: new LiveMeters(),
    clock,
    random: Math.random,
    health,
    participant: "h1",
    slots: {
      seconds: slotSeconds,
      boundaryToleranceMs: 9_000,
      checkpointSeconds,
      earliest,
    },
    roles: new Map([["line1/1", "connection"]]),
    onIntervals: () => {},
  });
const profile = loadProfile("eastron/sdm630").hash;
/** Voltages, currents, powers and power factors of the phases; then totals, frequency and energies. */
const blocks = [
  { address: 0, registers: 36 },
  { address: 52, registers: 24 },
];

/** Bytes that change with each reading, as a meter's do. */
function bytesOf(registers: number, second: number): string {
  const bytes = Buffer.alloc(2 * registers);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeFloatBE(230 + Math.sin(second + at), at);
  return bytes.toString("hex");
}

function append(second: number): void {
  const registers = blocks.map(({ address, registers }) => ({
    table: "input" as const,
    address,
    bytes: bytesOf(registers, second),
  }));
  const at = new Date(clock.nowMs()).toISOString();
  const times = { at, monotonicMs: clock.monotonicMs(), bootId: clock.bootId };
  const state = { clock: clock.quality(), quality: "good" as const };
  readings.append(
    { v: 1, meter, ...times, ...state, profile, registers },
    { importWh: 1_000_000 + second, exportWh: 0 },
  );
}

/**
 * Writes, as fast as it goes, until SQLite has used its write-ahead log from the beginning again:
 * the file has then its lasting length, and what follows is written as on any other day.
 */
async function warmUp(): Promise<number> {
  const size = () => statSync(values.path).size;
  let wraps = 0;
  let count = 0;
  for (let before = size(); wraps < 2 && count < mostWarmUp; count += 1) {
    append(count);
    if (count % readingsPerCommit === 0) readings.save();
    if (size() > before) wraps += 1;
    before = size();
  }
  const sealing = seal(0);
  while (store.pendingReadings(1).length > 0) await sleep(50);
  await sealing.stop();
  return count;
}

const first = await warmUp();
const checkpointsBefore = store.counts().checkpoints;
const sealing = seal(60);
process.stdout.write("ready\n");
const cpu = process.cpuUsage();
let dueMs = performance.now();
for (let second = 0; second < seconds; second += 1) {
  append(first + second);
  readings.saveDue();
  dueMs += 1000;
  await sleep(Math.max(0, dueMs - performance.now()));
}
await sealing.stop();
readings.save();
const { user, system } = process.cpuUsage(cpu);
const checkpoints = store.counts().checkpoints - checkpointsBefore;
// Closing writes the WAL back into the file: these bytes belong to the readings too.
store.close();
clock.close();
const cpuMs = (user + system) / 1000;
process.stdout.write(`${JSON.stringify({ readings: seconds, checkpoints, cpuMs })}\n`);
