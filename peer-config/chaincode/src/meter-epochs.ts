import { CodedError } from "@powershare/domain/errors";
import {
  canonicalJson,
  type EvidencePackage,
  type RegisterValues,
} from "@powershare/domain/evidence";
import {
  type LedgerEpoch,
  ledgerEpoch,
  type MeterEpochRequest,
  meterHead,
  mostEpochs,
  type Participant,
} from "@powershare/domain/ledger";
import { already, type Call, done, type Handler } from "./call.js";
import { keys } from "./keys.js";
import { owner, requireParticipant } from "./participants.js";

export type Resident = Extract<Participant, { kind: "resident" }>;

/** The caller as a resident. @throws CodedError access.role */
export function requireResident(registered: Participant | undefined): Resident {
  if (registered?.kind === "resident") return registered;
  throw new CodedError("access.role", "only residents meter and place orders");
}

export const askMeterEpoch: Handler<"metering:AskMeterEpoch"> = async (call, { epoch }) => {
  const resident = requireResident(call.registered);
  const key = keys.meterEpoch(resident.id, epoch.meter);
  const before = await call.state.get(key, ledgerEpoch);
  if (before !== undefined && canonicalJson(requestOf(before)) === canonicalJson(epoch)) {
    return already;
  }
  if (before?.state === "confirmed") {
    throw new CodedError("participants.taken", `${epoch.meter} is confirmed with other registers`);
  }
  await requireNext(call, resident, epoch);
  const { id: participant } = resident;
  const asked: LedgerEpoch = { ...epoch, participant, state: "asked", at: call.at };
  await call.state.put(key, asked);
  return done({ name: "MeterEpochAsked", payload: { at: call.at, participant, ...epoch } });
};

export const confirmMeterEpoch: Handler<"metering:ConfirmMeterEpoch"> = async (
  call,
  { participant, meter, closing, opening },
) => {
  const key = keys.meterEpoch(participant, meter);
  const asked = await call.state.get(key, ledgerEpoch);
  if (asked === undefined || !same(asked.closing, closing) || !same(asked.opening, opening)) {
    throw new CodedError(
      "metering.epoch-unknown",
      `${participant} did not ask for ${meter} with these registers`,
    );
  }
  if (asked.state === "confirmed") return already;
  const epoch = requestOf(asked);
  const resident = requireResident(await requireParticipant(call.state, participant));
  // Evidence may have come since it was asked for.
  await requireNext(call, resident, epoch);
  await call.state.put(keys.participant(participant), {
    ...resident,
    epochs: [...(resident.epochs ?? []), epoch],
  });
  await call.state.put(keys.meterOwner(meter), { participant });
  await call.state.put(key, { ...asked, state: "confirmed", at: call.at });
  return done({ name: "MeterEpochConfirmed", payload: { at: call.at, participant, ...epoch } });
};

export const listMeterEpochs: Handler<"metering:ListMeterEpochs"> = async ({ state }) => ({
  returns: (await state.scan("meter-epoch", [], ledgerEpoch)).map(({ value }) => value),
});

/** Its registered meters and all their later epochs. */
export function metersOf({ meters, epochs = [] }: Resident) {
  return [...meters, ...epochs.map(({ meter: id, role, profile }) => ({ id, role, profile }))];
}

/** Those that no later epoch follows: one per place. */
export function metersInUse(resident: Resident) {
  const closed = new Set(resident.epochs?.map(({ follows }) => follows));
  return metersOf(resident).filter(({ id }) => !closed.has(id));
}

/** @throws CodedError evidence.meter-unconfirmed where the meter was asked for, and nothing more */
export async function requireConfirmed(
  { state }: Call,
  { id, epochs = [] }: Resident,
  meter: string,
): Promise<void> {
  if (epochs.some((one) => one.meter === meter)) return;
  const asked = await state.get(keys.meterEpoch(id, meter), ledgerEpoch);
  if (asked?.state === "asked") {
    throw new CodedError("evidence.meter-unconfirmed", `${meter} waits for the operator's word`);
  }
}

/** @throws CodedError evidence.meter-closed, evidence.register-gap */
export function requireWithinEpoch(
  { epochs = [] }: Resident,
  { meter, intervals }: EvidencePackage,
): void {
  const next = epochs.find(({ follows }) => follows === meter);
  const last = intervals.at(-1)?.last;
  if (next !== undefined && last !== undefined && exceeds(last, next.closing)) {
    throw new CodedError(
      "evidence.meter-closed",
      `${meter} ended at ${text(next.closing)}, the evidence goes to ${text(last)}`,
    );
  }
  const began = epochs.find((one) => one.meter === meter);
  const first = intervals[0];
  if (began !== undefined && first?.sequence === 1 && !same(first.first, began.opening)) {
    throw new CodedError(
      "evidence.register-gap",
      `${meter} began at ${text(began.opening)}, its first interval at ${text(first.first)}`,
    );
  }
}

/** That it can follow: a meter in use, of the same role, not below what was accepted, under an id that is free. */
async function requireNext(
  { state }: Call,
  resident: Resident,
  { meter, follows, role, closing }: MeterEpochRequest,
): Promise<void> {
  const before = metersInUse(resident).find(({ id }) => id === follows);
  if (before?.role !== role || (resident.epochs?.length ?? 0) >= mostEpochs) {
    throw new CodedError("evidence.meter", `${follows} is no ${role} meter in use`);
  }
  const taken = await state.get(keys.meterOwner(meter), owner);
  if (taken !== undefined || metersOf(resident).some(({ id }) => id === meter)) {
    throw new CodedError("participants.taken", `${meter} is registered`);
  }
  const head = await state.get(keys.meter(follows), meterHead);
  if (head !== undefined && exceeds(head, closing)) {
    throw new CodedError(
      "metering.epoch-closing",
      `${follows} would end at ${text(closing)}, accepted is ${text(head)}`,
    );
  }
}

function requestOf({ participant: _p, state: _s, at: _a, ...request }: LedgerEpoch) {
  return request;
}

function same(one: RegisterValues, other: RegisterValues): boolean {
  return one.importWh === other.importWh && one.exportWh === other.exportWh;
}

function exceeds(one: RegisterValues, other: RegisterValues): boolean {
  return one.importWh > other.importWh || one.exportWh > other.exportWh;
}

function text({ importWh, exportWh }: RegisterValues): string {
  return `import ${importWh} and export ${exportWh} Wh`;
}
