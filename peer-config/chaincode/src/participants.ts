import { CodedError } from "@powershare/domain/errors";
import { canonicalJson } from "@powershare/domain/evidence";
import {
  type Participant,
  participant as participantSchema,
  type Registration,
  settings as settingsSchema,
} from "@powershare/domain/ledger";
import { KeyEndorsementPolicy } from "fabric-shim";
import { z } from "zod";
import { requireMicrogrid } from "./access.js";
import { already, type Call, done, type Handler } from "./call.js";
import { type CertifiedKeys, certifiedKeys } from "./certified-keys.js";
import { keys } from "./keys.js";
import type { State } from "./state.js";

/** The one node of the grid in rules version 1. */
export const gridNode = "root";

/** Fields of a stored participant that its registration does not have. */
const addedByLedger = new Set([
  "status",
  "statusReason",
  "attestationSpki",
  "readingSpki",
  "epochs",
  "formerDevices",
]);
export const owner = z.object({ participant: z.string() });

export const setSettings: Handler<"participants:SetSettings"> = async (call, { settings }) => {
  requireMicrogrid(call.caller, settings);
  const before = await call.state.get(keys.settings, settingsSchema);
  if (before === undefined) {
    // Created with its policy before any coin exists: every issue is then under it.
    await call.state.put(keys.issued, { amountNano: "0" });
    await call.state.setPolicy(keys.issued, operatorAndUtility());
  } else if (canonicalJson(before) === canonicalJson(settings)) {
    return already;
  } else if (before.slotSeconds !== settings.slotSeconds) {
    throw new CodedError(
      "ledger.settings-fixed",
      `slots are ${before.slotSeconds} s long and stay so`,
    );
  }
  await call.state.put(keys.settings, settings);
  return done();
};

export const readSettings: Handler<"participants:ReadSettings"> = async (call) => ({
  returns: call.settings(),
});

export const registerParticipant: Handler<"participants:RegisterParticipant"> = async (
  call,
  { registration },
) => {
  call.settings();
  const { id, kind } = registration;
  const before = await call.state.get(keys.participant(id), participantSchema);
  if (before !== undefined) {
    if (sameRegistration(before, registration)) return already;
    throw new CodedError("participants.exists", `${id} is registered with other data`);
  }
  if (registration.kind !== "bank" && registration.node !== gridNode) {
    throw new CodedError("ledger.arguments", `the grid has one node, ${gridNode}`);
  }
  if (registration.kind === "utility") requireTariff(registration);
  const certified = registration.kind === "resident" ? await admitResident(call, registration) : {};
  await call.state.put(keys.participant(id), { ...registration, status: "active", ...certified });
  return done({
    name: "ParticipantRegistered",
    payload: { at: call.at, id, kind, status: "active" },
  });
};

export const setStatus: Handler<"participants:SetStatus"> = async (
  call,
  { participant: id, status, reason },
) => {
  const before = await requireParticipant(call.state, id);
  if (before.status === status) return already;
  await call.state.put(keys.participant(id), { ...before, status, statusReason: reason });
  return done({ name: "ParticipantStatusSet", payload: { at: call.at, id, status, reason } });
};

export const readParticipant: Handler<"participants:ReadParticipant"> = async (
  call,
  { participant },
) => ({ returns: await requireParticipant(call.state, participant) });

export const listParticipants: Handler<"participants:ListParticipants"> = async (call) => ({
  returns: await allParticipants(call.state),
});

/** @throws CodedError participants.unknown */
export async function requireParticipant(state: State, id: string): Promise<Participant> {
  const found = await state.get(keys.participant(id), participantSchema);
  if (found === undefined) throw new CodedError("participants.unknown", `there is no ${id}`);
  return found;
}

/** All participants in the order of their ids. */
export async function allParticipants(state: State): Promise<Participant[]> {
  return (await state.scan("participant", [], participantSchema)).map(({ value }) => value);
}

type Resident = Extract<Registration, { kind: "resident" }>;

/** Checks a resident's keys and takes its device and meters. */
async function admitResident({ state, crypto }: Call, resident: Resident): Promise<CertifiedKeys> {
  const utility = await state.get(keys.participant(resident.utility), participantSchema);
  if (utility?.kind !== "utility") {
    throw new CodedError("participants.unknown", `there is no utility ${resident.utility}`);
  }
  const meters = new Set(resident.meters.map(({ id }) => id));
  if (meters.size < resident.meters.length) {
    throw new CodedError("ledger.arguments", `a meter of ${resident.id} is listed twice`);
  }
  if (!resident.meters.some(({ role }) => role === "connection")) {
    throw new CodedError("ledger.arguments", `${resident.id} has no meter at its connection point`);
  }
  for (const key of [keys.device(resident.device), ...[...meters].map(keys.meterOwner)]) {
    const taken = await state.get(key, owner);
    if (taken !== undefined) {
      throw new CodedError(
        "participants.taken",
        `${key.type} ${key.parts.join(" ")} is registered with ${taken.participant}`,
      );
    }
    await state.put(key, { participant: resident.id });
  }
  return certifiedKeys(resident, crypto);
}

function requireTariff(utility: Extract<Registration, { kind: "utility" }>): void {
  if (utility.feedInMicroPerKwh < utility.retailMicroPerKwh) return;
  throw new CodedError(
    "ledger.arguments",
    `feed-in ${utility.feedInMicroPerKwh} is not below retail ${utility.retailMicroPerKwh}`,
  );
}

function sameRegistration(stored: Participant, registration: Registration): boolean {
  const given = Object.entries(stored).filter(([field]) => !addedByLedger.has(field));
  return canonicalJson(Object.fromEntries(given)) === canonicalJson(registration);
}

function operatorAndUtility(): Uint8Array {
  const policy = new KeyEndorsementPolicy();
  policy.addOrgs("PEER", "OperatorMSP", "UtilityMSP");
  return policy.getPolicy();
}
