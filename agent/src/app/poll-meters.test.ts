import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BusRead } from "../ports/bus.js";
import { SimHousehold } from "../testing/sim-household.js";

let home: SimHousehold;
beforeEach(() => {
  home = new SimHousehold();
});
afterEach(() => home.dispose());

/** When each meter was first asked in each of its readings, ms since the start. */
function watchedReadings(): Map<number, number[]> {
  const times = new Map<number, number[]>();
  const lastMs = new Map<number, number>();
  const startMs = home.clock.monotonicMs();
  const read = home.bus.read.bind(home.bus);
  home.bus.read = async (request: BusRead) => {
    const atMs = home.clock.monotonicMs() - startMs;
    // Blocks of one reading follow each other at once.
    if (atMs - (lastMs.get(request.unit) ?? Number.NEGATIVE_INFINITY) > 200) {
      times.set(request.unit, [...(times.get(request.unit) ?? []), atMs]);
    }
    try {
      return await read(request);
    } finally {
      lastMs.set(request.unit, home.clock.monotonicMs() - startMs);
    }
  };
  return times;
}

describe("the schedule of a bus", () => {
  it("does not drift, and gives each meter the interval of its own", async () => {
    const times = watchedReadings();
    home.generatorIntervalMs = 5000;
    home.start();
    await home.clock.advance(60_500);
    const every = (ms: number, count: number) => Array.from({ length: count }, (_, n) => n * ms);
    expect(times.get(1)).toEqual(every(1000, 61));
    expect(times.get(2)).toEqual(every(5000, 13));
  });

  it("leaves out what comes too late, and goes on at its times", async () => {
    home.start();
    await home.clock.advance(5_000);
    const times = watchedReadings();
    const read = home.bus.read.bind(home.bus);
    // One answer takes three intervals and a half.
    home.bus.read = async (request) => {
      home.bus.read = read;
      await home.clock.sleep(3_500, new AbortController().signal);
      return await read(request);
    };
    await home.clock.advance(10_000);
    const asked = [...times.values()].flat();
    expect(new Set(asked.filter((ms) => ms > 3_600).map((ms) => ms % 1000))).toEqual(new Set([0]));
  });

  it("asks a silent meter less and less often, and an answering one as before", async () => {
    home.generator.fault = "silent";
    const times = watchedReadings();
    home.start();
    await home.clock.advance(119_500);
    expect(times.get(1)).toHaveLength(120);
    const rests = (times.get(2) ?? []).slice(1).map((ms, n) => ms - (times.get(2)?.[n] ?? 0));
    expect(rests[0]).toBeLessThanOrEqual(2_000);
    expect(Math.max(...rests)).toBeLessThanOrEqual(11_000);
    expect(rests.slice(5).every((ms) => ms >= 5_000)).toBe(true);
  });

  it("reads a meter that speaks again within ten seconds", async () => {
    home.generator.fault = "silent";
    home.start();
    await home.clock.advance(60_000);
    expect(home.health.part("bus").state).toBe("degraded");
    home.generator.fault = "none";
    await home.clock.advance(11_000);
    expect(home.health.part("bus").state).toBe("ok");
  });

  it("tries each interval while the port is gone, for that costs nothing", async () => {
    home.start();
    await home.clock.advance(5_000);
    home.bus.portGone = true;
    await home.clock.advance(60_000);
    expect(home.health.part("bus")).toMatchObject({ state: "failed", code: "bus.port-gone" });
    home.bus.portGone = false;
    await home.clock.advance(2_100);
    expect(home.health.part("bus").state).toBe("ok");
  });
});

describe("a meter that writes its energy registers once a minute", () => {
  it.each([
    ["as its profile says: every reading counts, and nothing looks like a reset", 60_000, 0, 0],
    ["unsaid: its steps look like another meter's count", undefined, 10, 1],
  ])("%s", async (_, refreshMs, leastRejected, epochs) => {
    const { generator } = home;
    generator.powerW = -12_000;
    generator.writesEveryMs = 60_000;
    if (refreshMs !== undefined)
      generator.profile = { ...generator.profile, timing: { refreshMs } };
    home.start();
    await home.clock.advance(300_000);
    const rejected = home.store.rejectedReadings(100);
    expect(rejected.length >= leastRejected).toBe(true);
    if (leastRejected === 0) expect(rejected).toEqual([]);
    expect(home.epochs.all.length >= epochs).toBe(true);
    if (epochs === 0) expect(home.epochs.all).toEqual([]);
  });
});

it("has what was read on the disk within ten seconds, though all meters have fallen silent", async () => {
  home.start();
  await home.clock.advance(1_500);
  for (const meter of [home.connection, home.generator]) meter.fault = "silent";
  const read = home.bus.read.bind(home.bus);
  // A gateway that keeps each request for long.
  home.bus.read = async (request) => await read({ ...request, timeoutMs: 9_000 });
  await home.clock.advance(8_600);
  expect(home.store.lastSequence()).toBe(4);
});
