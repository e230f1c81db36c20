import { openStore } from "../adapters/sqlite/store.js";

// A process for tests to kill: writes readings in groups of three, and says which ones are on the disk.
const [path = ""] = process.argv.slice(2);
const store = openStore(path, { participant: "h1", slotSeconds: 20 });

function write(): void {
  const first = store.lastSequence() + 1;
  store.insertReadings(
    [first, first + 1, first + 2].map((sequence) => ({
      reading: {
        v: 1,
        meter: "eastron/sdm630:1",
        sequence,
        at: new Date().toISOString(),
        monotonicMs: sequence,
        bootId: "boot",
        clock: "synchronised",
        profile: "ab".repeat(32),
        registers: [{ table: "input", address: 0, bytes: "00".repeat(240) }],
        quality: "good",
      },
      energy: { importWh: sequence, exportWh: 0 },
    })),
  );
  process.stdout.write(`${first + 2}\n`);
  setImmediate(write);
}
write();
