/** One bar: its length is `value`; `tick` marks a second value on the same scale, such as p95. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly tick?: number;
  /** Stands behind the bar: the figure in words, with its unit. */
  readonly note: string;
  /** `ours` is set off from the `peer` bars; `bad` is a figure that breaks a rule, which `note` says too. */
  readonly kind: "ours" | "peer" | "bad";
}

/** A line across all bars of a panel: a limit or an aim, on the scale of the axis. */
export interface Mark {
  readonly value: number;
  readonly label: string;
}

/** Bars on one axis from 0. */
export interface Panel {
  readonly title: string;
  /** Name and unit of the axis. */
  readonly axis: string;
  readonly bars: readonly Bar[];
  readonly marks?: readonly Mark[];
}

export interface Figure {
  /** Read aloud instead of the drawing. */
  readonly description: string;
  readonly panels: readonly Panel[];
}

const width = 860;
const left = 190;
const plotWidth = 380;
const rowHeight = 26;
const barHeight = 16;
const titleHeight = 40;
const markHeight = 18;
const axisHeight = 46;
const gapHeight = 18;

/** Paints its own ground, so that it can be read on a light and on a dark page alike. */
const style = `
text{font:13px system-ui,sans-serif;fill:#1f2328}.t{font-weight:600;font-size:15px}.m{fill:#59636e;font-size:12px}
.n{paint-order:stroke;stroke:#fff;stroke-width:5px;stroke-linejoin:round}.bg{fill:#fff}.g{stroke:#d1d9e0}.peer{fill:#8c959f}.ours{fill:#0969da}.bad{fill:#bc4c00}.k{stroke:#1f2328;stroke-width:2}
.w{stroke:#59636e;stroke-dasharray:4 3}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.m{fill:#9198a1}.n{stroke:#0d1117}.bg{fill:#0d1117}.g{stroke:#30363d}.peer{fill:#6e7681}
.ours{fill:#4493f8}.bad{fill:#db6d28}.k{stroke:#e6edf3}.w{stroke:#9198a1}}`;

/** A figure of horizontal bar charts as an SVG document; the same figure gives the same bytes. */
export function barChart({ description, panels }: Figure): string {
  const parts: string[] = [];
  let top = 12;
  for (const panel of panels) {
    parts.push(drawPanel(panel, top));
    top += heightOf(panel) + gapHeight;
  }
  const text = escapeXml(description);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" width="${width}" height="${top}" role="img" aria-label="${text}">`,
    `<title>${text}</title><style>${style}</style><rect class="bg" width="${width}" height="${top}"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

const rowsTop = ({ marks = [] }: Panel) => titleHeight + marks.length * markHeight;
const heightOf = (panel: Panel) => rowsTop(panel) + panel.bars.length * rowHeight + axisHeight;

function drawPanel(panel: Panel, top: number): string {
  const { title, bars, marks = [] } = panel;
  const largest = Math.max(...bars.flatMap(({ value, tick = 0 }) => [value, tick]));
  const step = niceStep(Math.max(largest, ...marks.map(({ value }) => value)));
  const end = step * Math.ceil(Math.max(largest, ...marks.map(({ value }) => value), step) / step);
  const x = (value: number) => fixed(left + (plotWidth * value) / end);
  const first = top + rowsTop(panel);
  const last = first + bars.length * rowHeight;
  return [
    `<text class="t" x="16" y="${top + 16}">${escapeXml(title)}</text>`,
    drawAxis(panel, { x, step, end, first, last }),
    ...bars.map((bar, row) => drawBar(bar, first + row * rowHeight, x)),
    ...marks.map(({ value, label }, index) => {
      const y = top + titleHeight + index * markHeight;
      return (
        `<line class="w" x1="${x(value)}" x2="${x(value)}" y1="${y}" y2="${last}"/>` +
        `<text class="m" x="${x(value)}" y="${y - 3}" text-anchor="middle">${escapeXml(label)}</text>`
      );
    }),
    ...bars.map((bar, row) => drawNote(bar, first + row * rowHeight, x)),
  ].join("\n");
}

interface Axis {
  readonly x: (value: number) => string;
  readonly step: number;
  readonly end: number;
  readonly first: number;
  readonly last: number;
}

function drawAxis({ axis }: Panel, { x, step, end, first, last }: Axis): string {
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, index) => index * step);
  return [
    ...ticks.map(
      (value) =>
        `<line class="g" x1="${x(value)}" x2="${x(value)}" y1="${first}" y2="${last}"/>` +
        `<text class="m" x="${x(value)}" y="${last + 15}" text-anchor="middle">${Number(value.toPrecision(6))}</text>`,
    ),
    `<text class="m" x="${left + plotWidth / 2}" y="${last + 33}" text-anchor="middle">${escapeXml(axis)}</text>`,
  ].join("\n");
}

const barTop = (top: number) => top + (rowHeight - barHeight) / 2;
const baseline = (top: number) => barTop(top) + barHeight - 3;

function drawBar({ label, value, tick, kind }: Bar, top: number, x: Axis["x"]): string {
  const y = barTop(top);
  const mark =
    tick === undefined
      ? ""
      : `<line class="k" x1="${x(tick)}" x2="${x(tick)}" y1="${y - 2}" y2="${y + barHeight + 2}"/>`;
  return [
    `<text x="${left - 10}" y="${baseline(top)}" text-anchor="end">${escapeXml(label)}</text>`,
    `<rect class="${kind}" x="${left}" y="${y}" width="${fixed(Number(x(value)) - left)}" height="${barHeight}"/>${mark}`,
  ].join("\n");
}

/** Above everything else, so that no line runs through it. */
function drawNote({ value, tick, note }: Bar, top: number, x: Axis["x"]): string {
  const behind = Number(x(Math.max(value, tick ?? 0))) + 8;
  return `<text class="n" x="${fixed(behind)}" y="${baseline(top)}">${escapeXml(note)}</text>`;
}

/** 1, 2 or 5 times a power of ten: at most six of them reach `largest`. */
function niceStep(largest: number): number {
  if (!(largest > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(largest / 6));
  const factor = [1, 2, 5, 10].find((each) => each * power * 6 >= largest) ?? 10;
  return factor * power;
}

const fixed = (value: number) => Number(value.toFixed(1)).toString();

function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
