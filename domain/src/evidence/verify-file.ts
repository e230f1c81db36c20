import type { ErrorCode } from "../errors/index.js";
import type { MeterHead } from "../ledger/records.js";
import { concatBytes, equalBytes, fromHex, toHex } from "./bytes.js";
import type { EvidenceFile } from "./evidence-file.js";
import { checkAt, PlacedRefusal, refuseAt } from "./placed.js";
import { type SoftwareProof, verifySoftwareQuote, verifySoftwareQuotes } from "./software.js";
import { deviceCounterName } from "./tpm-structures.js";
import type { Crypto, EvidencePackage, MeterRole } from "./types.js";
import {
  collectCheckpoints,
  type DeviceKeys,
  type PlacedCheckpoint,
} from "./verify-checkpoints.js";
import { verifyKeyCertification } from "./verify-keys.js";
import { verifyPackage } from "./verify-package.js";
import { verifyReadings } from "./verify-readings.js";

export interface MeterProof {
  readonly meter: string;
  readonly role: MeterRole;
  readonly intervals: number;
  /** Sequence of the first interval; above 1 where the file does not begin with the meter's first. */
  readonly firstSequence: number;
  readonly from: string;
  readonly to: string;
  readonly importWh: number;
  readonly exportWh: number;
  /** Intervals that are not `good`. */
  readonly gaps: number;
  readonly unsynchronised: number;
}

/** What a file proves, or the first thing wrong with it. */
export type EvidenceFileReport =
  | {
      readonly proven: true;
      /** Undefined where the file holds no package. */
      readonly participant: string | undefined;
      readonly device: string;
      readonly readingSpki: Uint8Array;
      readonly meters: readonly MeterProof[];
      readonly packages: number;
      readonly checkpoints: number;
      /** When the newest statement was made. */
      readonly sealedAt: string;
      /** TPM counter of the oldest and the newest checkpoint. */
      readonly counter: { readonly first: bigint; readonly last: bigint };
      /** How often the TPM was reset in between. */
      readonly resets: number;
      /** How often it was reset, by what it says, while the machine went on: reset alone, and its PCRs with it. */
      readonly resetsWithoutBoot: number;
      readonly readings: number;
      readonly events: number;
      readonly software: SoftwareProof;
    }
  | {
      readonly proven: false;
      /** JSON pointer into the file. */
      readonly place: string;
      readonly code: ErrorCode;
      readonly message: string;
    };

/**
 * Checks an evidence file as far as it goes by itself: the certification of the keys, every package
 * (chain, sequence, registers, counter, resets, signatures), that checkpoints follow one another, and
 * that readings hash into their batches. Whom the device belongs to is for the certificate, outside.
 */
export function verifyEvidenceFile(file: EvidenceFile, crypto: Crypto): EvidenceFileReport {
  try {
    return proof(file, remembering(crypto));
  } catch (error) {
    if (!(error instanceof PlacedRefusal)) throw error;
    return { proven: false, place: error.place, code: error.code, message: error.message };
  }
}

function proof(file: EvidenceFile, crypto: Crypto): EvidenceFileReport {
  const keys = deviceKeys(file, crypto);
  const participant = file.packages[0]?.participant;
  const meters = verifyPackages(file.packages, keys, participant ?? "", crypto);
  const checkpoints = collectCheckpoints(file, keys, crypto);
  const entries = verifyReadings(file, checkpoints, crypto.sha256);
  const software = softwareOf(file, keys, crypto);
  const tpm = checkpoints.map(({ verified }) => verified);
  return {
    proven: true,
    participant,
    device: keys.device,
    readingSpki: keys.readingSpki,
    meters,
    packages: file.packages.length,
    checkpoints: checkpoints.length,
    sealedAt: checkpoints.at(-1)?.statement.at ?? "",
    counter: { first: tpm[0]?.counter ?? 0n, last: tpm.at(-1)?.counter ?? 0n },
    resets: (tpm.at(-1)?.resetCount ?? 0) - (tpm[0]?.resetCount ?? 0),
    resetsWithoutBoot: resetsWithoutBoot(checkpoints),
    ...entries,
    software,
  };
}

function softwareOf(file: EvidenceFile, keys: DeviceKeys, crypto: Crypto): SoftwareProof {
  const events = (file.events ?? []).map(({ event }) => event);
  return verifySoftwareQuotes(events, (event, index) =>
    checkAt(`/events/${index}`, () => verifySoftwareQuote(event, keys.attestationSpki, crypto)),
  );
}

function resetsWithoutBoot(checkpoints: readonly PlacedCheckpoint[]): number {
  return checkpoints.filter(({ statement, verified }, index) => {
    const before = checkpoints[index - 1];
    if (before === undefined || before.statement.bootId !== statement.bootId) return false;
    return verified.resetCount > before.verified.resetCount;
  }).length;
}

function deviceKeys({ device }: EvidenceFile, crypto: Crypto): DeviceKeys {
  return checkAt("/device", () => {
    const counterName = fromHex(device.counterName);
    if (!equalBytes(counterName, deviceCounterName(crypto.sha256))) {
      refuseAt(
        "/device/counterName",
        "evidence.counter-name",
        "not the name of a device's counter",
      );
    }
    const keys = verifyKeyCertification(
      {
        attestationKey: fromHex(device.attestationKey),
        readingKey: fromHex(device.readingKey),
        attest: fromHex(device.certification.attest),
        signature: fromHex(device.certification.signature),
      },
      crypto,
    );
    return { ...keys, device: device.device, counterName };
  });
}

function verifyPackages(
  packages: readonly EvidencePackage[],
  keys: DeviceKeys,
  participant: string,
  crypto: Crypto,
): MeterProof[] {
  const heads = new Map<string, MeterHead>();
  const proofs = new Map<string, MeterProof>();
  for (const [index, evidence] of packages.entries()) {
    const before = proofs.get(evidence.meter);
    const role = before?.role ?? evidence.intervals[0]?.role ?? "connection";
    const meters = [{ id: evidence.meter, role }];
    const head = heads.get(evidence.meter) ?? claimedHead(evidence);
    const { head: next } = checkAt(`/packages/${index}`, () =>
      verifyPackage(evidence, { ...keys, participant, meters }, head, crypto),
    );
    heads.set(evidence.meter, next);
    proofs.set(evidence.meter, added(before, evidence, role));
  }
  return [...proofs.values()];
}

/** A file may begin in the middle of a meter's history: what went before is then taken as its first interval says. */
function claimedHead({ meter, participant, intervals }: EvidencePackage): MeterHead | undefined {
  const first = intervals[0];
  if (first === undefined || first.sequence === 1) return undefined;
  return {
    meter,
    participant,
    sequence: first.sequence - 1,
    hash: first.previous,
    end: first.start,
    importWh: first.first.importWh,
    exportWh: first.first.exportWh,
    epoch: first.epoch,
    counter: "0",
    resetCount: 0,
  };
}

function added(
  before: MeterProof | undefined,
  { meter, intervals }: EvidencePackage,
  role: MeterRole,
): MeterProof {
  const count = (quality: string): number =>
    intervals.filter((interval) => interval.quality === quality).length;
  const sum = (register: "importWh" | "exportWh"): number =>
    intervals.reduce((total, interval) => total + interval[register], 0);
  return {
    meter,
    role,
    intervals: (before?.intervals ?? 0) + intervals.length,
    firstSequence: before?.firstSequence ?? intervals[0]?.sequence ?? 1,
    from: before?.from ?? intervals[0]?.start ?? "",
    to: intervals.at(-1)?.end ?? "",
    importWh: (before?.importWh ?? 0) + sum("importWh"),
    exportWh: (before?.exportWh ?? 0) + sum("exportWh"),
    gaps: (before?.gaps ?? 0) + count("gap"),
    unsynchronised: (before?.unsynchronised ?? 0) + count("unsynchronised"),
  };
}

/** One checkpoint stands in the packages of several meters, and may stand among the further ones: its signature is checked once. */
function remembering({ sha256, verifyP256 }: Crypto): Crypto {
  const verdicts = new Map<string, boolean>();
  return {
    sha256,
    verifyP256(spki, message, signature) {
      if (signature.length !== 64 || spki.length !== 91) return false;
      const asked = toHex(sha256(concatBytes(spki, signature, message)));
      const known = verdicts.get(asked);
      if (known !== undefined) return known;
      const verdict = verifyP256(spki, message, signature);
      verdicts.set(asked, verdict);
      return verdict;
    },
  };
}
