import * as node from "node:crypto";
import { cryptoFrom, type EvidenceFile, proveEntry, toHex } from "@powershare/domain/evidence";
import { evidenceExport } from "../app/export-evidence.js";
import { connectionMeter, SimHousehold, slotSeconds } from "./sim-household.js";

const slotMs = slotSeconds * 1000;
const { sha256 } = cryptoFrom(node);

/**
 * What a simulated household exports after an eventful hour: its meter began anew and the household
 * confirmed it, the agent was killed, the clock was set.
 */
export async function recordedHousehold(): Promise<Map<string, EvidenceFile>> {
  const home = new SimHousehold();
  try {
    home.start();
    await home.clock.advance(3 * slotMs + 7_000);
    Object.assign(home.connection, { importWh: 0, exportWh: 0 });
    await home.clock.advance(3 * slotMs);
    const [pending] = home.epochs.pending;
    if (pending === undefined) throw new Error("the meter's epoch was not noticed");
    home.epochs.decide(pending.meter, "confirm", pending.opening);
    home.registeredMeters.push({ id: `${connectionMeter}.2`, role: "connection" });
    await home.clock.advance(4 * slotMs);
    home.kill();
    home.clock.step(3_000);
    home.start();
    await home.clock.advance(5 * slotMs);
    return exportsOf(home);
  } finally {
    home.dispose();
  }
}

/** The device's part of the household's registration. */
export function deviceOf({ signer }: SimHousehold): EvidenceFile["device"] {
  const { keys } = signer;
  const { attest, signature } = keys.certify();
  return {
    device: keys.id,
    attestationKey: toHex(keys.attestationKey),
    readingKey: toHex(keys.readingKey),
    certification: { attest: toHex(attest), signature: toHex(signature) },
    counterName: toHex(keys.counterName),
  };
}

function exportsOf(home: SimHousehold): Map<string, EvidenceFile> {
  const { store, signer } = home;
  const device = deviceOf(home);
  const evidence = evidenceExport({ store, device, signer, profiles: [], version: "0" });
  const endMs = home.clock.nowMs() + 1;
  const whole = evidence.log(0, endMs);
  if (whole === undefined) throw new Error("too much for one file");
  const files = new Map([["whole", whole]]);
  const half = evidence.log(endMs - 4 * slotMs, endMs);
  if (half !== undefined) files.set("latter part", half);
  for (const { event } of whole.events ?? []) prove(event.sequence, `event ${event.event}`);
  const readings = whole.readings ?? [];
  for (let at = 0; at < readings.length; at += 41) {
    prove(readings[at]?.reading.sequence ?? 1, `reading ${at}`);
  }
  const { batches } = store.batchesBetween(0, endMs, 10_000);
  const [first] = batches;
  if (first !== undefined) files.set("the first reading", proveEntry(device, first, 1, sha256));
  return files;

  function prove(sequence: number, name: string): void {
    const file = evidence.proof(sequence);
    if (file !== undefined) files.set(name, file);
  }
}
