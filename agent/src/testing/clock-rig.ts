import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClockQuality, Interval } from "@powershare/domain/evidence";
import { TimeKeeping } from "../adapters/clock/time-keeping.js";
import { openStore } from "../adapters/sqlite/store.js";
import { LiveMeters } from "../app/live-meters.js";
import type { Loop } from "../app/loop.js";
import { ReadingLog } from "../app/reading-log.js";
import { sealBatches } from "../app/seal-batches.js";
import { watchClock } from "../app/watch-clock.js";
import { Health } from "../app/watch-health.js";
import type { PastMoment } from "../ports/clock.js";
import type { Store, StoredEntry } from "../ports/store.js";
import { seeded } from "./seeded.js";
import { SimClock } from "./sim-clock.js";
import { SimSigner } from "./sim-signer.js";

export const rigSlotSeconds = 60;
export const rigToleranceMs = 9_000;
export const rigMeter = "eastron/sdm630:12345678";
const pollEveryMs = 4_000;
const askEveryMs = 15_000;
const earliest = "2026-01-01T00:00:00.000Z";
const startUtc = "2026-06-01T12:00:05.000Z";
const silentLog = { debug() {}, info() {}, warn() {}, error() {} };

/** A clock as the agent has it: its quality is judged, not given. */
class JudgedClock extends SimClock {
  keeping = new TimeKeeping(Date.parse(earliest));
  /** Believes in UTC blindly: what tests must notice. */
  credulous = false;

  override resume(last: PastMoment): void {
    if (last.bootId === this.bootId) this.keeping.resume(last, this.moment());
  }

  override quality(): ClockQuality {
    return this.credulous ? "synchronised" : this.keeping.quality(this.moment());
  }
}

export interface RigOptions {
  /** For negative controls. */
  readonly credulous?: boolean;
  readonly forgetful?: boolean;
}

/**
 * A machine with a clock that anybody may set, NTP that comes and goes, and of the agent all that time
 * matters to: clock judgement and watch, log, store, seal, interval builder. Its meter counts 1 Wh a
 * second of true time, so that a register says when it was read.
 */
export class ClockRig {
  readonly clock = new JudgedClock(startUtc);
  readonly signer = new SimSigner("h1");
  /** Steps of the running or sleeping clock that the log must show, ms. */
  readonly steps: number[] = [];
  /** Readings and events that reached the disk. */
  readonly entries: StoredEntry[] = [];
  readonly #options: RigOptions;
  readonly #directory = mkdtempSync(
    join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "powershare-clock-"),
  );
  #ntpFromMs = 0;
  #ntpReachable = true;
  /** By the clock of then, as the time of a touched file. */
  #syncedAtMs: number | undefined;
  #askedAtMs = 0;
  #unnoticedMs = 0;
  #store: (Store & { close(): void }) | undefined;
  #readings: ReadingLog | undefined;
  #loops: Loop[] = [];

  constructor(options: RigOptions = {}) {
    this.#options = options;
    this.clock.credulous = options.credulous ?? false;
  }

  get store(): Store {
    if (this.#store === undefined) throw new Error("not started");
    return this.#store;
  }

  start(): void {
    const { clock, signer } = this;
    const health = new Health(clock, silentLog);
    const opened = openStore(join(this.#directory, "agent.db"), {
      participant: "h1",
    });
    const insertReadings: Store["insertReadings"] = (entries) => {
      opened.insertReadings(entries);
      this.entries.push(...entries);
    };
    const store = { ...opened, insertReadings };
    store.pinMeter("line1/1", rigMeter);
    const timing = { slotSeconds: rigSlotSeconds, pollIntervalMs: pollEveryMs };
    const readings = new ReadingLog({ store, clock, health, ...timing });
    const last = this.#options.forgetful === true ? undefined : store.lastEntry();
    const shared = { store, readings, signer, clock, health, meters: new LiveMeters() };
    this.#store = store;
    this.#readings = readings;
    this.#loops = [
      watchClock({ clock, readings, health, last }),
      sealBatches({
        ...shared,
        random: seeded(7),
        participant: "h1",
        slots: {
          seconds: rigSlotSeconds,
          boundaryToleranceMs: rigToleranceMs,
          checkpointSeconds: 60,
          earliest,
        },
        roles: new Map([["line1/1", "connection"]]),
        onIntervals: () => {},
      }),
    ];
  }

  /** As kill -9. Nothing happens in the seconds before, so that nothing is lost that is counted here. */
  async kill(): Promise<void> {
    const reachable = this.#ntpReachable;
    this.#ntpReachable = false;
    await this.run(12_000);
    this.#ntpReachable = reachable;
    for (const loop of this.#loops) void loop.stop();
    await this.clock.advance(0);
    this.#store?.close();
    this.#readings = undefined;
  }

  /** Time passes, the meter is polled, NTP does its work. */
  async run(forMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < forMs; passedMs += pollEveryMs) {
      this.#poll();
      await this.clock.advance(pollEveryMs);
      await this.#keepTime();
    }
  }

  /** Time passes while the process gets no turn, a few seconds every four hours excepted. */
  async freeze(forMs: number): Promise<void> {
    const chunkMs = 4 * 3_600_000;
    for (let leftMs = forMs; leftMs > 0; leftMs -= chunkMs) {
      await this.clock.skip(Math.min(leftMs, chunkMs));
      if (this.#readings !== undefined) await this.run(2 * pollEveryMs);
    }
  }

  /** Somebody sets the clock; long enough after the last time to be told apart. */
  async jump(byMs: number): Promise<void> {
    await this.#step(byMs);
    await this.run(pollEveryMs);
  }

  /** Somebody sets the clock while the agent does not run. */
  jumpUnseen(byMs: number): void {
    this.clock.step(byMs);
    this.#unnoticedMs += byMs;
  }

  ntp(reachable: boolean, afterMs = 0): void {
    this.#ntpReachable = reachable;
    this.#ntpFromMs = this.clock.world.monotonicMs() + afterMs;
  }

  /** Power off for a while, and on again with that UTC; the agent starts with the machine. */
  async powerCut(offMs: number, shownMs: (beforeMs: number) => number): Promise<void> {
    const beforeMs = this.clock.nowMs();
    await this.clock.skip(offMs);
    this.clock.restart(shownMs(beforeMs));
    this.clock.keeping = new TimeKeeping(Date.parse(earliest));
    this.#syncedAtMs = undefined;
    this.#unnoticedMs = 0;
    this.#askedAtMs = 0;
    this.start();
  }

  /** The agent alone starts again. */
  restart(): void {
    this.clock.keeping = new TimeKeeping(Date.parse(earliest));
    this.#askedAtMs = 0;
    this.start();
    // What happened to the clock meanwhile is one step.
    if (this.#unnoticedMs !== 0) this.steps.push(this.#unnoticedMs);
    this.#unnoticedMs = 0;
  }

  dispose(): void {
    for (const loop of this.#loops) void loop.stop();
    this.#store?.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  save(): void {
    this.#readings?.save();
  }

  intervals(): Interval[] {
    const newest = this.store.sealedHead().intervals.get(rigMeter)?.sequence ?? 0;
    return Array.from({ length: newest }, (_, index) => {
      const found = this.store.interval(rigMeter, index + 1);
      if (found === undefined) throw new Error(`interval ${index + 1} is missing`);
      return found;
    });
  }

  async #step(byMs: number): Promise<void> {
    this.clock.step(byMs);
    this.steps.push(byMs);
    // More than a second: each step is seen by itself.
    await this.clock.advance(1_100);
  }

  #poll(): void {
    const { clock } = this;
    const trueMs = clock.world.monotonicMs();
    const energy = { importWh: Math.floor(trueMs / 1000), exportWh: 0 };
    const { utcMs, monotonicMs } = clock.moment();
    this.#readings?.append(
      {
        v: 1,
        meter: rigMeter,
        at: new Date(utcMs).toISOString(),
        monotonicMs,
        bootId: clock.bootId,
        clock: clock.quality(),
        profile: "ab".repeat(32),
        registers: [{ table: "input", address: 0, bytes: "00000000" }],
        quality: "good",
      },
      energy,
    );
    this.#readings?.saveDue();
  }

  /** What timesyncd does, and what the agent's timer asks of it. */
  async #keepTime(): Promise<void> {
    const { clock } = this;
    const worldMs = clock.world.monotonicMs();
    if (this.#ntpReachable && worldMs >= this.#ntpFromMs) {
      const wrongMs = clock.nowMs() - clock.world.nowMs();
      if (wrongMs !== 0) await this.#step(-wrongMs);
      this.#syncedAtMs = clock.nowMs();
      this.#ntpFromMs = worldMs + 64_000;
    }
    const stepped = clock.keeping.stepped(clock.moment());
    if (!stepped && clock.monotonicMs() - this.#askedAtMs < askEveryMs) return;
    this.#askedAtMs = clock.monotonicMs();
    const report = { keeper: "timesyncd", syncedAtMs: this.#syncedAtMs, errorMs: 0 } as const;
    clock.keeping.reported(report, clock.moment());
  }
}
