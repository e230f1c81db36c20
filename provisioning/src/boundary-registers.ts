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
 * values that the intervals state; those are unwrapped, so a register that rolls over is compared by what
 * it shows. An interval that begins with a meter's new epoch begins with the reading that its event names.
 * Throws `evidence.register-value` where they differ.
 */
export function checkBoundaryRegisters(file: EvidenceFile): BoundaryProof {
  const readings = new Map(file.readings?.map(({ reading }) => [reading.sequence, reading]));
  const openings = new Map(
    file.events?.map(({ event }) => [event.sequence, event.details["reading"]]),
  );
  const profiles = new Map(listProfiles().map((profile) => [profile.hash, profile]));
  let decoded = 0;
  let unknownProfile = 0;
  for (const interval of file.packages.flatMap(({ intervals }) => intervals)) {
    for (const end of ["first", "last"] as const) {
      const sequence = interval.readings[end];
      const reading = readings.get(Number(openings.get(sequence) ?? sequence));
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
  const values = decode(profile, blocks);
  const shown = (quantity: string, unwrappedWh: number) => {
    const register = profile.registers.find((one) => one.quantity === quantity);
    // An inverter's map has no import: nothing is shown, and none is stated.
    if (register === undefined && unwrappedWh === 0) return undefined;
    return unwrappedWh % (register?.rollsOverAtWh ?? Number.POSITIVE_INFINITY);
  };
  const { activeEnergyImportWh: importWh, activeEnergyExportWh: exportWh } = values;
  if (
    importWh !== shown("activeEnergyImportWh", stated.importWh) ||
    exportWh !== shown("activeEnergyExportWh", stated.exportWh)
  ) {
    throw new CodedError(
      "evidence.register-value",
      `${meter} interval ${interval} states ${text(stated)}, the registers of reading ${sequence} say ${text({ importWh, exportWh })}`,
    );
  }
}

type Shown = number | string | undefined;
function text({ importWh, exportWh }: { importWh: Shown; exportWh: Shown }): string {
  const wh = (value: Shown): string => (value === undefined ? "nothing" : `${value} Wh`);
  return `import ${wh(importWh)} and export ${wh(exportWh)}`;
}
