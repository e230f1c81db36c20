import { describe, expect, it } from "vitest";
import { grids, type LineSpec, sensitivity } from "./line.js";

interface Complex {
  readonly re: number;
  readonly im: number;
}
const times = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});

/** Voltage at the end of the line with one load there, by iteration to the exact solution. */
function exactV(line: LineSpec, watts: number, vars: number): number {
  const sections = line.nodes;
  const of = (part: "r" | "x") =>
    line.transformer[part] + 2 * (sections * line.section[part] + line.service[part]);
  const z = { re: of("r"), im: of("x") };
  let volt: Complex = { re: 230, im: 0 };
  for (let round = 0; round < 50; round += 1) {
    const size = volt.re ** 2 + volt.im ** 2;
    // I = (S / V)*
    const current = times({ re: watts, im: -vars }, { re: volt.re / size, im: volt.im / size });
    const drop = times(z, current);
    volt = { re: 230 - drop.re, im: -drop.im };
  }
  return Math.hypot(volt.re, volt.im);
}

describe("sensitivity", () => {
  it.each([
    ["very strong", 2000, 0],
    ["strong", 7000, 2000],
    ["ordinary", 5000, 1500],
    ["ordinary", -5000, 0],
    ["weak", 2000, 600],
    ["weak", -3000, 0],
  ] as const)("%s grid, %d W and %d var: within a tenth of the exact drop", (grid, watts, vars) => {
    const line = grids[grid];
    const { ownPhase } = sensitivity(line, line.nodes - 1, line.nodes - 1, true);
    const linear = watts * ownPhase.r + vars * ownPhase.x;
    const exact = 230 - exactV(line, watts, vars);
    expect(Math.abs(linear - exact)).toBeLessThan(0.1 * Math.abs(exact));
  });

  it.each([
    ["very strong", 0.06],
    ["strong", 0.2],
    ["ordinary", 1.1],
    ["weak", 4],
  ] as const)("1 kW at the end of a %s grid takes about %d V", (grid, volts) => {
    const line = grids[grid];
    const { ownPhase } = sensitivity(line, line.nodes - 1, line.nodes - 1, true);
    expect(1000 * ownPhase.r).toBeGreaterThan(0.8 * volts);
    expect(1000 * ownPhase.r).toBeLessThan(1.25 * volts);
  });

  it("a load lifts the other phases, by less than it pulls its own down", () => {
    const { ownPhase, otherPhase } = sensitivity(grids.ordinary, 5, 5, true);
    expect(otherPhase.r).toBeLessThan(0);
    expect(-otherPhase.r).toBeLessThan(ownPhase.r / 2);
  });

  it("a neighbour closer to the transformer moves the voltage less", () => {
    const drops = [0, 2, 5].map((node) => sensitivity(grids.weak, 5, node, false).ownPhase.r);
    expect(drops).toEqual(drops.toSorted((a, b) => a - b));
    expect(new Set(drops).size).toBe(3);
  });
});
