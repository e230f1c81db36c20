import { type Column, columns, type Row } from "@powershare/domain/wiring";
import type { OpenRow } from "./energy.js";
import type { Home } from "./homes.js";

/** A home's rows summed, powers averaged, to intervals of so many minutes that begin on their multiples. */
export function coarser(home: Home, minutes: number): Home {
  const seconds = minutes * 60;
  const groups = new Map<number, Row[]>();
  for (const row of home.rows) {
    const number = Math.floor(row.startMs / 1000 / seconds);
    const group = groups.get(number);
    if (group) group.push(row);
    else groups.set(number, [row]);
  }
  const rows = [...groups]
    .map(([number, parts]) => merged(number * seconds * 1000, seconds, parts))
    .filter((row) => row !== undefined);
  return { ...home, rows };
}

/** Undefined where a part is missing, as at the ends and around gaps. */
function merged(startMs: number, seconds: number, parts: readonly Row[]): Row | undefined {
  if (parts.reduce((sum, part) => sum + part.seconds, 0) !== seconds) return undefined;
  const row: OpenRow = { startMs, seconds };
  for (const column of columns) {
    if (parts.every((part) => part[column] !== undefined))
      row[column] = together(column, parts, seconds);
  }
  return row;
}

function together(column: Column, parts: readonly Row[], seconds: number): number {
  const isEnergy = column.endsWith("Wh");
  return parts.reduce(
    (sum, part) => sum + (part[column] ?? 0) * (isEnergy ? 1 : part.seconds / seconds),
    0,
  );
}
