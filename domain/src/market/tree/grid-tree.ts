import { at } from "../at.js";
import type { SlotOrders } from "../types.js";
import { compareUtf8 } from "../utf8-order.js";
import { Edge } from "./edge.js";

export interface TreeNode {
  readonly id: string;
  /** Positions, children by id. */
  readonly parent: number | undefined;
  readonly children: readonly number[];
  /** To the parent. */
  readonly edge: Edge;
}

/** Nodes of a grid, each parent before its children. */
export function treeOf({ grid: { nodes } }: SlotOrders): TreeNode[] {
  const children = new Map<string | undefined, SlotOrders["grid"]["nodes"]>();
  for (const node of nodes) {
    const siblings = children.get(node.parent);
    if (siblings === undefined) children.set(node.parent, [node]);
    else siblings.push(node);
  }
  const sequence = [...(children.get(undefined) ?? [])];
  for (const node of sequence) sequence.push(...(children.get(node.id) ?? []));
  const positions = new Map(sequence.map(({ id }, position) => [id, position]));
  const limit = (energyWh: number | null | undefined) =>
    energyWh === null || energyWh === undefined ? null : BigInt(energyWh);
  return sequence.map((node) => ({
    id: node.id,
    parent: node.parent === undefined ? undefined : positions.get(node.parent),
    children: (children.get(node.id) ?? [])
      .map(({ id }) => positions.get(id) ?? 0)
      .sort((a, b) => compareUtf8(at(sequence, a).id, at(sequence, b).id)),
    edge: new Edge(
      node.lossPpm ?? 0,
      node.feeMicroPerKwh ?? 0,
      limit(node.limitUpWh),
      limit(node.limitDownWh),
    ),
  }));
}
