import * as node from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  canonicalJson,
  cryptoFrom,
  deviceCounterName,
  emptyHead,
  entryLeaf,
  event,
  evidenceFile,
  fromHex,
  interval,
  intervalHash,
  MerkleTree,
  measurementDigest,
  nextHead,
  packageBytes,
  parseEvidenceFile,
  quoteStatementHash,
  statement,
  statementHash,
  toHex,
  verifyCheckpoint,
  verifyEvidenceFile,
  verifyInclusion,
  verifyKeyCertification,
  verifySoftwareQuote,
} from "./index.js";

const json = z.json();
const vectors = z
  .strictObject({
    canonical: z.array(z.strictObject({ value: json, json: z.string(), sha256: z.string() })),
    batch: z.strictObject({
      readings: z.string(),
      leaves: z.array(z.string()),
      heads: z.array(z.string()),
      roots: z.array(z.string()),
      proofs: z.array(z.array(z.string())),
    }),
    event: z.strictObject({ value: event, leaf: z.string() }),
    quote: z.strictObject({
      value: event,
      measurement: z.string(),
      pcr: z.string(),
      statement: z.string(),
    }),
    interval: z.strictObject({ value: interval, hash: z.string() }),
    statement: z.strictObject({ value: statement, hash: z.string() }),
    keys: z.record(z.string(), z.string()),
    checkpoint: z.strictObject({
      counter: z.string(),
      clockMs: z.string(),
      resetCount: z.int(),
      restartCount: z.int(),
      safe: z.boolean(),
    }),
    package: z.strictObject({ sha256: z.string() }),
    file: evidenceFile,
    proves: z.looseObject({ counter: z.strictObject({ first: z.string(), last: z.string() }) }),
    refused: z.array(
      z.strictObject({
        code: z.string(),
        place: z.string(),
        changes: z.array(z.strictObject({ at: z.string(), value: json })),
      }),
    ),
  })
  .parse(JSON.parse(read("evidence-vectors.json")));

function read(name: string): string {
  return readFileSync(new URL(`../../../docs/${name}`, import.meta.url), "utf8");
}

const crypto = cryptoFrom(node);
const { sha256 } = crypto;
const { file } = vectors;
const sha256Hex = (bytes: Uint8Array): string => toHex(sha256(bytes));

describe("the published vectors", () => {
  it.each(vectors.canonical)("canonical JSON $sha256", (vector) => {
    expect(canonicalJson(vector.value)).toBe(vector.json);
    expect(sha256Hex(Buffer.from(vector.json))).toBe(vector.sha256);
  });

  it("leaves, chain, roots and proofs of a batch", () => {
    const { leaves, heads, roots, proofs } = vectors.batch;
    const tree = new MerkleTree(sha256);
    let head = emptyHead();
    for (const [i, { reading }] of (file.readings ?? []).slice(0, leaves.length).entries()) {
      const leaf = entryLeaf(reading, sha256);
      head = nextHead(head, leaf, sha256);
      tree.append(leaf);
      expect([leaf, head, tree.root()].map(toHex)).toEqual([leaves[i], heads[i], roots[i]]);
    }
    expect(tree.size).toBe(12);
    for (const [i, proof] of proofs.entries()) {
      expect(tree.proof(i).map(toHex)).toEqual(proof);
      const path = proof.map(fromHex);
      expect(verifyInclusion(fromHex(leaves[i]!), i, 12, path, tree.root(), sha256)).toBe(true);
    }
  });

  it("leaf of an event", () => {
    expect(toHex(entryLeaf(vectors.event.value, sha256))).toBe(vectors.event.leaf);
  });

  it("a quote of software", () => {
    const { value, measurement, pcr, statement } = vectors.quote;
    const attestationSpki = fromHex(vectors.keys["attestationSpki"] ?? "");
    const quote = verifySoftwareQuote(value, attestationSpki, crypto);
    expect(quote.pcr).toBe(pcr);
    expect(toHex(measurementDigest(quote.details, sha256))).toBe(measurement);
    expect(toHex(quoteStatementHash(value, sha256))).toBe(statement);
  });

  it("hashes of interval, statement and package", () => {
    expect(toHex(intervalHash(vectors.interval.value, sha256))).toBe(vectors.interval.hash);
    expect(toHex(statementHash(vectors.statement.value, sha256))).toBe(vectors.statement.hash);
    expect(sha256Hex(packageBytes(file.packages[0]!))).toBe(vectors.package.sha256);
  });

  it("keys, names and checkpoint", () => {
    const { attestationKey, readingKey, certification } = file.device;
    const { attest, signature } = certification;
    const keys = verifyKeyCertification(
      {
        attestationKey: fromHex(attestationKey),
        readingKey: fromHex(readingKey),
        attest: fromHex(attest),
        signature: fromHex(signature),
      },
      crypto,
    );
    const counterName = deviceCounterName(sha256);
    const hex = Object.entries({ ...keys, counterName }).map(([key, bytes]) => [key, toHex(bytes)]);
    expect(Object.fromEntries(hex)).toEqual(vectors.keys);
    const { counter, clockMs, ...rest } = verifyCheckpoint(
      file.checkpoints![0]!,
      { ...keys, counterName },
      crypto,
    );
    expect({ ...rest, counter: counter.toString(), clockMs: clockMs.toString() }).toEqual(
      vectors.checkpoint,
    );
  });

  it("a whole file", () => {
    const { counter, ...proves } = vectors.proves;
    expect(verifyEvidenceFile(file, crypto)).toMatchObject({
      proven: true,
      ...proves,
      counter: { first: BigInt(counter.first), last: BigInt(counter.last) },
    });
  });

  it.each(vectors.refused)("$code at $place", ({ code, place, changes }) => {
    const changed = structuredClone<unknown>(file);
    for (const { at, value } of changes) set(changed, at.split("/").slice(1), value);
    const report = verifyEvidenceFile(parseEvidenceFile(changed), crypto);
    expect(report.proven ? "proven" : [report.code, report.place]).toEqual([code, place]);
  });
});

/** Sets what a JSON pointer names. */
function set(target: unknown, [key, ...rest]: readonly string[], value: unknown): void {
  if (typeof target !== "object" || target === null || key === undefined) {
    throw new Error("a change points nowhere");
  }
  if (rest.length === 0) Reflect.set(target, key, value);
  else set(Reflect.get(target, key), rest, value);
}

it("docs/evidence.md names every code of the checks that it describes", () => {
  const text = read("evidence.md");
  for (const { code } of vectors.refused) expect(text).toContain(`\`${code}\``);
});
