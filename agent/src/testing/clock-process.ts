import { systemClock } from "../adapters/clock/system-clock.js";
import { openStore } from "../adapters/sqlite/store.js";
import { ReadingLog } from "../app/reading-log.js";
import { watchClock } from "../app/watch-clock.js";
import { Health } from "../app/watch-health.js";

// A process for tests to set the clock of: the real clock, its watch, log and store. Prints what it sees.
const [path = ""] = process.argv.slice(2);
const slotSeconds = 60;
const clock = systemClock({ earliest: "2000-01-01T00:00:00Z", compareWith: [], keptBy: "host" });
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const health = new Health(clock, silent);
const store = openStore(path, { participant: "h1" });
const last = store.lastEntry();
const readings = new ReadingLog({ store, clock, health, slotSeconds, pollIntervalMs: 1000 });

function say(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

watchClock({
  clock,
  health,
  last,
  readings: {
    record: (event) => {
      const kept = readings.record(event);
      readings.save();
      say({ stepMs: event.details["byMs"] });
      return kept;
    },
  },
});

setInterval(() => {
  const { utcMs, monotonicMs } = clock.moment();
  const quality = clock.quality();
  const at = new Date(utcMs).toISOString();
  const stamp = { at, monotonicMs, bootId: clock.bootId, clock: quality };
  const registers = [{ table: "input" as const, address: 0, bytes: "00000000" }];
  const profile = "ab".repeat(32);
  readings.append(
    { v: 1, meter: "eastron/sdm630:1", ...stamp, profile, registers, quality: "good" },
    { importWh: 1, exportWh: 0 },
  );
  readings.save();
  say({ utcMs, monotonicMs, quality, sequence: store.lastSequence() });
}, 200);
