import type { Row } from "@powershare/domain/wiring";

/** Rows while they are being made. */
export type OpenRow = { -readonly [Name in keyof Row]: Row[Name] };

const hours = (row: Row) => row.seconds / 3600;
const clip = (value: number) => Math.max(0, value);

/** What a house's measured flows are, whichever channels show them. */
export interface Flows {
  readonly productionWh: number;
  /** + for import. */
  readonly gridWh: number;
}

/**
 * Flows behind a row. Where only the import is measured, as in bondi, half of the production is taken
 * to be exported while nothing is imported; what then was used is not known.
 */
export function flowsOf(row: Row): Flows {
  const productionWh = row.productionWh ?? 0;
  if (row.gridW !== undefined) return { productionWh, gridWh: row.gridW * hours(row) };
  if (row.consumptionWh !== undefined) {
    return { productionWh, gridWh: row.consumptionWh - productionWh };
  }
  const importWh = row.importWh ?? 0;
  const exportWh = row.exportWh ?? (importWh > 0 ? 0 : productionWh / 2);
  return { productionWh, gridWh: importWh - exportWh };
}

/** The same row where its channels, honest themselves, see other flows. A consumption is derived from both. */
export function withFlows(row: Row, { productionWh, gridWh }: Flows): Row {
  const shown: OpenRow = { ...row };
  if (row.productionWh !== undefined) shown.productionWh = clip(productionWh);
  if (row.consumptionWh !== undefined) shown.consumptionWh = clip(productionWh + gridWh);
  if (row.importWh !== undefined) shown.importWh = clip(gridWh);
  if (row.exportWh !== undefined) shown.exportWh = clip(-gridWh);
  if (row.gridW !== undefined) setGrid(shown, gridWh / hours(row));
  return shown;
}

/** Phases take what changes in equal parts. */
function setGrid(row: OpenRow, gridW: number): void {
  const more = (gridW - (row.gridW ?? 0)) / 3;
  row.gridW = gridW;
  if (row.gridL1W === undefined) return;
  row.gridL1W += more;
  row.gridL2W = (row.gridL2W ?? 0) + more;
  row.gridL3W = (row.gridL3W ?? 0) + more;
}
