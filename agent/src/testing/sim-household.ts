import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RegisteredDevice } from "@powershare/domain/evidence";
import { loadProfile } from "@powershare/firmware-profiles";
import { openStore } from "../adapters/sqlite/store.js";
import { askEpochs } from "../app/ask-epochs.js";
import { drainOutbox } from "../app/drain-outbox.js";
import { LiveMeters } from "../app/live-meters.js";
import type { Loop } from "../app/loop.js";
import { MeterEpochs } from "../app/meter-epochs.js";
import type { MeterPlace } from "../app/meter-poller.js";
import { pollMeters } from "../app/poll-meters.js";
import { ReadingLog, saveReadings } from "../app/reading-log.js";
import { sealBatches } from "../app/seal-batches.js";
import { Health } from "../app/watch-health.js";
import type { Store } from "../ports/store.js";
import { seeded } from "./seeded.js";
import { SimBus, type SimMeter } from "./sim-bus.js";
import { SimClock } from "./sim-clock.js";
import { SimLedger } from "./sim-ledger.js";
import { SimSigner } from "./sim-signer.js";

export const silentLog = { debug() {}, info() {}, warn() {}, error() {} };
export const connectionMeter = "eastron/sdm630:12345678";
export const generatorMeter = "eastron/sdm230:87654321";
export const slotSeconds = 20;

/** A whole household on simulated time, bus, TPM and ledger; only the store is real, in a folder of its own. */
export class SimHousehold {
  readonly clock = new SimClock("2026-06-01T12:00:05.000Z");
  readonly bus = new SimBus(this.clock);
  readonly signer = new SimSigner("h1");
  /** What the operator has confirmed. */
  readonly registeredMeters: RegisteredDevice["meters"][number][] = [
    { id: connectionMeter, role: "connection" },
    { id: generatorMeter, role: "generator" },
  ];
  readonly registered: RegisteredDevice = {
    participant: "h1",
    device: this.signer.device,
    attestationSpki: this.signer.keys.attestation.spki,
    readingSpki: this.signer.keys.reading.spki,
    counterName: this.signer.keys.counterName,
    meters: this.registeredMeters,
  };
  readonly ledger = new SimLedger(this.clock, this.registered);
  readonly random = seeded(7);
  readonly connection = simMeter("eastron/sdm630", 12345678, 3_600);
  readonly generator = simMeter("eastron/sdm230", 87654321, -7_200);
  /** In memory where there is such a place: a simulated day has thousands of commits, and none of its promises rests on the disk. */
  readonly directory = mkdtempSync(
    join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "powershare-agent-"),
  );
  meters = new LiveMeters();
  health = new Health(this.clock, silentLog);
  /** From one reading of the generator to the next, of the next start on. */
  generatorIntervalMs = 1000;
  /** Wraps the store of the next start, e.g. with faults. */
  wrapStore: (store: Store) => Store = (store) => store;
  #epochs: MeterEpochs | undefined;
  #life = { alive: false };
  #opened: (Store & { close(): void }) | undefined;
  #loops: Loop[] = [];

  constructor() {
    this.bus.meters.set(1, this.connection);
    this.bus.meters.set(2, this.generator);
  }

  get epochs(): MeterEpochs {
    if (this.#epochs === undefined) throw new Error("not started");
    return this.#epochs;
  }

  get store(): Store {
    if (this.#opened === undefined) throw new Error("not started");
    return this.#opened;
  }

  /** Starts the services that make evidence; also after kill(), with what is on the disk. */
  start({ drain = true } = {}): void {
    const { clock, random } = this;
    this.#life = { alive: true };
    const bus = mortal(this.bus, this.#life);
    const signer = mortal(this.signer, this.#life);
    const ledger = mortal(this.ledger, this.#life);
    this.meters = new LiveMeters();
    this.health = new Health(clock, silentLog);
    this.#opened = openStore(join(this.directory, "agent.db"), { participant: "h1" });
    const store = mortal(this.wrapStore(this.#opened), this.#life);
    const { health, meters } = this;
    const readings = new ReadingLog({ store, clock, health, slotSeconds, pollIntervalMs: 1000 });
    const epochs = new MeterEpochs({ store, readings, clock });
    this.#epochs = epochs;
    const shared = {
      store,
      readings,
      epochs,
      signer,
      ledger,
      meters,
      clock,
      random,
      health,
      participant: "h1",
    };
    const draining = drain ? drainOutbox({ ...shared, retryMaxMs: 5_000 }) : undefined;
    const sealing = sealBatches({
      ...shared,
      slots: {
        seconds: slotSeconds,
        boundaryToleranceMs: 3_000,
        checkpointSeconds: 60,
        earliest: "2026-01-01T00:00:00.000Z",
      },
      roles: new Map([
        ["line1/1", "connection"],
        ["line1/2", "generator"],
      ]),
      onIntervals: () => draining?.wake(),
    });
    const polling = pollMeters({
      ...shared,
      bus,
      places: [
        place(1, this.connection, "connection"),
        { ...place(2, this.generator, "generator"), pollIntervalMs: this.generatorIntervalMs },
      ],
      pollIntervalMs: 1000,
      timeoutMs: 300,
      baudRate: 9600,
      slotSeconds,
      onPolled: () => sealing.wake(),
    });
    const asking = askEpochs(shared);
    const saving = saveReadings(readings, clock);
    this.#loops = [polling, sealing, saving, ...(draining === undefined ? [] : [draining, asking])];
  }

  get alive(): boolean {
    return this.#life.alive;
  }

  /** As kill -9: what was not on the disk is gone. */
  kill(): void {
    this.#life.alive = false;
    for (const loop of this.#loops) void loop.stop();
    this.#opened?.close();
  }

  dispose(): void {
    this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** 20 Wh and 40 Wh in a slot of 20 s. */
function simMeter(profile: string, serialNumber: number, powerW: number): SimMeter {
  return {
    profile: loadProfile(profile),
    serialNumber,
    powerW,
    importWh: 1000,
    exportWh: 500,
    fault: "none",
  };
}

/** The part as long as the process lives; a dead process calls nobody. */
function mortal<T extends object>(part: T, life: { alive: boolean }): T {
  return new Proxy(part, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        if (!life.alive) throw new Error("a dead process calls nobody");
        return member.apply(target, args);
      };
    },
  });
}

function place(unit: number, meter: SimMeter, role: MeterPlace["role"]): MeterPlace {
  return {
    place: `line1/${unit}`,
    unit,
    profile: meter.profile,
    role,
    serialNumber: undefined,
    fuseA: 63,
    phases: 3,
  };
}
