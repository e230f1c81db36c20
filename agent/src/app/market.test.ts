import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Interval } from "@powershare/domain/evidence";
import type { Participant } from "@powershare/domain/ledger";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStore } from "../adapters/sqlite/store.js";
import type { SealedHead, Store } from "../ports/store.js";
import { SimClock } from "../testing/sim-clock.js";
import { silentLog, slotSeconds } from "../testing/sim-household.js";
import { SimLedger } from "../testing/sim-ledger.js";
import { SimSigner } from "../testing/sim-signer.js";
import { driveSlots } from "./drive-slots.js";
import { followLedger } from "./follow-ledger.js";
import type { Loop } from "./loop.js";
import { MarketView } from "./market-view.js";
import { slotName } from "./slots.js";
import { trade } from "./trade.js";
import { Health } from "./watch-health.js";

const slotMs = slotSeconds * 1000;
const gateMs = 5_000;
const startMs = Date.parse("2026-06-01T12:00:00Z");
const opened: { loops: Loop[]; close: () => void }[] = [];
let clock: SimClock;
let ledger: SimLedger;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "powershare-market-"));
  clock = new SimClock("2026-06-01T12:00:00.000Z");
  const { keys, device } = new SimSigner("h1");
  ledger = new SimLedger(clock, {
    participant: "h1",
    device,
    attestationSpki: keys.attestation.spki,
    readingSpki: keys.reading.spki,
    counterName: keys.counterName,
    meters: [],
  });
  ledger.settings = {
    microgrid: "mg1",
    slotSeconds,
    gateSeconds: gateMs / 1000,
    settleAfterSeconds: 60,
    rule: "uniform",
    rulesVersion: 1,
  };
  ledger.participants = [...["h1", "h2", "h3"].map(resident), utility];
});
afterEach(async () => {
  await ledger.close();
  for (const { loops, close } of opened.splice(0)) {
    for (const loop of loops) void loop.stop();
    close();
  }
  await clock.advance(0);
  rmSync(folder, { recursive: true });
});

const utility: Participant = {
  id: "u1",
  kind: "utility",
  node: "root",
  feedInMicroPerKwh: 50_000,
  retailMicroPerKwh: 250_000,
  status: "active",
};

function resident(id: string): Participant {
  const { keys } = new SimSigner(id);
  const { attest, signature } = keys.certify();
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  return {
    id,
    kind: "resident",
    node: "root",
    device: keys.id,
    attestationKey: hex(keys.attestationKey),
    readingKey: hex(keys.readingKey),
    certification: { attest: hex(attest), signature: hex(signature) },
    counterName: hex(keys.counterName),
    meters: [{ id: "eastron/sdm630:1", role: "connection", profile: "ab".repeat(32) }],
    source: "green",
    utility: "u1",
    status: "active",
  };
}

/** A household's ledger side, with the last measured slot given. */
function household(participant: string, measured?: { importWh: number; exportWh: number }) {
  const health = new Health(clock, silentLog);
  const real = openStore(join(folder, `${participant}.db`), { participant });
  const store: Store = { ...real, sealedHead: () => headOf(measured) };
  const market = new MarketView(ledger, clock, participant, slotSeconds);
  const shared = { store, ledger, market, clock, health, participant };
  const loops = [followLedger({ ...shared, onEvent: () => {} })];
  opened.push({ loops, close: () => real.close() });
  return {
    health,
    store: real,
    drive: () => loops.push(driveSlots(shared)),
    trade: (
      criteria = {
        sell: { enabled: true, minMicroPerKwh: 80_000 },
        buy: { enabled: true, maxMicroPerKwh: 220_000 },
      },
    ) => {
      loops.push(trade({ ...shared, criteria }));
    },
  };
}

/** As if the connection point's slot that ended last had just been sealed. */
function headOf(measured: { importWh: number; exportWh: number } | undefined): SealedHead {
  const endMs = Math.floor(clock.nowMs() / slotMs) * slotMs;
  const interval: Interval = {
    v: 1,
    participant: "h1",
    meter: "eastron/sdm630:1",
    role: "connection",
    sequence: 1,
    previous: "00".repeat(32),
    start: slotName(endMs - slotMs),
    end: slotName(endMs),
    importWh: measured?.importWh ?? 0,
    exportWh: measured?.exportWh ?? 0,
    first: { importWh: 0, exportWh: 0 },
    last: { importWh: 0, exportWh: 0 },
    readings: { first: 1, last: 2 },
    boundaryErrorMs: { start: 0, end: 0 },
    quality: "good",
    epoch: 1,
    merkleRoot: "00".repeat(32),
  };
  const intervals = new Map(measured === undefined ? [] : [[interval.meter, interval]]);
  return { checkpoint: undefined, builders: new Map(), intervals };
}

function done(name: string) {
  return ledger.done.filter((one) => one.name === name);
}

describe("trading", () => {
  it.each([
    ["what was exported", { importWh: 2, exportWh: 30 }, "sell", 28, 80_000],
    ["what was imported", { importWh: 30, exportWh: 0 }, "buy", 30, 220_000],
  ] as const)(
    "offers for the next slot %s in the last, within its limits, before the gate",
    async (_name, measured, side, energyWh, limitMicroPerKwh) => {
      household("h1", measured).trade();
      await clock.advance(5 * slotMs);
      const orders = done("market:PlaceOrder");
      expect(orders).toHaveLength(5);
      for (const { args, atMs } of orders) {
        const [slot = "", order = ""] = args;
        expect(atMs).toBeLessThanOrEqual(Date.parse(slot) - gateMs);
        expect(JSON.parse(order)).toEqual({ side, steps: [{ energyWh, limitMicroPerKwh }] });
      }
      expect(new Set(orders.map(({ args }) => args[0])).size).toBe(5);
    },
  );

  it("never sends an order after its gate, however long the ledger was away", async () => {
    household("h1", { importWh: 0, exportWh: 30 }).trade();
    await clock.advance(2 * slotMs);
    for (let outage = 0; outage < 6; outage += 1) {
      ledger.down = true;
      await clock.advance(slotMs + 7_000);
      ledger.down = false;
      await clock.advance(slotMs + 3_000);
    }
    const orders = done("market:PlaceOrder");
    expect(orders.length).toBeGreaterThan(6);
    for (const { args, atMs } of orders)
      expect(atMs).toBeLessThanOrEqual(Date.parse(args[0] ?? "") - gateMs);
  });

  it.each([
    ["the clock is not to be trusted", () => (clock.currentQuality = "unknown")],
    ["nothing was measured", () => undefined],
  ])("offers nothing while %s", async (name, spoil) => {
    spoil();
    household(
      "h1",
      name === "nothing was measured" ? undefined : { importWh: 9, exportWh: 0 },
    ).trade();
    await clock.advance(3 * slotMs);
    expect(done("market:PlaceOrder")).toHaveLength(0);
  });

  it("goes on offering in holdover, for the time is known then", async () => {
    clock.currentQuality = "holdover";
    household("h1", { importWh: 9, exportWh: 0 }).trade();
    await clock.advance(3 * slotMs);
    expect(done("market:PlaceOrder").length).toBeGreaterThan(1);
  });

  it("says so when the microgrid's slots are not those of the configuration", async () => {
    if (ledger.settings !== undefined) ledger.settings = { ...ledger.settings, slotSeconds: 900 };
    const home = household("h1", { importWh: 9, exportWh: 0 });
    home.trade();
    home.drive();
    await clock.advance(2 * slotMs);
    expect(home.health.part("ledger")).toMatchObject({
      state: "degraded",
      code: "config.slot-mismatch",
    });
    expect(ledger.done).toHaveLength(0);
  });
});

describe("driving slots", () => {
  const evidence = (participant: string, endMs: number, sequence: number): void => {
    const end = slotName(endMs);
    const energy = { importWh: 1, exportWh: 0 };
    const numbers = {
      firstSequence: sequence,
      lastSequence: sequence,
      late: 0,
      slots: [slotName(endMs - slotMs)],
      counter: `${sequence}`,
    };
    ledger.emit("EvidenceAccepted", {
      participant,
      meter: "eastron/sdm630:1",
      role: "connection",
      end,
      ...energy,
      ...numbers,
    });
  };

  it("seals and clears each slot once between gate and start, whoever does it", async () => {
    for (const id of ["h1", "h2", "h3"]) household(id).drive();
    await clock.advance(6 * slotMs);
    for (const name of ["market:Seal", "market:Clear"]) {
      const slots = done(name).map(({ args }) => args[0]);
      expect(slots).toHaveLength(6);
      expect(new Set(slots).size).toBe(6);
    }
    for (const { args, atMs } of done("market:Seal")) {
      const slot = Date.parse(args[0] ?? "");
      expect(atMs).toBeGreaterThanOrEqual(slot - gateMs);
      expect(atMs).toBeLessThanOrEqual(slot);
    }
  });

  it("settles an interval over a month in its last slot, and asks for none of those before", async () => {
    household("h1").drive();
    const endMs = clock.nowMs() - (clock.nowMs() % slotMs);
    const monthBefore = endMs - 30 * 86_400_000;
    for (const id of ["h1", "h2", "h3"]) evidence(id, monthBefore, 1);
    for (const id of ["h1", "h2", "h3"]) evidence(id, endMs, 2);
    await clock.advance(slotMs);
    const settled = done("market:Settle").map(({ args }) => args[0]);
    expect(settled).toEqual([slotName(monthBefore - slotMs), slotName(endMs - slotMs)]);
  });

  it("moves no slot on while the time is unknown, and goes on when it is known", async () => {
    clock.currentQuality = "unknown";
    household("h1").drive();
    await clock.advance(3 * slotMs);
    expect(ledger.done).toEqual([]);
    clock.currentQuality = "synchronised";
    await clock.advance(2 * slotMs);
    expect(done("market:Seal").length).toBeGreaterThan(0);
  });

  it("settles a slot once when all evidence is in, also where nobody had sealed it", async () => {
    for (const id of ["h1", "h2", "h3"]) household(id).drive();
    await clock.advance(slotMs + 1_000);
    for (const id of ["h1", "h2", "h3"]) evidence(id, startMs + slotMs, 1);
    await clock.advance(5_000);
    expect(done("market:Settle").map(({ args }) => args[0])).toEqual([slotName(startMs)]);
    await clock.advance(slotMs);
    expect(done("market:Settle")).toHaveLength(1);
  });

  it("lets no slot that is refused hold up the others", async () => {
    const home = household("h1");
    home.drive();
    ledger.participants = ledger.participants.filter(({ id }) => id === "h1" || id === "u1");
    ledger.refusedSlots.set(slotName(startMs), "market.evidence-missing");
    ledger.refusedSlots.set(slotName(startMs + slotMs), "market.slot-range");
    for (let slot = 1; slot <= 3; slot += 1) {
      await clock.advance(slotMs);
      evidence("h1", startMs + slot * slotMs, slot);
    }
    await clock.advance(5_000);
    expect(done("market:Settle").map(({ args }) => args[0])).toEqual([
      slotName(startMs + 2 * slotMs),
    ]);
    expect(home.health.part("ledger")).toMatchObject({
      state: "degraded",
      code: "market.evidence-missing",
    });
    ledger.refusedSlots.clear();
    await clock.advance(slotMs);
    expect(done("market:Settle").map(({ args }) => args[0])).toContain(slotName(startMs));
    expect(home.store.unsettledSlots(startMs + 3 * slotMs, 10)).toEqual([]);
    expect(home.health.part("ledger").state).toBe("ok");
  });

  it("waits for missing evidence until the deadline", async () => {
    household("h1").drive();
    await clock.advance(slotMs + 1_000);
    evidence("h1", startMs + slotMs, 1);
    await clock.advance(50_000);
    expect(done("market:Settle")).toHaveLength(0);
    await clock.advance(20_000);
    expect(done("market:Settle").map(({ args }) => args[0])).toContain(slotName(startMs));
  });

  it("gives everyone time to bring his backlog after an outage of the ledger", async () => {
    const home = household("h1");
    home.drive();
    await clock.advance(slotMs + 1_000);
    evidence("h1", startMs + slotMs, 1);
    await clock.advance(2_000);
    ledger.down = true;
    await clock.advance(20 * slotMs);
    ledger.down = false;
    await clock.advance(40_000);
    expect(done("market:Settle")).toHaveLength(0);
    expect(home.store.unsettledSlots(clock.nowMs(), 100).length).toBeGreaterThan(0);
    await clock.advance(40_000);
    expect(done("market:Settle").length).toBeGreaterThan(0);
  });
});

describe("following the ledger", () => {
  it("projects each event once, also when it starts again", async () => {
    const home = household("h1");
    ledger.emit("CoinsIssued", {
      nonce: "nonce-0001",
      account: "h1",
      amountNano: "500",
      changes: [{ participant: "h1", coinsNano: "500" }],
    });
    await clock.advance(1_000);
    expect(home.store.wallet("h1")).toMatchObject({ coinsNano: "500", owedNano: "0" });
    const position = home.store.ledgerPosition();
    expect(position).toEqual({ blockNumber: 1, transactionId: "block-1" });
    for (const event of ledger.log) home.store.applyEvent(event);
    expect(home.store.wallet("h1")).toMatchObject({ coinsNano: "500" });
  });
});
