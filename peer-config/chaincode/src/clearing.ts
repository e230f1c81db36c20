import { CodedError } from "@powershare/domain/errors";
import { excludedOrder, type LedgerEvent, type Participant } from "@powershare/domain/ledger";
import {
  clear,
  coverNano,
  type SlotOrders,
  type SlotResult,
  slotOrders,
  slotResult,
} from "@powershare/domain/market";
import { z } from "zod";
import { already, type Call, done, type Handler } from "./call.js";
import { keys } from "./keys.js";
import { type BookedOrder, bookOf, slotOrdersOf } from "./orders.js";
import { allParticipants, gridNode } from "./participants.js";
import { requireSlot } from "./slots.js";
import { WalletBook } from "./wallet-book.js";

/** What a clearing leaves behind, as one value. */
export const clearing = z.object({
  orders: slotOrders,
  result: slotResult,
  excluded: z.array(excludedOrder),
});
export type Clearing = z.infer<typeof clearing>;

export const sealSlot: Handler<"market:Seal"> = async (call, { slotStart }) => {
  const settings = call.settings();
  const slot = requireSlot(slotStart, settings);
  if (await call.state.has(keys.seal(slot.start))) return already;
  if (call.atMs < slot.startMs - settings.gateSeconds * 1000 || call.atMs > slot.startMs) {
    throw new CodedError(
      "market.seal-time",
      `${slot.start} is sealed in the ${settings.gateSeconds} s before its start, not at ${call.at}`,
    );
  }
  // The book is not scanned here: orders in flight would make that scan, and with it the seal, invalid.
  await call.state.put(keys.seal(slot.start), { at: call.at });
  return done({ name: "SlotSealed", payload: { at: call.at, slot: slot.start } });
};

export const clearSlot: Handler<"market:Clear"> = async (call, { slotStart }) => {
  const slot = requireSlot(slotStart, call.settings());
  const { state } = call;
  if (await state.has(keys.clearing(slot.start))) return already;
  if (await state.has(keys.settled(slot.start))) {
    throw new CodedError("market.settled", `slot ${slot.start} is settled`);
  }
  // Seen here, the seal is committed: no order of this slot can become valid any more, so the scan is stable.
  if (!(await state.has(keys.seal(slot.start)))) {
    throw new CodedError("market.not-sealed", `slot ${slot.start} is not sealed`);
  }
  const participants = await allParticipants(state);
  const { orders: booked, seed } = await bookOf(call, slot.start);
  const book = new WalletBook(state, call.transactionId);
  const { admitted, excluded } = await admitOrders(booked, participants, book);
  const orders = slotOrdersOf(call, slot, seed, admitted, participants);
  const result = clear(orders, call.crypto.sha256);
  for (const { participant, amountNano } of escrowOf(orders, result)) {
    book.add(participant, { coinsNano: -amountNano, escrowNano: amountNano });
  }
  await state.put(keys.clearing(slot.start), { orders, result, excluded } satisfies Clearing);
  const changes = await book.flush({});
  return done(clearedEvent(call, slot.start, result, excluded, changes));
};

/** What each buyer of a slot has set aside for it. */
export function escrowOf(
  { orders }: SlotOrders,
  { fills }: SlotResult,
): { participant: string; amountNano: bigint }[] {
  const buyers = new Map(
    orders.flatMap(({ id, participant, side }) => (side === "buy" ? [[id, participant]] : [])),
  );
  return fills.flatMap(({ order, amountNano }) => {
    const participant = buyers.get(order);
    return participant === undefined || amountNano === "0"
      ? []
      : [{ participant, amountNano: BigInt(amountNano) }];
  });
}

/** Leaves out orders of suspended participants, and of buyers who could not pay for all of theirs. */
async function admitOrders(
  booked: readonly BookedOrder[],
  participants: readonly Participant[],
  book: WalletBook,
): Promise<{ admitted: BookedOrder["order"][]; excluded: Clearing["excluded"] }> {
  const active = new Set(
    participants.filter(({ status }) => status === "active").map(({ id }) => id),
  );
  const admitted: BookedOrder["order"][] = [];
  const excluded: Clearing["excluded"] = [];
  for (const { participant, order } of booked) {
    if (!active.has(participant)) {
      excluded.push({ order: order.id, reason: "the participant is suspended" });
      continue;
    }
    if (order.side === "buy") {
      await book.fold(participant);
      const { coinsNano } = book.balance(participant);
      const cover = coverNano(order);
      if (BigInt(coinsNano) < cover) {
        excluded.push({
          order: order.id,
          reason: `it can cost ${cover} nano-coin, there are ${coinsNano}`,
        });
        continue;
      }
    }
    admitted.push(order);
  }
  return { admitted, excluded };
}

function clearedEvent(
  { at }: Call,
  slot: string,
  { trades, prices, digest }: SlotResult,
  excluded: Clearing["excluded"],
  changes: Extract<LedgerEvent, { name: "SlotCleared" }>["payload"]["changes"],
): LedgerEvent {
  const priceMicroPerKwh = prices[gridNode]?.buy ?? 0;
  return {
    name: "SlotCleared",
    payload: {
      at,
      slot,
      trades: trades.map(({ seller, buyer, sentWh, amountPaidNano }) => ({
        seller,
        buyer,
        energyWh: sentWh,
        priceMicroPerKwh,
        amountNano: amountPaidNano,
      })),
      excluded,
      digest,
      changes,
    },
  };
}
