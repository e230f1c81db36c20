import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Acknowledged, type Finding, inspectStore } from "../inspect-store.js";
import { CachedDisk, type Cut, cuts } from "./disk.js";
import type { DiskCall } from "./trace.js";

export interface CutOptions {
  /** Files before the first call, and what they hold, in the words of the writer. */
  readonly before?: ReadonlyMap<string, Buffer>;
  readonly said?: readonly string[];
  /** Where images are made; in memory, or it takes hours. */
  readonly folder: string;
  readonly random: () => number;
  /** How many images of the kinds that chance makes, at each call. */
  readonly drawn: number;
  /** At most so many calls are cut, evenly spread; all if left out. */
  readonly mostCalls?: number;
  /** `false`: the disk ignores syncs. */
  readonly syncs?: boolean;
}

export interface CutReport {
  readonly calls: number;
  readonly images: number;
  readonly findings: readonly (Finding & { readonly at: number; readonly cut: Cut })[];
}

/**
 * Cuts the power after every call of a trace: makes what the disk could then hold, opens it as the
 * agent would, and compares it with what had been acknowledged until then.
 */
export function cutEverywhere(calls: readonly DiskCall[], options: CutOptions): CutReport {
  const { before = new Map<string, Buffer>(), random, drawn, syncs = true } = options;
  const disk = new CachedDisk(before, { syncs });
  const acknowledged = new Acknowledged();
  for (const line of options.said ?? []) acknowledged.take(line);
  const every = Math.max(1, calls.length / (options.mostCalls ?? calls.length));
  const findings: CutReport["findings"][number][] = [];
  let images = 0;
  let due = 0;
  for (const [at, call] of calls.entries()) {
    disk.take(call);
    if (call.call === "said") acknowledged.take(call.line);
    if (at < Math.floor(due)) continue;
    due += every;
    for (const cut of cutsAt(disk, drawn)) {
      const found = inspectImage(options.folder, disk.after(cut, random), acknowledged);
      findings.push(...found.map((finding) => ({ ...finding, at, cut })));
      images += 1;
    }
  }
  return { calls: calls.length, images, findings };
}

/** Without anything unsynced there is one state only. */
function cutsAt(disk: CachedDisk, drawn: number): Cut[] {
  if (!disk.unsettled) return ["all"];
  return cuts.flatMap((cut) =>
    cut === "some" || cut === "torn" ? Array.from({ length: drawn }, () => cut) : [cut],
  );
}

function inspectImage(
  folder: string,
  files: ReadonlyMap<string, Buffer>,
  acknowledged: Acknowledged,
): Finding[] {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
  return inspectStore(join(folder, "agent.db"), acknowledged);
}
