import type { Column, Row } from "@powershare/domain/wiring";
import { flowsOf, type OpenRow, withFlows } from "./energy.js";
import { everyRow, measuring, type Variant } from "./injection.js";

const channelColumns = {
  production: "productionWh",
  consumption: "consumptionWh",
  import: "importWh",
  grid: "gridW",
} as const;
type StillChannel = keyof typeof channelColumns;
const allColumns = ["productionWh", "consumptionWh", "importWh", "exportWh", "gridW"] as const;

function setTo(row: Row, columns: readonly Column[], from: Row | undefined): Row {
  const shown: OpenRow = { ...row };
  for (const column of columns) {
    if (row[column] !== undefined) shown[column] = from?.[column] ?? 0;
  }
  return shown;
}

/** A channel repeats its value of a row in which it measured something: a standstill at 0 is a dead one. */
function stuckAt(name: string, columns: readonly [Column, ...Column[]]): Variant["inject"] {
  return (rows, wanted) => {
    const leading = columns.find((column) => rows[wanted]?.[column] !== undefined) ?? columns[0];
    const whole = Math.max(...rows.map((row) => Math.abs(row[leading] ?? 0)));
    const threshold = name === "production" ? 0.05 * whole : 0;
    const found = rows.findIndex(
      (row, index) => index >= wanted && Math.abs(row[leading] ?? 0) > threshold,
    );
    const from = found < 0 ? wanted : found;
    const held = rows[from];
    // The row that is held is itself as measured.
    return {
      rows: rows.map((row, index) => (index > from ? setTo(row, columns, held) : row)),
      from: Math.min(from + 1, rows.length - 1),
    };
  };
}

const channels = ["production", "consumption", "import", "grid"] as const;

export const stuck: readonly Variant[] = [
  ...channels.map((channel: StillChannel) => ({
    name: channel,
    applies: measuring([channel]),
    inject: stuckAt(channel, [channelColumns[channel]]),
  })),
  { name: "all", applies: measuring([]), inject: stuckAt("all", allColumns) },
];

export const dead: readonly Variant[] = [
  ...channels.map((channel: StillChannel) => ({
    name: channel,
    applies: measuring([channel]),
    inject: everyRow(() => (row) => setTo(row, [channelColumns[channel]], undefined)),
  })),
  {
    name: "production-derived",
    applies: measuring(["production", "consumption"]),
    inject: everyRow(
      () => (row) => withFlows(row, { productionWh: 0, gridWh: flowsOf(row).gridWh }),
    ),
  },
  {
    name: "all",
    applies: measuring([]),
    inject: everyRow(() => (row) => setTo(row, allColumns, undefined)),
  },
];
