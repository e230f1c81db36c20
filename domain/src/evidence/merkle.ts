import { equalBytes } from "./bytes.js";
import { merkleNode, type Sha256 } from "./hashes.js";

/**
 * RFC 9162 Merkle tree over leaf hashes, grown one leaf at a time. The root comes from the roots of
 * the complete subtrees (one per set bit of the size), a proof from the stored leaves.
 */
export class MerkleTree {
  readonly #sha256: Sha256;
  readonly #leaves: Uint8Array[] = [];
  /** Roots of the complete subtrees, largest first. */
  readonly #peaks: Uint8Array[] = [];

  constructor(sha256: Sha256, leaves: Iterable<Uint8Array> = []) {
    this.#sha256 = sha256;
    for (const leaf of leaves) this.append(leaf);
  }

  get size(): number {
    return this.#leaves.length;
  }

  append(leaf: Uint8Array): void {
    let peak = leaf;
    // Every trailing one bit of the old size is a complete subtree that pairs with the new one.
    for (let bits = this.#leaves.length; bits % 2 === 1; bits = (bits - 1) / 2) {
      const left = this.#peaks.pop();
      if (left === undefined) throw new Error("a Merkle tree lost one of its peaks");
      peak = merkleNode(left, peak, this.#sha256);
    }
    this.#peaks.push(peak);
    this.#leaves.push(leaf);
  }

  /** Root of the leaves so far; of an empty tree SHA-256 of nothing (RFC 9162 §2.1.1). */
  root(): Uint8Array {
    return this.#peaks.length === 0
      ? this.#sha256(new Uint8Array(0))
      : this.#peaks.reduceRight((right, left) => merkleNode(left, right, this.#sha256));
  }

  /** Inclusion proof of leaf `index`, from the leaf's sibling up (RFC 9162 §2.1.3.1). Throws RangeError outside the tree. */
  proof(index: number): Uint8Array[] {
    if (!Number.isInteger(index) || index < 0 || index >= this.size) {
      throw new RangeError(`no leaf ${index} in a tree of ${this.size}`);
    }
    const path: Uint8Array[] = [];
    let level: readonly Uint8Array[] = this.#leaves;
    for (let at = index; level.length > 1; at = Math.floor(at / 2)) {
      const sibling = level[at ^ 1];
      if (sibling !== undefined) path.push(sibling);
      level = this.#parents(level);
    }
    return path;
  }

  /** The next level up; a last node without a sibling rises as it is. */
  #parents(level: readonly Uint8Array[]): Uint8Array[] {
    const parents: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = level.slice(i, i + 2);
      if (left === undefined) break;
      parents.push(right === undefined ? left : merkleNode(left, right, this.#sha256));
    }
    return parents;
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
