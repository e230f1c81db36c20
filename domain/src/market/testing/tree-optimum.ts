import type { SlotOrders } from "../types.js";
import { greatestWithin } from "./linear-programme.js";

interface TreeStep {
  readonly side: "sell" | "buy";
  readonly node: string;
  readonly energyWh: number;
  readonly limitMicroPerKwh: number;
}

/**
 * Greatest welfare of steps on a tree without rounding, by a linear programme over what each step
 * trades and each edge carries in either direction.
 */
export function treeOptimum(
  nodes: SlotOrders["grid"]["nodes"],
  steps: readonly TreeStep[],
  roomOf: (node: string) => { readonly upWh: number | null; readonly downWh: number | null },
): number {
  const edges = nodes.filter(({ parent }) => parent !== undefined);
  const width = steps.length + 2 * edges.length;
  const goal = steps.map(({ side, limitMicroPerKwh }) =>
    side === "buy" ? limitMicroPerKwh : -limitMicroPerKwh,
  );
  const rows: number[][] = [];
  const most: number[] = [];
  const row = (entries: readonly (readonly [column: number, value: number])[], bound: number) => {
    const values = Array<number>(width).fill(0);
    for (const [column, value] of entries) values[column] = value;
    rows.push(values);
    most.push(bound);
  };
  const balance = new Map(nodes.map(({ id }) => [id, [] as [number, number][]]));
  steps.forEach(({ side, node, energyWh }, column) => {
    row([[column, 1]], energyWh);
    balance.get(node)?.push([column, side === "buy" ? 1 : -1]);
  });
  edges.forEach(({ id, parent, lossPpm = 0, feeMicroPerKwh = 0 }, index) => {
    const up = steps.length + 2 * index;
    const kept = 1 - lossPpm / 1e6;
    goal.push(-feeMicroPerKwh, -feeMicroPerKwh);
    balance.get(id)?.push([up, 1], [up + 1, -1]);
    balance.get(parent ?? "")?.push([up, -kept], [up + 1, 1 / kept]);
    const { upWh, downWh } = roomOf(id);
    if (upWh !== null) row([[up, 1]], upWh);
    if (downWh !== null) row([[up + 1, 1]], downWh);
  });
  for (const entries of balance.values()) row(entries, 0);
  return greatestWithin(goal, rows, most);
}
