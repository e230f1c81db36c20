import type { Row } from "@powershare/domain/wiring";

export type Wiring = "right" | "reversed" | "swapped" | "phase-reversed";

/** What the meters would give if the cables were wired so. */
export function wired(row: Row, wiring: Wiring): Row {
  if (wiring === "reversed") return reversed(row);
  if (wiring === "swapped") return swapped(row);
  return wiring === "phase-reversed" ? phaseReversed(row) : row;
}

/** Every clamp at the connection the wrong way round. */
function reversed(row: Row): Row {
  const { gridW, gridL1W, gridL2W, gridL3W, importWh, exportWh } = row;
  return {
    ...row,
    ...(gridW !== undefined && { gridW: -gridW }),
    ...(gridL1W !== undefined && { gridL1W: -gridL1W }),
    ...(gridL2W !== undefined && { gridL2W: -gridL2W }),
    ...(gridL3W !== undefined && { gridL3W: -gridL3W }),
    ...(importWh !== undefined && { exportWh: importWh }),
    ...(exportWh !== undefined && { importWh: exportWh }),
  };
}

function swapped(row: Row): Row {
  const { productionW, consumptionW, productionWh, consumptionWh } = row;
  return {
    ...row,
    ...(consumptionW !== undefined && { productionW: consumptionW }),
    ...(productionW !== undefined && { consumptionW: productionW }),
    ...(consumptionWh !== undefined && { productionWh: consumptionWh }),
    ...(productionWh !== undefined && { consumptionWh: productionWh }),
  };
}

function phaseReversed(row: Row): Row {
  const { gridW = 0, gridL2W = 0 } = row;
  return { ...row, gridW: gridW - 2 * gridL2W, gridL2W: -gridL2W };
}
