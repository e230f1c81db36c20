import { expect, test } from "vitest";
import { barChart, type Figure } from "./bar-chart.js";

const figure: Figure = {
  description: 'Time <per> snapshot & "more"',
  panels: [
    {
      title: "At 9600 Bd",
      axis: "milliseconds",
      bars: [
        { label: "ours", value: 300, note: "300 ms", kind: "ours" },
        { label: "peer", value: 150, tick: 600, note: "150 ms", kind: "peer" },
      ],
      marks: [{ value: 450, label: "limit" }],
    },
  ],
};

const attribute = (element: string, name: string) =>
  Number(new RegExp(` ${name}="([^"]+)"`).exec(element)?.[1]);

test("bars, ticks and limits share one scale that begins at 0", () => {
  const svg = barChart(figure);
  const [ours = "", peer = ""] = svg.match(/<rect class="(?:ours|peer)"[^>]*>/g) ?? [];
  expect(attribute(ours, "width")).toBe(2 * attribute(peer, "width"));
  const zero = attribute(ours, "x");
  const tick = /<line class="k"[^>]*>/.exec(svg)?.[0] ?? "";
  expect(attribute(tick, "x1") - zero).toBeCloseTo(2 * attribute(ours, "width"), 0);
  const limit = /<line class="w"[^>]*>/.exec(svg)?.[0] ?? "";
  expect(attribute(limit, "x1") - zero).toBeCloseTo(1.5 * attribute(ours, "width"), 0);
});

test("names the axis, and labels every bar with its figure", () => {
  const texts = [...barChart(figure).matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);
  for (const text of ["At 9600 Bd", "milliseconds", "ours", "300 ms", "peer", "150 ms", "limit"]) {
    expect(texts).toContain(text);
  }
});

test("text cannot break the drawing, and every element is closed", () => {
  const svg = barChart(figure);
  expect(svg).toContain('aria-label="Time &lt;per&gt; snapshot &amp; &quot;more&quot;"');
  const open: string[] = [];
  for (const [, closing, name = "", self] of svg.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)) {
    if (closing) expect(open.pop()).toBe(name);
    else if (!self) open.push(name);
  }
  expect(open).toEqual([]);
});

test("a panel of zeros still has an axis", () => {
  const bars = [{ label: "ours", value: 0, note: "0 of 30", kind: "ours" as const }];
  const svg = barChart({ description: "x", panels: [{ title: "t", axis: "values", bars }] });
  expect(svg).not.toMatch(/NaN|Infinity/);
});
