import { join } from "node:path";
import { loadProfile, planReads } from "@powershare/firmware-profiles";
import { openRtuMaster, wireTimeMs } from "@powershare/modbus";
import { castHousehold } from "./cast.js";
import { Meters } from "./meters.js";
import { percentile } from "./statistics.js";

const baudRate = 9600;
const snapshots = 60;

export interface SnapshotFigures {
  readonly profile: string;
  readonly values: number;
  readonly requests: number;
  /** Least time that the plan takes on the wire, silences included. */
  readonly wireLimitMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly gapViolations: number;
}

/** Reads full snapshots of a simulated SDM630 over a pseudo-terminal at the pace of 9600 baud. */
export async function benchSnapshots(directory: string): Promise<SnapshotFigures> {
  const path = join(directory, "bench-line");
  const profile = loadProfile("eastron/sdm630");
  const plan = planReads(profile, { baudRate });
  const meters = await Meters.start(join(directory, "bench-meters.log"));
  try {
    const household = castHousehold(2, "bench");
    await meters.open(household, path);
    const master = await openRtuMaster({ path, baudRate });
    const times: number[] = [];
    for (let snapshot = 0; snapshot < snapshots; snapshot += 1) {
      const startedAt = performance.now();
      for (const read of plan) await master.read({ ...read, unit: 1 });
      times.push(performance.now() - startedAt);
    }
    await master.close();
    const { gapViolations } = await meters.counts(household.id);
    return {
      profile: profile.id,
      values: profile.registers.filter(({ pollClass }) => pollClass === "fast").length,
      requests: plan.length,
      wireLimitMs: round(wireTimeMs(plan, baudRate)),
      p50Ms: round(percentile(times, 0.5) ?? 0),
      p95Ms: round(percentile(times, 0.95) ?? 0),
      gapViolations,
    };
  } finally {
    await meters.stop();
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
