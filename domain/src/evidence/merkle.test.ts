import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, MerkleTree, toHex, verifyInclusion } from "./index.js";

const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();
const leafOf = (data: Uint8Array): Uint8Array => sha256(Buffer.concat([Buffer.of(0), data]));
const leaves = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => leafOf(Buffer.from(`leaf ${i}`)));

/** MTH of RFC 9162 §2.1.1, word for word. */
function treeHash(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return sha256(new Uint8Array(0));
  if (hashes.length === 1) return hashes[0]!;
  let k = 1;
  while (k * 2 < hashes.length) k *= 2;
  return sha256(
    Buffer.concat([Buffer.of(1), treeHash(hashes.slice(0, k)), treeHash(hashes.slice(k))]),
  );
}
/** PATH of RFC 9162 §2.1.3.1, word for word. */
function path(m: number, hashes: readonly Uint8Array[]): Uint8Array[] {
  if (hashes.length === 1) return [];
  let k = 1;
  while (k * 2 < hashes.length) k *= 2;
  return m < k
    ? [...path(m, hashes.slice(0, k)), treeHash(hashes.slice(k))]
    : [...path(m - k, hashes.slice(k)), treeHash(hashes.slice(0, k))];
}
const hex = (hashes: readonly Uint8Array[]): string[] => hashes.map(toHex);

describe("the Merkle tree", () => {
  // Test tree of the Certificate Transparency projects: roots of its first 0 to 8 leaves.
  const data = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
  ];
  it.each([
    [0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    [1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"],
    [2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    [3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"],
    [4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
    [5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"],
    [6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"],
    [7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"],
    [8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"],
  ])("of %i known leaves has the known root", (count, root) => {
    const tree = new MerkleTree(
      sha256,
      data.slice(0, count).map((text) => leafOf(fromHex(text))),
    );
    expect(toHex(tree.root())).toBe(root);
  });

  it("has the root and the proofs that RFC 9162 defines, at every size", () => {
    const tree = new MerkleTree(sha256);
    for (const [i, leaf] of leaves(70).entries()) {
      tree.append(leaf);
      const grown = leaves(i + 1);
      expect(toHex(tree.root())).toBe(toHex(treeHash(grown)));
      expect(hex(tree.proof(i >> 1))).toEqual(hex(path(i >> 1, grown)));
    }
  });

  it("proves each of its leaves, and no other leaf, index, size, path or root", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), fc.nat(), (size, pick, other) => {
        const index = pick % size;
        const all = leaves(size);
        const tree = new MerkleTree(sha256, all);
        const root = tree.root();
        const proof = tree.proof(index);
        const holds = (
          at = index,
          of = size,
          by: readonly Uint8Array[] = proof,
          leaf = all[index]!,
        ): boolean => verifyInclusion(leaf, at, of, by, root, sha256);
        expect(holds()).toBe(true);
        const elsewhere = other % size;
        expect(holds(elsewhere)).toBe(elsewhere === index);
        expect(holds(index, size, [...proof, root])).toBe(false);
        expect(holds(index, size, proof, leafOf(Buffer.from("another")))).toBe(false);
        expect(verifyInclusion(all[index]!, index, size, proof, sha256(root), sha256)).toBe(false);
        if (proof.length > 0) {
          expect(holds(index, size, proof.slice(1))).toBe(false);
          const at = other % proof.length;
          expect(holds(index, size, proof.with(at, sha256(proof[at]!)))).toBe(false);
        }
      }),
    );
  });

  it.each([
    [-1, 3],
    [3, 3],
    [0, 0],
    [0.5, 3],
    [0, Number.NaN],
    [0, 2 ** 53],
  ])("proves nothing about index %s in a tree of %s", (index, size) => {
    const [leaf] = leaves(1);
    expect(verifyInclusion(leaf!, index, size, [], leaf!, sha256)).toBe(false);
  });

  it("takes no hash of another length for a node", () => {
    const [left, right] = leaves(2);
    const joined = Buffer.concat([left!, right!]);
    expect(
      verifyInclusion(new Uint8Array(0), 0, 2, [joined], treeHash([left!, right!]), sha256),
    ).toBe(false);
  });

  it("has no proof for a leaf it does not hold", () => {
    expect(() => new MerkleTree(sha256, leaves(3)).proof(3)).toThrow("no leaf 3 in a tree of 3");
  });
});
