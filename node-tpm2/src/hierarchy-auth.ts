/** Auth values of the hierarchies, where the owner of the machine has set them; empty by default. */
export interface HierarchyAuth {
  readonly owner?: Uint8Array;
  readonly endorsement?: Uint8Array;
}
