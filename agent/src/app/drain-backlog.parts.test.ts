import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openStore } from "../adapters/sqlite/store.js";
import { writeBacklog } from "../testing/backlog.js";
import { seeded } from "../testing/seeded.js";
import {
  connectionMeter,
  generatorMeter,
  SimHousehold,
  slotSeconds,
} from "../testing/sim-household.js";

/** 30 days of quarters of an hour. */
const slots = 2_880;
const slotMs = slotSeconds * 1000;
const mostPerTransaction = 200;
let home: SimHousehold;
beforeEach(async () => {
  home = new SimHousehold();
  Object.assign(home.connection, { importWh: 60_000, exportWh: 0 });
  Object.assign(home.generator, { importWh: 0, exportWh: 90_000 });
  const household = { participant: "h1", slotSeconds };
  const store = openStore(join(home.directory, "agent.db"), household);
  const endMs = Math.floor(home.clock.nowMs() / slotMs) * slotMs;
  const size = await writeBacklog({
    store,
    slotSeconds,
    slots,
    signer: home.signer,
    participant: "h1",
    meters: [
      { id: connectionMeter, role: "connection", place: "line1/1", importWh: 60_000, exportWh: 0 },
      { id: generatorMeter, role: "generator", place: "line1/2", importWh: 0, exportWh: 90_000 },
    ],
    startMs: endMs - slots * slotMs,
    readingEveryMs: slotMs,
    readingsPerCheckpoint: 6,
  });
  store.close();
  expect(size.intervals).toBe(2 * slots);
});
afterEach(() => home.dispose());

/** Lets something go wrong, one time in three. */
async function disturb(random: () => number): Promise<void> {
  const fate = Math.floor(random() * 15);
  if (fate === 0) home.ledger.nextSubmit = "lost-before";
  if (fate === 1) home.ledger.nextSubmit = "lost-after";
  if (fate === 2) home.ledger.nextConflicts = true;
  if (fate === 3) {
    home.ledger.down = true;
    await home.clock.advance(Math.floor(random() * 4_000));
    home.ledger.down = false;
  }
  if (fate === 4) {
    home.kill();
    home.start();
  }
}

function acceptedOf(meter: string) {
  return home.ledger.accepted.filter(({ interval }) => interval.meter === meter);
}

it.each([11])(
  "30 days without a ledger drain oldest first and exactly once, whatever fails, while metering goes on (seed %i)",
  async (seed) => {
    const random = seeded(seed);
    home.start();
    const readingsBefore = home.store.counts().readings;
    const beganMs = home.clock.nowMs();
    for (let tries = 0; tries < 400; tries += 1) {
      await home.clock.advance(Math.floor(random() * 800));
      await disturb(random);
      if (home.store.counts().evidenceCommitted >= 2 * slots) break;
    }
    await home.clock.advance(60_000);
    for (const meter of [connectionMeter, generatorMeter]) {
      const accepted = acceptedOf(meter);
      expect(accepted.length).toBeGreaterThan(slots);
      const sequences = accepted.map(({ interval }) => interval.sequence);
      expect(sequences).toEqual(sequences.map((_, index) => index + 1));
      const transactions = new Set(accepted.slice(0, slots).map((one) => one.transactionId));
      expect(transactions.size).toBeLessThanOrEqual(Math.ceil(slots / mostPerTransaction) + 1);
      const [first, last] = [accepted[0]?.interval, accepted[slots - 1]?.interval];
      const registers = meter === connectionMeter ? "importWh" : "exportWh";
      expect(last?.last[registers]).toBe(meter === connectionMeter ? 60_000 : 90_000);
      const sum = accepted.slice(0, slots).reduce((wh, one) => wh + one.interval[registers], 0);
      expect(sum).toBe((last?.last[registers] ?? 0) - (first?.first[registers] ?? 0));
    }
    // Two meters a second; a kill takes ten seconds of readings at most, and there were some.
    const polled = (2 * (home.clock.nowMs() - beganMs)) / 1000;
    expect(home.store.counts().readings - readingsBefore).toBeGreaterThan(polled / 2);
    expect(home.store.backlog().unsentPackages).toBe(0);
  },
);
