import { CodedError } from "@powershare/domain/errors";
import { canonicalJson } from "@powershare/domain/evidence";
import {
  type DeviceReplacement,
  deviceReplacement,
  mostFormerDevices,
  type NewDevice,
} from "@powershare/domain/ledger";
import { already, type Call, done, type Handler } from "./call.js";
import { certifiedKeys } from "./certified-keys.js";
import { keys } from "./keys.js";
import { type Resident, requireResident } from "./meter-epochs.js";
import { owner, requireParticipant } from "./participants.js";

/** Replacing a household's TPM takes two of different organisations: the household and the operator, or, where its key is lost, the operator and the household's utility. */
export const askDeviceReplacement: Handler<"participants:AskDeviceReplacement"> = async (
  call,
  { participant, device },
) => {
  const resident = requireResident(await requireParticipant(call.state, participant));
  const askedBy = call.caller.role === "resident" ? "household" : "operator";
  if (askedBy === "household" && call.caller.participant !== participant) {
    throw new CodedError("access.role", "a household asks for its own device only");
  }
  await requireFree(call, device, participant);
  certifiedKeys(device, call.crypto);
  const key = keys.deviceReplacement(participant);
  const before = await call.state.get(key, deviceReplacement);
  if (before !== undefined && sameDevice(before.device, device) && settles(before, askedBy)) {
    return already;
  }
  requireRoom(resident);
  const asked: DeviceReplacement = { participant, device, askedBy, state: "asked", at: call.at };
  await call.state.put(key, asked);
  return done({
    name: "DeviceReplacementAsked",
    payload: { at: call.at, participant, device: device.device, askedBy },
  });
};

export const confirmDeviceReplacement: Handler<"participants:ConfirmDeviceReplacement"> = async (
  call,
  { participant, device },
) => {
  const resident = requireResident(await requireParticipant(call.state, participant));
  const key = keys.deviceReplacement(participant);
  const asked = await call.state.get(key, deviceReplacement);
  if (asked === undefined || !sameDevice(asked.device, device)) {
    throw new CodedError("participants.replacement", `${participant} is not to get this device`);
  }
  requireSecond(call, resident, asked);
  if (asked.state === "confirmed") return already;
  requireRoom(resident);
  await requireFree(call, device, participant);
  const { attestationSpki = "", readingSpki = "", counterName, device: former } = resident;
  const kept = { device: former, attestationSpki, readingSpki, counterName, until: call.at };
  await call.state.put(keys.participant(participant), {
    ...resident,
    ...device,
    ...certifiedKeys(device, call.crypto),
    formerDevices: [...(resident.formerDevices ?? []), kept],
  });
  await call.state.put(keys.device(device.device), { participant });
  await call.state.put(key, { ...asked, state: "confirmed", at: call.at });
  return done({
    name: "DeviceReplaced",
    payload: {
      at: call.at,
      participant,
      device: device.device,
      former,
      askedBy: asked.askedBy,
    },
  });
};

export const readDeviceReplacement: Handler<"participants:ReadDeviceReplacement"> = async (
  { state },
  { participant },
) => ({
  returns: (await state.get(keys.deviceReplacement(participant), deviceReplacement)) ?? null,
});

/** A household's own word stands above the operator's in its place. */
function settles(before: DeviceReplacement, askedBy: DeviceReplacement["askedBy"]): boolean {
  return before.state === "confirmed" || before.askedBy === "household" || askedBy === "operator";
}

/** @throws CodedError participants.replacement for one who may not confirm this */
function requireSecond({ caller }: Call, resident: Resident, { askedBy }: DeviceReplacement): void {
  const wanted = askedBy === "household" ? "operator" : "utility";
  const isUtility = caller.role === "utility" && caller.participant === resident.utility;
  if (wanted === "operator" ? caller.role === "operator" : isUtility) return;
  const who =
    wanted === "operator" ? "the operator" : `the household's utility ${resident.utility}`;
  throw new CodedError(
    "participants.replacement",
    `${who} has to confirm this, not ${caller.role}`,
  );
}

/** @throws CodedError participants.taken for a device of somebody else */
async function requireFree({ state }: Call, { device }: NewDevice, participant: string) {
  const taken = await state.get(keys.device(device), owner);
  if (taken === undefined || taken.participant === participant) return;
  throw new CodedError(
    "participants.taken",
    `device ${device} is registered with ${taken.participant}`,
  );
}

/** @throws CodedError participants.replacement */
function requireRoom({ id, formerDevices = [] }: Resident): void {
  if (formerDevices.length < mostFormerDevices) return;
  throw new CodedError(
    "participants.replacement",
    `${id} had ${mostFormerDevices} devices already`,
  );
}

function sameDevice(one: NewDevice, other: NewDevice): boolean {
  return canonicalJson(one) === canonicalJson(other);
}
