import { columns, type Row } from "@powershare/domain/wiring";
import type { OpenRow } from "./energy.js";
import { measuring, type Variant } from "./injection.js";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The clock that stamps the rows is set by so much: they leave a gap, or what overlaps is not kept. */
function setClock(shiftMs: number): Variant["inject"] {
  return (rows, from) => {
    const last = rows.at(-1)?.startMs ?? 0;
    const before = rows[from - 1];
    const keptMs = before ? before.startMs + before.seconds * 1000 : 0;
    const moved = rows
      .slice(from)
      .map((row) => ({ ...row, startMs: row.startMs + shiftMs }))
      .filter(({ startMs }) => startMs >= keptMs && startMs <= last);
    return { rows: [...rows.slice(0, from), ...moved], from };
  };
}

/** Values of these columns are stamped so much later, while the rows themselves go on without a gap. */
function stampLater(shiftMs: number, moved: readonly (keyof Row)[]): Variant["inject"] {
  return (rows, from) => {
    const byStart = new Map(rows.map((row) => [row.startMs, row]));
    const shown = rows.map((row, index) => {
      const measured = index < from ? undefined : byStart.get(row.startMs - shiftMs);
      return measured ? withValuesOf(measured, row, moved) : row;
    });
    return { rows: shown, from };
  };
}

function withValuesOf(measured: Row, row: Row, moved: readonly (keyof Row)[]): Row {
  const shown: OpenRow = { ...row };
  for (const column of columns) {
    if (moved.includes(column) && measured[column] !== undefined) shown[column] = measured[column];
  }
  return shown;
}

export const clockShift: readonly Variant[] = [
  { name: "set-forward", applies: measuring([]), inject: setClock(hourMs) },
  { name: "set-back", applies: measuring([]), inject: setClock(-hourMs) },
  { name: "all-later", applies: measuring([]), inject: stampLater(hourMs, columns) },
  { name: "all-earlier", applies: measuring([]), inject: stampLater(-hourMs, columns) },
  {
    name: "production-later",
    applies: measuring(["production"]),
    inject: stampLater(hourMs, ["productionWh"]),
  },
  {
    name: "production-earlier",
    applies: measuring(["production"]),
    inject: stampLater(-hourMs, ["productionWh"]),
  },
];

/** Days that were measured before come again and again. */
function repeatDays(moved: readonly (keyof Row)[]): Variant["inject"] {
  return (rows, from, random) => {
    const days = 1 + Math.floor(7 * random.next());
    const byStart = new Map(rows.slice(0, from).map((row) => [row.startMs, row]));
    const startMs = rows[from]?.startMs ?? 0;
    const shown = rows.map((row, index) => {
      if (index < from) return row;
      const blocks = 1 + Math.floor((row.startMs - startMs) / (days * dayMs));
      const measured = byStart.get(row.startMs - blocks * days * dayMs);
      return measured ? withValuesOf(measured, row, moved) : row;
    });
    return { rows: shown, from };
  };
}

export const replayed: readonly Variant[] = [
  { name: "all", applies: measuring([]), inject: repeatDays(columns) },
  { name: "production", applies: measuring(["production"]), inject: repeatDays(["productionWh"]) },
];
