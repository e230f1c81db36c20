import { afterAll, describe, expect, it } from "vitest";
import { PowerCutBench } from "../../testing/power-cut/bench.js";

// For each n from 1 to 500 in disk-faults.soak.test.ts.
const bench = new PowerCutBench(29);
afterAll(() => bench.dispose());

describe("a disk that fails", () => {
  it.each([
    // The folder, when the first log is made.
    "fsync:error=EIO:when=2",
    // The switch to WAL: SQLite says it succeeded.
    "pwrite64:error=EIO:when=9",
    "fsync:error=EIO:when=4",
    "fsync:error=EIO:when=17",
    "fdatasync:error=EIO:when=31",
    "pwrite64:error=EIO:when=90",
    "pwrite64:error=ENOSPC:when=44",
    "pwrite64:error=ENOSPC:when=100+",
    "ftruncate:error=EIO:when=1+",
  ])("loses nothing acknowledged under %s, nor when the power is cut after it", (inject) => {
    const calls = bench.trace({ steps: 60, inject });
    const { findings, images } = bench.cut(calls, { drawn: 1, mostCalls: 25 });
    expect(findings).toEqual([]);
    expect(images).toBeGreaterThan(0);
  });

  it("acknowledges nothing while it fails, and goes on when it works again", () => {
    const forGood = bench.trace({ steps: 60, inject: "fsync:error=EIO:when=30+" });
    const said = forGood.flatMap((call) => (call.call === "said" ? [call.line] : []));
    const firstTrouble = said.findIndex((line) => line.startsWith("trouble store."));
    expect(firstTrouble).toBeGreaterThan(3);
    expect(said.slice(firstTrouble).every((line) => line.startsWith("trouble"))).toBe(true);

    const once = bench.trace({ steps: 60, inject: "fsync:error=EIO:when=30" });
    expect(once.some((call) => call.call === "failed-sync")).toBe(true);
    expect(once.at(-1)).not.toMatchObject({ call: "said", line: /trouble/ });
  });
});
