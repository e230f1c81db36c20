import { afterAll, expect, it } from "vitest";
import { PowerCutBench } from "../../testing/power-cut/bench.js";

const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 1_000_000);
const most = Number(process.env["DISK_FAULTS"] ?? 500);
const bench = new PowerCutBench(seed);
afterAll(() => bench.dispose());

it.each(["fsync,fdatasync:error=EIO", "pwrite64:error=EIO", "pwrite64:error=ENOSPC"])(
  "%s at each call in turn loses nothing acknowledged, nor does a power cut afterwards",
  (fault) => {
    let images = 0;
    let met = 0;
    for (let n = 1; n <= most; n += 1) {
      // One failure, or from then on.
      const inject = `${fault}:when=${n}${n % 5 === 0 ? "+" : ""}`;
      // Few calls more than it takes to meet the fault and to go on after it.
      const calls = bench.trace({ steps: n + 20, inject });
      if (calls.some(({ call }) => call === "said")) met += 1;
      const cut = bench.cut(calls, { drawn: 1, mostCalls: 4 });
      expect(cut.findings, inject).toEqual([]);
      images += cut.images;
    }
    process.stdout.write(
      `${fault}: seed ${seed}, n = 1 to ${most}, ${met} wrote, ${images} images, 0 lost\n`,
    );
  },
);
