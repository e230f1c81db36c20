import { afterAll, beforeAll, expect, it } from "vitest";
import { PowerCutBench } from "../../testing/power-cut/bench.js";
import type { CutReport } from "../../testing/power-cut/images.js";

const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 1_000_000);
const mostImages = Number(process.env["POWER_CUT_IMAGES"] ?? 30_000);
const bench = new PowerCutBench(seed);
afterAll(() => bench.dispose());
const say = (text: string): boolean => process.stdout.write(`power cut: ${text}\n`);
beforeAll(() => {
  say(`seed ${seed}, at least ${mostImages} images`);
});

function report(name: string, { calls, images, findings }: CutReport): void {
  const counts = ["lost", "corrupt", "half"].flatMap((kind) => {
    const count = findings.filter((finding) => finding.kind === kind).length;
    return count === 0 ? [] : [`${count} ${kind}`];
  });
  say(
    `${name}: ${calls} calls, ${images} images, ${counts.join(", ") || "nothing lost or broken"}`,
  );
}

it("at every call takes nothing acknowledged, and leaves nothing half", () => {
  const calls = bench.trace({ steps: 400 });
  const settled = bench.cut(calls, { drawn: 0 });
  // As many drawn orders of the unsynced writes at each call as make up the number.
  const drawn = Math.ceil((mostImages - settled.images) / (2 * calls.length)) + 1;
  const cut = bench.cut(calls, { drawn });
  report("writer", cut);
  expect([...settled.findings, ...cut.findings].slice(0, 10)).toEqual([]);
  expect(settled.images + cut.images).toBeGreaterThanOrEqual(mostImages);
});

it("at every call of a migration takes nothing of a store of the first release", () => {
  const before = bench.firstRelease();
  const calls = bench.trace({ steps: 9, before });
  const cut = bench.cut(calls, { drawn: 4, before, said: ["readings 228", "sealed 5"] });
  report("migration", cut);
  expect(cut.findings.slice(0, 10)).toEqual([]);
});

it("is seen where synchronous is NORMAL, and where the disk ignores syncs", () => {
  const normal = bench.cut(bench.trace({ steps: 200, pragmas: ["synchronous = NORMAL"] }), {
    drawn: 1,
  });
  report("control: synchronous NORMAL", normal);
  expect(normal.findings.filter(({ kind }) => kind === "lost").length).toBeGreaterThan(100);
  const deaf = bench.cut(bench.trace({ steps: 200 }), { drawn: 1, syncs: false });
  report("control: syncs ignored", deaf);
  expect(deaf.findings.filter(({ kind }) => kind === "lost").length).toBeGreaterThan(100);
  expect(deaf.findings.filter(({ kind }) => kind === "corrupt").length).toBeGreaterThan(10);
});
