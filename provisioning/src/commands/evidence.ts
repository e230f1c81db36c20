import type { X509Certificate } from "node:crypto";
import * as node from "node:crypto";
import { CodedError, type ErrorCode, remedyFor } from "@powershare/domain/errors";
import type {
  EvidenceFile,
  EvidenceFileReport,
  MeterProof,
  SoftwareProof,
} from "@powershare/domain/evidence";
import type { Command } from "commander";
import type { BoundaryProof } from "../boundary-registers.js";
import { type CertificateProof, checkCertificate, readCertificates } from "../certificate.js";
import { inFile, readJson } from "../input-file.js";
import { answerNo, print } from "../output.js";
import { registerEvidenceExport } from "./evidence-export.js";
import { registerEvidenceProve } from "./evidence-prove.js";

export function registerEvidenceCommands(program: Command): void {
  const evidence = program
    .command("evidence")
    .description("signed readings: check them offline, take them away, prove one");
  registerEvidenceExport(evidence);
  registerEvidenceProve(evidence);
  evidence
    .command("verify")
    .description("prove evidence files, or say what is wrong first (exit 1)")
    .argument("<file...>", "JSON files of the format in docs/evidence.md")
    .option("--trust <ca.pem>", "the device's certificate must be issued by one of these")
    .option("--json", "print one JSON document")
    .action(verifyFiles);
}

interface Options {
  readonly trust?: string;
  readonly json?: true;
}

type Verified = Extract<EvidenceFileReport, { proven: true }>;
interface Proof extends Omit<Verified, "readingSpki"> {
  readonly certificate: CertificateProof | undefined;
  readonly boundaries: BoundaryProof;
}
interface Refusal {
  readonly proven: false;
  readonly place: string;
  readonly code: ErrorCode;
  readonly message: string;
}
type Verdict = { readonly file: string } & (Proof | Refusal);

async function verifyFiles(files: readonly string[], { trust, json }: Options): Promise<void> {
  const anchors = trust === undefined ? undefined : await readCertificates(trust);
  const verdicts: Verdict[] = [];
  for (const file of files) verdicts.push(await verifyFile(file, anchors));
  const proven = verdicts.every((verdict) => verdict.proven);
  if (!proven) process.exitCode = answerNo;
  const document = { proven, files: verdicts };
  print(json === true ? JSON.stringify(document, withDecimals) : verdicts.map(describe).join("\n"));
}

async function verifyFile(
  path: string,
  trust: readonly X509Certificate[] | undefined,
): Promise<Verdict> {
  const { cryptoFrom, parseEvidenceFile, verifyEvidenceFile } = await import(
    "@powershare/domain/evidence"
  );
  const { checkBoundaryRegisters } = await import("../boundary-registers.js");
  const read = await readJson(path);
  const file = inFile(path, () => parseEvidenceFile(read));
  const report = verifyEvidenceFile(file, cryptoFrom(node));
  if (!report.proven) return { file: path, ...report };
  const { readingSpki: _, ...proof } = report;
  let place = "/device/certificatePem";
  try {
    const certificate = certificateOf(file, report, trust);
    place = "/readings";
    return { file: path, ...proof, certificate, boundaries: checkBoundaryRegisters(file) };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const { code, message } = error;
    return { file: path, proven: false, place, code, message };
  }
}

function certificateOf(
  { device: { certificatePem } }: EvidenceFile,
  { readingSpki, meters, sealedAt: newestSeal }: Verified,
  trust: readonly X509Certificate[] | undefined,
): CertificateProof | undefined {
  if (certificatePem !== undefined) {
    const sealedAt = Date.parse(newestSeal);
    const ends = meters.map(({ to }) => Date.parse(to));
    const newest = ends.length > 0 ? Math.max(...ends) : sealedAt;
    return checkCertificate(certificatePem, { readingSpki, at: new Date(newest) }, trust);
  }
  if (trust === undefined) return undefined;
  throw new CodedError("evidence.certificate", "the file holds no certificate to be trusted");
}

function withDecimals(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

function describe(verdict: Verdict): string {
  if (!verdict.proven) {
    const { file, place, code, message } = verdict;
    return `${file}: NOT proven\n  ${place}: ${message}\n  [${code}] ${remedyFor(code)}`;
  }
  const { file, participant, device, certificate, meters, readings, events, boundaries } = verdict;
  return [
    `${file}: proven`,
    `  ${participant ?? "no participant named"}, device ${device}; the TPM vouches for its reading key`,
    `  ${describeCertificate(certificate)}`,
    ...meters.map((meter) => `  ${describeMeter(meter)}`),
    `  ${verdict.checkpoints} checkpoints, TPM counter ${verdict.counter.first} to ${verdict.counter.last}, ${verdict.resets} TPM resets`,
    ...doubtsOf(verdict).map((doubt) => `  NOTE: ${doubt}`),
    ...softwareLines(verdict.software),
    `  ${readings} readings${events > 0 ? ` and ${events} events` : ""} hash into them; ${boundaries.decoded} ends of intervals read from raw registers${unknown(boundaries)}`,
  ].join("\n");
}

function describeCertificate(certificate: CertificateProof | undefined): string {
  if (certificate === undefined) return "no certificate: nothing here says whose device it is";
  const { subject, trustedBy } = certificate;
  return trustedBy === undefined
    ? `certificate of ${subject}, its issuer not checked (--trust)`
    : `certificate of ${subject}, trusted by ${trustedBy}`;
}

function describeMeter(proof: MeterProof): string {
  const { meter, role, intervals, firstSequence, from, to, importWh, exportWh } = proof;
  const notGood = [
    proof.gaps > 0 ? [`${proof.gaps} gaps`] : [],
    proof.unsynchronised > 0 ? [`${proof.unsynchronised} by an unsynchronised clock`] : [],
    firstSequence > 1 ? [`begins with number ${firstSequence}`] : [],
  ].flat();
  const remarks = notGood.length > 0 ? ` (${notGood.join(", ")})` : "";
  return `${meter}, ${role}: ${intervals} intervals from ${from} to ${to}, import ${importWh} Wh, export ${exportWh} Wh${remarks}`;
}

function unknown({ unknownProfile }: BoundaryProof): string {
  return unknownProfile > 0 ? `, ${unknownProfile} not (unknown profile)` : "";
}

/** What is proven, and still gives cause to ask. */
function doubtsOf({ resetsWithoutBoot, software }: Proof): string[] {
  return [
    resetsWithoutBoot > 0
      ? [
          `the TPM was reset ${resetsWithoutBoot} times while the machine went on: its record of software was cleared`,
        ]
      : [],
    software.unexplained > 0
      ? [`${software.unexplained} quotes show that something unknown was measured before`]
      : [],
  ].flat();
}

function softwareLines({ quotes, newest }: SoftwareProof): string[] {
  if (newest === undefined) return [];
  const { version, bundle, configuration, at } = newest;
  const digests = `bundle ${bundle}, configuration ${configuration}`;
  return [`  software quoted ${quotes} times, last at ${at}: ${version}, ${digests}`];
}
