import {
  type Crypto,
  type EvidencePackage,
  fromHex,
  packageBytes,
  type RegisteredDevice,
} from "@powershare/domain/evidence";
import type { FormerDevice, MeterHead } from "@powershare/domain/ledger";
import { metersOf, type Resident } from "./meter-epochs.js";

/**
 * The device by whose keys a package is to be checked: the registered one, or a replaced one that signed
 * intervals of before its replacement.
 */
export function signerOf(
  resident: Resident,
  evidence: EvidencePackage,
  end: string,
  crypto: Crypto,
): RegisteredDevice {
  const { id, device, counterName, attestationSpki = "", readingSpki = "" } = resident;
  const registered = (keys: Omit<FormerDevice, "until">): RegisteredDevice => ({
    participant: id,
    device: keys.device,
    meters: metersOf(resident),
    counterName: fromHex(keys.counterName),
    attestationSpki: Buffer.from(keys.attestationSpki, "base64"),
    readingSpki: Buffer.from(keys.readingSpki, "base64"),
  });
  const former = (resident.formerDevices ?? [])
    .filter(({ until }) => Date.parse(end) <= Date.parse(until))
    .map(registered);
  const signed = former.find(
    (one) =>
      one.device === evidence.checkpoint.statement.device &&
      crypto.verifyP256(one.readingSpki, packageBytes(evidence), fromHex(evidence.signature)),
  );
  return signed ?? registered({ device, counterName, attestationSpki, readingSpki });
}

/**
 * What a package has to follow. Intervals go on from device to device; counter and resets are each TPM's own,
 * and begin anew with the one that took another's place. There is no way back to a replaced one.
 */
export function follow(
  head: MeterHead | undefined,
  signedBy: string,
  { device }: RegisteredDevice,
  resident: Resident,
): MeterHead | undefined {
  const goesOn = (head?.signedBy ?? signedBy) === signedBy;
  if (head === undefined || goesOn || device !== resident.device) return head;
  return { ...head, counter: "0", resetCount: 0 };
}
