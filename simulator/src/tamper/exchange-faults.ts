import type { Row } from "@powershare/domain/wiring";
import { flowsOf, type OpenRow, withFlows } from "./energy.js";
import { everyRow, measuring, measuringOnly, type Variant } from "./injection.js";

const clip = (value = 0) => Math.max(0, value);

/**
 * The generator's cable at the connection point's meter and the other way round: what the generator
 * gives comes in as from the grid, what the house draws as from the generator. Meters that count one
 * direction do not count what flows the other way.
 */
function exchangeCables(row: Row): Row {
  const { productionWh, gridWh } = flowsOf(row);
  const shown: OpenRow = { ...row, productionWh: clip(gridWh) };
  if (row.importWh !== undefined) shown.importWh = productionWh;
  if (row.exportWh !== undefined) shown.exportWh = 0;
  if (row.gridW !== undefined) shown.gridW = (productionWh * 3600) / row.seconds;
  return shown;
}

export const swapped: readonly Variant[] = [
  {
    name: "production-consumption",
    applies: measuring(["production", "consumption"]),
    inject: everyRow(
      () =>
        ({ productionWh: consumptionWh, consumptionWh: productionWh, ...row }) => ({
          ...row,
          ...(productionWh !== undefined && { productionWh }),
          ...(consumptionWh !== undefined && { consumptionWh }),
        }),
    ),
  },
  {
    name: "production-import",
    applies: measuringOnly("production", "import"),
    inject: everyRow(() => exchangeCables),
  },
  {
    name: "production-connection",
    applies: measuringOnly("production", "import", "export"),
    inject: everyRow(() => exchangeCables),
  },
  {
    // The generator's meter stands where the house's load passes, the connection point's where it was.
    name: "production-load",
    applies: measuringOnly("production", "import", "export"),
    inject: everyRow(() => (row) => {
      const { productionWh, gridWh } = flowsOf(row);
      return { ...row, productionWh: clip(productionWh + gridWh) };
    }),
  },
  {
    name: "production-grid",
    applies: measuringOnly("production", "grid"),
    inject: everyRow(() => exchangeCables),
  },
];

function opposite(row: Row): Row {
  const { productionWh, gridWh } = flowsOf(row);
  return withFlows(row, { productionWh, gridWh: -gridWh });
}

export const reversed: readonly Variant[] = [
  {
    name: "consumption-derived",
    applies: measuring(["production", "consumption"]),
    inject: everyRow(() => opposite),
  },
  {
    name: "consumption-derived-signed",
    applies: measuring(["production", "consumption"]),
    inject: everyRow(() => (row) => {
      const { productionWh, gridWh } = flowsOf(row);
      return { ...row, consumptionWh: productionWh - gridWh };
    }),
  },
  {
    name: "import-export",
    applies: measuring(["import", "export"]),
    inject: everyRow(() => ({ importWh: exportWh = 0, exportWh: importWh = 0, ...row }) => ({
      ...row,
      importWh,
      exportWh,
    })),
  },
  {
    name: "grid",
    applies: measuring(["grid"]),
    inject: everyRow(() => ({ gridW = 0, ...row }) => ({ ...row, gridW: -gridW })),
  },
];

const phaseColumns = ["gridL1W", "gridL2W", "gridL3W"] as const;

export const phaseReversed: readonly Variant[] = [
  {
    name: "one-of-three",
    applies: measuring(["grid"], ["phases"]),
    inject: everyRow((random) => {
      const column = phaseColumns[Math.floor(3 * random.next())] ?? "gridL1W";
      return (row) => {
        const powerW = row[column] ?? 0;
        return { ...row, [column]: -powerW, gridW: (row.gridW ?? 0) - 2 * powerW };
      };
    }),
  },
];
