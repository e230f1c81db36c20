import { describe, expect, it, vi } from "vitest";
import type { StoredEpoch } from "../ports/epochs.js";
import { CredulousJudge, runEpochs } from "../testing/epoch-script.js";
import { MeterEpochs } from "./meter-epochs.js";
import { type Judgement, MeterJudge, type Observed } from "./meter-judge.js";

vi.setConfig({ testTimeout: 60_000 });
const sequences = 2_500;

it(`in ${sequences} sequences of resets, replacements, rollovers and outages nothing is guessed, and no Wh is lost or invented`, () => {
  const counts = runEpochs(sequences, 1);
  expect(counts).toMatchObject({ guesses: 0, unequal: 0, stuck: 0 });
  for (const kind of ["resets", "replacements", "rollovers", "outages", "restarts"] as const) {
    expect(counts[kind]).toBeGreaterThan(sequences / 10);
  }
  expect(counts.confirmed).toBeGreaterThan(sequences / 2);
});

it("the same sequences find a judge that takes whatever the meter shows", () => {
  const { guesses, unequal } = runEpochs(200, 1, () => new CredulousJudge());
  expect(guesses + unequal).toBeGreaterThan(50);
});

describe("a meter that answers", () => {
  const limits = { fuseA: 63, phases: 3, registerStepWh: 1 };
  const normal: Observed = {
    serialMeter: "a/b:1",
    setup: '{"ctRatio":40}',
    at: "2026-06-01T12:00:00.000Z",
    monotonicMs: 0,
    bootId: "b",
    clock: "synchronised",
    importWh: 1_000_000,
    exportWh: 0,
  };
  function setUp() {
    const saved: StoredEpoch[] = [];
    const setups = new Map<string, string>();
    const store = {
      epochs: () => saved,
      saveEpoch: (epoch: StoredEpoch) => void saved.push(epoch),
      pinSetup: (meter: string, setup: string) => {
        const known = setups.get(meter) ?? setup;
        setups.set(meter, known);
        return known;
      },
      fallen: () => [],
      saveFallen: () => {},
      lastGood: () => undefined,
      pins: () => new Map([["line1/1", "a/b:1"]]),
    };
    const clock = {
      nowMs: () => 0,
      monotonicMs: () => 0,
      bootId: "b",
      quality: () => "holdover" as const,
    } as const;
    const epochs = new MeterEpochs({
      store,
      readings: { record: () => true, save: () => {} },
      clock,
    });
    const profile = "ab".repeat(32);
    const judge = new MeterJudge({ place: "line1/1", role: "connection", profile, store, epochs });
    let seconds = 0;
    const say = (changes: Partial<Observed>): Judgement => {
      seconds += 1;
      const reading = { ...normal, monotonicMs: seconds * 1_000, ...changes };
      const judgement = judge.judge(reading, "a/b:1", limits);
      judge.kept(seconds, judgement);
      return judgement;
    };
    return { say, epochs };
  }
  const codeOf = (judgement: Judgement) =>
    judgement.quality === "good" ? judgement.meter : judgement.code;

  it("with another transformer ratio is asked about, and is itself again when it is set back", () => {
    const { say, epochs } = setUp();
    expect(codeOf(say({}))).toBe("a/b:1");
    expect(codeOf(say({ setup: '{"ctRatio":60}' }))).toBe("meter.setup-changed");
    expect(codeOf(say({}))).toBe("a/b:1");
    for (let n = 0; n < 9; n += 1) say({ setup: '{"ctRatio":60}' });
    expect(epochs.pending).toEqual([]);
    expect(codeOf(say({ setup: '{"ctRatio":60}' }))).toBe("a/b:1.2");
    expect(epochs.pending).toMatchObject([{ reason: "setup", follows: "a/b:1", meter: "a/b:1.2" }]);
  });

  it("while the time is unknown is not yet asked about, for its energy would begin at no time", () => {
    const { say, epochs } = setUp();
    say({});
    for (let n = 0; n < 20; n += 1) {
      expect(say({ importWh: n, clock: "unknown" }).quality).toBe("rejected");
    }
    expect(epochs.pending).toEqual([]);
    expect(say({ importWh: 20, at: "2026-06-01T12:00:22.000Z" }).quality).toBe("good");
    expect(epochs.pending).toMatchObject([
      { opening: { importWh: 0, clock: "synchronised", at: "2026-06-01T12:00:22.000Z" } },
    ]);
  });

  it("and says no ratio, because it could not be read, is the same meter", () => {
    const { say } = setUp();
    say({});
    expect(codeOf(say({ setup: undefined }))).toBe("a/b:1");
  });
});
