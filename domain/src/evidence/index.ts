export { concatBytes, equalBytes, fromHex, toHex, utf8 } from "./bytes.js";
export { canonicalBytes, canonicalJson } from "./canonical-json.js";
export {
  type EvidenceFile,
  evidenceFile,
  parseEvidenceFile,
  provenEvent,
  provenReading,
} from "./evidence-file.js";
export {
  emptyHead,
  entryLeaf,
  intervalHash,
  measurementDigest,
  nextHead,
  packageBytes,
  quoteStatementHash,
  type Sha256,
  statementHash,
  zeroHash,
} from "./hashes.js";
export { keptReading, readingOf } from "./kept-reading.js";
export { MerkleTree, verifyInclusion } from "./merkle.js";
export { cryptoFrom, type NodeCrypto } from "./node-crypto.js";
export {
  derSignature,
  type OcmfPayload,
  type OcmfSource,
  ocmfBytes,
  ocmfPayloads,
  ocmfRecord,
} from "./ocmf.js";
export { batchIn, certifiedBy, proveEntry, type SealedBatch } from "./prove.js";
export {
  pcrAfter,
  type QuoteDetails,
  type Software,
  type SoftwareProof,
  softwareChanged,
  softwareQuoted,
  verifySoftwareQuote,
} from "./software.js";
export {
  deviceCounterName,
  type KeyAttributes,
  type KeyCertification,
  type KeyPublic,
  type NvCertification,
  parseKeyCertify,
  parseKeyPublic,
  parseNvCertify,
} from "./tpm-structures.js";
export * from "./types.js";
export { type VerifiedCheckpoint, verifyCheckpoint } from "./verify-checkpoint.js";
export { type EvidenceFileReport, type MeterProof, verifyEvidenceFile } from "./verify-file.js";
export { type CertifiedKeys, verifyKeyCertification } from "./verify-keys.js";
export { type RegisteredDevice, type VerifiedPackage, verifyPackage } from "./verify-package.js";
