import { equalBytes } from "./bytes.js";
import { merkleNode, type Sha256 } from "./hashes.js";

/**
 * RFC 9162 Merkle tree over leaf hashes, grown one leaf at a time. Each leaf is hashed into the complete
 * subtrees once, two hashes a leaf at most on average; root and proofs then take some ten more.
 */
export class MerkleTree {
  readonly #sha256: Sha256;
  /** Roots of the complete subtrees of 2^k leaves, from the left; at 0 the leaves. */
  readonly #complete: Uint8Array[][] = [[]];
  #size = 0;

  constructor(sha256: Sha256, leaves: Iterable<Uint8Array> = []) {
    this.#sha256 = sha256;
    for (const leaf of leaves) this.append(leaf);
  }

  get size(): number {
    return this.#size;
  }

  append(leaf: Uint8Array): void {
    this.#size += 1;
    let node = leaf;
    for (let height = 0; ; height++) {
      const row = this.#row(height);
      const left = row.length % 2 === 1 ? row.at(-1) : undefined;
      row.push(node);
      if (left === undefined) return;
      node = merkleNode(left, node, this.#sha256);
    }
  }

  /** Root of the leaves so far; of an empty tree SHA-256 of nothing (RFC 9162 §2.1.1). */
  root(): Uint8Array {
    const root = this.#complete.reduce<Uint8Array | undefined>(
      (edge, _, height) => this.#withEdge(edge, height),
      undefined,
    );
    return root ?? this.#sha256(new Uint8Array(0));
  }

  /** Inclusion proof of leaf `index`, from the leaf's sibling up (RFC 9162 §2.1.3.1). Throws RangeError outside the tree. */
  proof(index: number): Uint8Array[] {
    if (!Number.isInteger(index) || index < 0 || index >= this.size) {
      throw new RangeError(`no leaf ${index} in a tree of ${this.size}`);
    }
    const path: Uint8Array[] = [];
    /** Root of the leaves to the right of all complete subtrees of this height. */
    let edge: Uint8Array | undefined;
    let at = index;
    for (let height = 0; this.#size > 2 ** height; height++) {
      const row = this.#row(height);
      const beside = at % 2 === 0 ? at + 1 : at - 1;
      // Without either the node has no sibling, and rises as it is.
      const sibling = beside < row.length ? row[beside] : beside === row.length ? edge : undefined;
      if (sibling !== undefined) path.push(sibling);
      edge = this.#withEdge(edge, height);
      at = Math.floor(at / 2);
    }
    return path;
  }

  #row(height: number): Uint8Array[] {
    const row = this.#complete[height] ?? [];
    this.#complete[height] = row;
    return row;
  }

  /** The incomplete part on the right, one level up: with the last subtree of this height where it has no partner. */
  #withEdge(edge: Uint8Array | undefined, height: number): Uint8Array | undefined {
    const row = this.#row(height);
    const last = row.length % 2 === 1 ? row.at(-1) : undefined;
    if (last === undefined) return edge;
    return edge === undefined ? last : merkleNode(last, edge, this.#sha256);
  }
}

/** Whether `leaf` is at `index` of the tree with this size and root (RFC 9162 §2.1.3.2). */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
  sha256: Sha256,
): boolean {
  const inTree =
    Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size;
  if (!inTree || proof.some((hash) => hash.length !== 32)) return false;
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = merkleNode(sibling, hash, sha256);
      // A node without a right sibling rises until it is a right child itself.
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      hash = merkleNode(hash, sibling, sha256);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equalBytes(hash, root);
}
