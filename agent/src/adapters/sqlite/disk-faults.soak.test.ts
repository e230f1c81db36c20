import { afterAll, expect, it } from "vitest";
import { PowerCutBench } from "../../testing/power-cut/bench.js";

const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 1_000_000);
const most = Number(process.env["DISK_FAULTS"] ?? 500);
const bench = new PowerCutBench(seed);
afterAll(() => bench.dispose());

const faults = ["fsync,fdatasync:error=EIO", "pwrite64:error=EIO", "pwrite64:error=ENOSPC"];

it.each(faults)(
  "%s at one call, or from it on, loses nothing acknowledged, nor does a power cut",
  (fault) => {
    let images = 0;
    for (let n = 1; n <= most; n += 1) {
      const inject = `${fault}:when=${n}${n % 5 === 0 ? "+" : ""}`;
      // Few calls more than it takes to meet the fault and to go on after it.
      const calls = bench.trace({ steps: n + 20, inject });
      const cut = bench.cut(calls, { drawn: 1, mostCalls: 8 });
      expect(cut.findings, inject).toEqual([]);
      images += cut.images;
    }
    process.stdout.write(
      `${fault}: seed ${seed}, alone at call 1 to ${most}, ${images} images, 0 lost\n`,
    );
  },
);

it.each(faults)("%s again and again, at every call of 500 once, loses nothing", (fault) => {
  const every = 40;
  let images = 0;
  let failed = 0;
  for (let n = 1; n <= every; n += 1) {
    const inject = `${fault}:when=${n}+${every}`;
    const calls = bench.trace({ steps: 300, inject });
    failed += calls.filter(
      (call) => call.call === "said" && call.line.startsWith("trouble"),
    ).length;
    const cut = bench.cut(calls, { drawn: 1, mostCalls: 25 });
    expect(cut.findings, inject).toEqual([]);
    images += cut.images;
  }
  process.stdout.write(
    `${fault}: seed ${seed}, every ${every}th call, ${every} runs, ${failed} errors met, ${images} images, 0 lost\n`,
  );
});
