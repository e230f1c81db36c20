import { systemClock } from "../adapters/clock/system-clock.js";
import { openStore } from "../adapters/sqlite/store.js";
import { drainOutbox } from "../app/drain-outbox.js";
import { ReadingLog } from "../app/reading-log.js";
import { Health } from "../app/watch-health.js";
import { parentsLedger } from "./remote-ledger.js";
import { SimSigner } from "./sim-signer.js";

// A process for tests to kill: drains a store to its parent's ledger, and takes a reading each second meanwhile.
const [database = "", meter = ""] = process.argv.slice(2);
const slotSeconds = 900;
const readEveryMs = 1_000;
const household = { participant: "h1", slotSeconds };
const clock = systemClock({ earliest: "2000-01-01T00:00:00Z", compareWith: [], keptBy: "host" });
const health = new Health(clock, { debug() {}, info() {}, warn() {}, error() {} });
const store = openStore(database, household);
const readings = new ReadingLog({ store, clock, health, slotSeconds, pollIntervalMs: readEveryMs });
const signer = new SimSigner("h1");
drainOutbox({
  store,
  clock,
  health,
  signer,
  ledger: parentsLedger(),
  random: Math.random,
  retryMaxMs: 1_000,
});

const beganMs = performance.now();
let due = 0;
function read(): void {
  const { utcMs, monotonicMs } = clock.moment();
  const stamp = { at: new Date(utcMs).toISOString(), monotonicMs, bootId: clock.bootId };
  const registers = [{ table: "input" as const, address: 0, bytes: "00".repeat(160) }];
  const profile = "ab".repeat(32);
  readings.append(
    { v: 1, meter, ...stamp, clock: clock.quality(), profile, registers, quality: "good" },
    { importWh: 1_000_000, exportWh: 0 },
  );
  readings.saveDue();
  const lateMs = Math.round(performance.now() - beganMs - due * readEveryMs);
  due += 1;
  process.send?.({ lateMs, backlog: store.backlog().unsentPackages });
  setTimeout(read, Math.max(0, beganMs + due * readEveryMs - performance.now()));
}
read();
