import type { Column, Row } from "@powershare/domain/wiring";
import { flowsOf, type OpenRow, withFlows } from "./energy.js";
import { everyRow, measuring, type Variant } from "./injection.js";

const measuredColumns = ["productionWh", "consumptionWh", "importWh", "exportWh", "gridW"] as const;

function times(row: Row, columns: readonly Column[], factor: number): Row {
  const shown: OpenRow = { ...row };
  for (const column of columns) {
    const value = row[column];
    if (value !== undefined) shown[column] = value * factor;
  }
  return shown;
}

const channelColumns = {
  production: "productionWh",
  consumption: "consumptionWh",
  import: "importWh",
  export: "exportWh",
  grid: "gridW",
} as const;
type ScaledChannel = keyof typeof channelColumns;

/** One channel counts a factor drawn from [low, high). */
function oneChannel(channel: ScaledChannel, low: number, high: number): Variant {
  return {
    name: channel,
    applies: measuring([channel]),
    inject: everyRow((random) => {
      const factor = random.between(low, high);
      return (row) => times(row, [channelColumns[channel]], factor);
    }),
  };
}

const [leastShare, mostShare] = [0.2, 0.65];

export const partial: readonly Variant[] = [
  ...(["production", "consumption", "import", "export", "grid"] as const).map((channel) =>
    oneChannel(channel, leastShare, mostShare),
  ),
  {
    // The house's consumption is computed from the part of the production that is seen.
    name: "production-derived",
    applies: measuring(["production", "consumption"]),
    inject: everyRow((random) => {
      const share = random.between(leastShare, mostShare);
      return (row) => {
        const { productionWh, gridWh } = flowsOf(row);
        return withFlows(row, { productionWh: share * productionWh, gridWh });
      };
    }),
  },
  {
    name: "grid-derived",
    applies: measuring(["production", "consumption"]),
    inject: everyRow((random) => {
      const share = random.between(leastShare, mostShare);
      return (row) => {
        const { productionWh, gridWh } = flowsOf(row);
        return withFlows(row, { productionWh, gridWh: share * gridWh });
      };
    }),
  },
];

export const scaled: readonly Variant[] = [
  ...(["production", "consumption", "import"] as const).map((channel) =>
    oneChannel(channel, 1.3, 3),
  ),
  {
    name: "all",
    applies: measuring([]),
    inject: everyRow((random) => {
      const factor = random.between(1.3, 3);
      return (row) => times(row, measuredColumns, factor);
    }),
  },
];
