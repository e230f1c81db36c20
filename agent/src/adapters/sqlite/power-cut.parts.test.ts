import { afterAll, describe, expect, it } from "vitest";
import { PowerCutBench } from "../../testing/power-cut/bench.js";

// The long form, at every call, is power-cut.soak.test.ts.
const bench = new PowerCutBench(23);
afterAll(() => bench.dispose());

describe("a power cut", () => {
  const calls = bench.trace({ steps: 120 });

  it("takes nothing that was acknowledged, at no call and in no order of writes", () => {
    const { images, findings } = bench.cut(calls, { drawn: 2, mostCalls: 120 });
    expect(findings).toEqual([]);
    expect(images).toBeGreaterThan(300);
  });

  it("takes nothing while a store of the first release is migrated", () => {
    const before = bench.firstRelease();
    const migration = bench.trace({ steps: 3, before });
    const { images, findings } = bench.cut(migration, {
      drawn: 1,
      mostCalls: 40,
      before,
      said: ["readings 228", "sealed 5"],
    });
    expect(findings).toEqual([]);
    expect(images).toBeGreaterThan(60);
  });

  it("is seen by this test: synchronous=NORMAL loses what it acknowledged", () => {
    const normal = bench.trace({ steps: 120, pragmas: ["synchronous = NORMAL"] });
    const { findings } = bench.cut(normal, { drawn: 1, mostCalls: 60 });
    expect(findings.filter(({ kind }) => kind === "lost").length).toBeGreaterThan(10);
  });

  it("is seen by this test: a disk that ignores syncs loses, and breaks the file", () => {
    const { findings } = bench.cut(calls, { drawn: 1, mostCalls: 60, syncs: false });
    expect(findings.filter(({ kind }) => kind === "lost").length).toBeGreaterThan(10);
    expect(findings.some(({ kind }) => kind === "corrupt")).toBe(true);
  });
});
