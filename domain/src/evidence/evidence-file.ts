import { z } from "zod";
import { CodedError } from "../errors/index.js";
import { bytesHex, p1363Hex, sha256Hex } from "../ledger/primitives.js";
import { parseEvidence } from "./parse.js";
import { checkpoint, event, evidencePackage, reading, wellFormed } from "./types.js";

/** A reading, and where its batch is not given in full the hashes that prove it part of it (RFC 9162 §2.1.3), hex. */
export const provenReading = z.strictObject({
  reading,
  proof: z.array(sha256Hex).max(64).optional(),
});

/** An event, with its proof where its batch is not given in full. */
export const provenEvent = z.strictObject({ event, proof: z.array(sha256Hex).max(64).optional() });

/** Evidence as a file that can be checked by anyone, offline: docs/evidence.md. */
export const evidenceFile = z.strictObject({
  format: z.literal("powershare-evidence"),
  v: z.literal(1),
  /** The device's part of the registration on the ledger, and the certificate of its reading key. */
  device: z.strictObject({
    device: sha256Hex,
    attestationKey: bytesHex,
    readingKey: bytesHex,
    certification: z.strictObject({ attest: bytesHex, signature: p1363Hex }),
    counterName: bytesHex,
    certificatePem: wellFormed.optional(),
  }),
  /** Of each meter consecutive, oldest first. */
  packages: z.array(evidencePackage).max(100_000),
  /** Further checkpoints, for readings in batches that no package's checkpoint covers. */
  checkpoints: z.array(checkpoint).max(100_000).optional(),
  readings: z.array(provenReading).max(1_000_000).optional(),
  events: z.array(provenEvent).max(100_000).optional(),
});
export type EvidenceFile = z.infer<typeof evidenceFile>;

/** The file, or a CodedError `evidence.schema` with the JSON path and what was expected there. */
export function parseEvidenceFile(value: unknown): EvidenceFile {
  const file = parseEvidence(evidenceFile, value, "evidence file");
  if (file.packages.length > 0 || (file.checkpoints ?? []).length > 0) return file;
  throw new CodedError("evidence.schema", "evidence file at /packages: a package or a checkpoint");
}
