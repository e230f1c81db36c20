import * as node from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import {
  certifiedBy,
  cryptoFrom,
  derSignature,
  type EvidenceFile,
  type Interval,
  ocmfBytes,
  ocmfPayloads,
  ocmfRecord,
  proveEntry,
  type SealedBatch,
} from "@powershare/domain/evidence";
import type { Profile } from "@powershare/firmware-profiles";
import type { ProofStore } from "../ports/proofs.js";
import type { Signer } from "../ports/signer.js";
import type { ArchiveStore, PageStore } from "../ports/store.js";

const { sha256 } = cryptoFrom(node);
/** An hour of four meters that are read every second; some 7 MB. */
const mostEntries = 16_000;
const mostPackages = 1_000;

export interface EvidenceExportOptions {
  readonly store: ProofStore & Pick<ArchiveStore, "intervalsBetween"> & Pick<PageStore, "packages">;
  /** The device's part of its registration; undefined if it is not at hand. */
  readonly device: EvidenceFile["device"] | undefined;
  readonly signer: Pick<Signer, "sign">;
  readonly profiles: readonly Profile[];
  /** Of the agent. */
  readonly version: string;
  /** Waits; passed in for tests. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

/** What a household takes away to show to others. */
export interface EvidenceExport {
  /** A file that proves one reading or event; undefined where it is not sealed yet, or no longer kept. */
  proof(sequence: number): EvidenceFile | undefined;
  /** Packages and all readings and events of a time, in whole batches; undefined where it is too long. */
  log(fromMs: number, toMs: number): EvidenceFile | undefined;
  /** OCMF records of all intervals that overlap a time, each ending in a line feed, signed one by one. */
  ocmf(fromMs: number, toMs: number): AsyncGenerator<string>;
}

/** @throws CodedError store.*, tpm.*, from each of its functions */
export function evidenceExport(options: EvidenceExportOptions): EvidenceExport {
  const { store, device } = options;
  return {
    proof(sequence) {
      const batch = store.batchOf(sequence);
      return batch === undefined || device === undefined || !certifiedBy(device)(batch)
        ? undefined
        : proveEntry(device, batch, sequence, sha256);
    },
    log(fromMs, toMs) {
      const { batches, complete } = store.batchesBetween(fromMs, toMs, mostEntries);
      const packages = store.packages(fromMs, toMs, mostPackages + 1);
      if (!complete || packages.length > mostPackages || device === undefined) return undefined;
      const own = certifiedBy(device);
      const content = contentOf(batches.filter(own));
      return {
        format: "powershare-evidence",
        v: 1,
        device,
        packages: packages.filter(own),
        ...content,
      };
    },
    ocmf: (fromMs, toMs) => ocmfRecords(options, fromMs, toMs),
  };
}

function contentOf(
  batches: readonly SealedBatch[],
): Pick<EvidenceFile, "checkpoints" | "readings" | "events"> {
  const entries = batches.flatMap((batch) => batch.entries);
  return {
    checkpoints: batches.map(({ checkpoint }) => checkpoint),
    readings: entries.flatMap((entry) => ("kind" in entry ? [] : [{ reading: entry }])),
    events: entries.flatMap((entry) => ("kind" in entry ? [{ event: entry }] : [])),
  };
}

async function* ocmfRecords(
  options: EvidenceExportOptions,
  fromMs: number,
  toMs: number,
): AsyncGenerator<string> {
  let after: Pick<Interval, "meter" | "sequence"> | undefined;
  for (;;) {
    const page = options.store.intervalsBetween(after, fromMs, toMs);
    for (const { interval } of page) yield* recordsOf(interval, options);
    after = page.at(-1)?.interval;
    if (after === undefined) return;
  }
}

/** One signature at a time, and as long a pause after it: checkpoints and the ledger come first, and wait for one at most. */
async function* recordsOf(
  interval: Interval,
  { device, signer, profiles, version, pause = delay }: EvidenceExportOptions,
): AsyncGenerator<string> {
  const id = interval.meter.slice(0, interval.meter.indexOf(":"));
  const profile = profiles.find((one) => one.id === id);
  const [maker = "", model = ""] = id.split("/");
  const source = {
    device: device?.device ?? "",
    version,
    maker: profile?.maker ?? maker,
    model: profile?.model ?? model,
    // The meter's own, which readings do not hold.
    firmware: "",
  };
  for (const payload of ocmfPayloads(interval, source, sha256)) {
    const began = performance.now();
    const signature = await signer.sign(sha256(ocmfBytes(payload)));
    yield `${ocmfRecord(payload, derSignature(signature))}\n`;
    await pause(performance.now() - began);
  }
}
