import { at } from "../at.js";

const small = 1e-9;

/**
 * Greatest goal · x where every row · x is at most its bound and x at least 0, by the simplex method
 * with Bland's rule: a reference for tests, in floating point.
 *
 * @param bounds - at least 0, so that x = 0 is a start
 */
export function greatestWithin(
  goal: readonly number[],
  rows: readonly (readonly number[])[],
  bounds: readonly number[],
): number {
  const slack = (row: number) => rows.map((_, other) => Number(other === row));
  const table = rows.map((row, index) => [...row, ...slack(index), at(bounds, index)]);
  let costs = [...goal.map((value) => -value), ...rows.map(() => 0), 0];
  const basis = rows.map((_, index) => goal.length + index);
  for (let round = 0; round < 10_000; round += 1) {
    const enters = costs.slice(0, -1).findIndex((cost) => cost < -small);
    if (enters < 0) return at(costs, costs.length - 1);
    const leaves = leavingRow(table, basis, enters);
    const pivot = at(at(table, leaves), enters);
    const pivotRow = at(table, leaves).map((value) => value / pivot);
    table.forEach((row, index) => {
      table[index] = index === leaves ? pivotRow : without(row, pivotRow, enters);
    });
    costs = without(costs, pivotRow, enters);
    basis[leaves] = enters;
  }
  throw new Error("the simplex method did not end");
}

/** Where the entering variable meets its first bound; of equal ones the lowest variable leaves. */
function leavingRow(table: readonly number[][], basis: readonly number[], enters: number): number {
  const ratio = (row: number) => {
    const values = at(table, row);
    return at(values, values.length - 1) / at(values, enters);
  };
  const candidates = [...table.keys()].filter((row) => at(at(table, row), enters) > small);
  const least = Math.min(...candidates.map(ratio));
  return at(
    candidates
      .filter((row) => ratio(row) <= least + 1e-12)
      .sort((a, b) => at(basis, a) - at(basis, b)),
    0,
  );
}

function without(row: readonly number[], pivotRow: readonly number[], column: number): number[] {
  const factor = at(row, column);
  return row.map((value, index) => value - factor * at(pivotRow, index));
}
