import { type SlotRecord, slotSettlement } from "@powershare/domain/ledger";
import type { Handler } from "./call.js";
import { clearing } from "./clearing.js";
import { keys } from "./keys.js";
import { bookOf, slotOrdersOf } from "./orders.js";
import { allParticipants } from "./participants.js";
import { requireSlot } from "./slots.js";

export const readSlot: Handler<"market:ReadSlot"> = async (call, { slotStart }) => {
  const settings = call.settings();
  const slot = requireSlot(slotStart, settings);
  const { state } = call;
  const isSealed = await state.has(keys.seal(slot.start));
  const cleared = await state.get(keys.clearing(slot.start), clearing);
  const settlement = await state.get(keys.settlement(slot.start), slotSettlement);
  const stage = cleared === undefined ? (isSealed ? "sealed" : "open") : "cleared";
  const record: SlotRecord = {
    start: slot.start,
    seconds: settings.slotSeconds,
    state: settlement === undefined ? stage : "settled",
    ...(settlement === undefined ? {} : { settlement }),
  };
  if (cleared !== undefined) return { returns: { ...record, ...cleared } };
  const { orders, seed } = await bookOf(call, slot.start);
  const placed = orders.map(({ order }) => order);
  const participants = await allParticipants(state);
  return {
    returns: { ...record, orders: slotOrdersOf(call, slot, seed, placed, participants) },
  };
};
