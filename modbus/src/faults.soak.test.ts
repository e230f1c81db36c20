import { expect, test } from "vitest";
import { faultCases, poll, seeded } from "./testing/fault-cases.js";
import { inParallel, runOnPty } from "./testing/fault-pty.js";
import { mixedFaults, type Outcome, runMaster, runNaive } from "./testing/fault-run.js";

const exchanges = Number(process.env["SOAK_EXCHANGES"] ?? 1_000_000);
const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 1_000_000);
const pollsPerRun = 4_000;
const onPty = Number(process.env["SOAK_PTY_FAULTS"] ?? 200);

test(`${exchanges} exchanges of which every second is spoilt make no wrong and no old value`, async () => {
  const total = { answers: 0, wrong: 0, old: 0, errors: 0, exchanges: 0, gapViolations: 0 };
  const startMs = performance.now();
  for (let run = 0; total.exchanges < exchanges; run++) {
    const outcome: Outcome = await runMaster({
      faults: mixedFaults(seed + run),
      polls: Math.min(pollsPerRun, Math.ceil((exchanges - total.exchanges) / poll.length)),
    });
    for (const key of ["answers", "wrong", "old", "errors", "exchanges", "gapViolations"] as const)
      total[key] += outcome[key];
    expect({ run, wrong: outcome.wrong, old: outcome.old }).toEqual({ run, wrong: 0, old: 0 });
  }
  const seconds = Math.round((performance.now() - startMs) / 1000);
  const naive = await runNaive({ faults: mixedFaults(seed), polls: 200 });
  const report = { seed, kinds: faultCases.length, ...total, seconds, naiveWrong: naive.wrong };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  expect(total.gapViolations).toBe(0);
  expect(naive.wrong).toBeGreaterThan(0);
});

test(`${onPty} faults of each kind on a pseudo-terminal make no wrong and no old value`, async () => {
  const results = await inParallel(faultCases, 6, async (each) => ({
    name: each.name,
    ...(await runOnPty(each, onPty, seeded(seed))),
  }));
  const sum = (key: "answers" | "errors" | "faults") =>
    results.reduce((total, each) => total + each[key], 0);
  const report = { seed, faults: sum("faults"), answers: sum("answers"), errors: sum("errors") };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  for (const { name, wrong, old, faults } of results) {
    expect({ name, wrong, old, faults }).toEqual({ name, wrong: 0, old: 0, faults: onPty });
  }
});
