import { CodedError } from "@powershare/domain/errors";
import type { EvidenceFile, Reading, RegisterValues } from "@powershare/domain/evidence";
import { decode, listProfiles, type Profile } from "@powershare/firmware-profiles";

/** What the raw registers in a file say about the ends of its intervals. */
export interface BoundaryProof {
  /** Ends whose reading is in the file and decodes to the interval's register values. */
  readonly decoded: number;
  /** Ends whose reading is in the file under a profile that is not known here. */
  readonly unknownProfile: number;
}

/**
 * Decodes the raw registers of the readings at the ends of intervals, and compares them with the
 * values that the intervals state. Throws `evidence.register-value` where they differ.
 */
export function checkBoundaryRegisters(file: EvidenceFile): BoundaryProof {
  const readings = new Map(file.readings?.map(({ reading }) => [reading.sequence, reading]));
  const profiles = new Map(listProfiles().map((profile) => [profile.hash, profile]));
  let decoded = 0;
  let unknownProfile = 0;
  for (const interval of file.packages.flatMap(({ intervals }) => intervals)) {
    for (const end of ["first", "last"] as const) {
      const reading = readings.get(interval.readings[end]);
      if (reading === undefined) continue;
      const profile = profiles.get(reading.profile);
      if (profile === undefined) {
        unknownProfile += 1;
      } else {
        requireRegisters(reading, profile, interval[end], interval.sequence);
        decoded += 1;
      }
    }
  }
  return { decoded, unknownProfile };
}

function requireRegisters(
  { meter, sequence, registers }: Reading,
  profile: Profile,
  stated: RegisterValues,
  interval: number,
): void {
  const blocks = registers.map(({ table, address, bytes }) => ({
    table,
    address,
    bytes: Buffer.from(bytes, "hex"),
  }));
  const { activeEnergyImportWh, activeEnergyExportWh } = decode(profile, blocks);
  const given = { importWh: activeEnergyImportWh ?? 0, exportWh: activeEnergyExportWh ?? 0 };
  if (given.importWh !== stated.importWh || given.exportWh !== stated.exportWh) {
    throw new CodedError(
      "evidence.register-value",
      `${meter} interval ${interval} states ${text(stated)}, the registers of reading ${sequence} say ${text(given)}`,
    );
  }
}

function text(values: Readonly<Record<keyof RegisterValues, number | string>>): string {
  return `import ${values.importWh} Wh and export ${values.exportWh} Wh`;
}
