import type { EvidencePackage, Interval, RegisterValues } from "@powershare/domain/evidence";
import type { MeterEpochRequest } from "@powershare/domain/ledger";
import { slotAt, type TestResident } from "./neighbourhood.js";

/** A reset of the connection point's meter, after it had counted so much. */
export function resetOf(
  { meter }: TestResident,
  closing: RegisterValues = { importWh: 10, exportWh: 20 },
): MeterEpochRequest {
  return {
    meter: `${meter}.2`,
    follows: meter,
    role: "connection",
    profile: "ab".repeat(32),
    reason: "registers",
    closing,
    opening: { importWh: 0, exportWh: 0 },
  };
}

/** Evidence of the new epoch's first interval, in a slot counted from the first. */
export function firstEvidence(
  { household }: TestResident,
  { meter, opening }: MeterEpochRequest,
  energy: RegisterValues,
  slot = 1,
): EvidencePackage {
  const interval: Interval = {
    v: 1,
    participant: household.participant,
    meter,
    role: "connection",
    sequence: 1,
    previous: "0".repeat(64),
    start: slotAt(slot),
    end: slotAt(slot + 1),
    ...energy,
    first: opening,
    last: {
      importWh: opening.importWh + energy.importWh,
      exportWh: opening.exportWh + energy.exportWh,
    },
    readings: { first: 1, last: 901 },
    boundaryErrorMs: { start: 400_000, end: 400 },
    quality: "gap",
    epoch: 1,
    merkleRoot: "ef".repeat(32),
  };
  const statement = { ...household.statement(), ...household.headsOf([interval]) };
  const readings = { first: 1, last: 901 };
  return household.seal([interval], household.checkpoint({ ...statement, readings }));
}
