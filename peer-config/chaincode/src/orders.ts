import { CodedError } from "@powershare/domain/errors";
import { canonicalJson, toHex, utf8 } from "@powershare/domain/evidence";
import { orderRequest, type Participant, participantId } from "@powershare/domain/ledger";
import { type Order, type SlotOrders, sourceClass } from "@powershare/domain/market";
import { z } from "zod";
import { already, type Call, done, type Handler } from "./call.js";
import { keys } from "./keys.js";
import { requireResident } from "./meter-epochs.js";
import { gridNode } from "./participants.js";
import { requireSlot, type SlotTimes } from "./slots.js";

const storedOrder = orderRequest.extend({
  participant: participantId,
  node: z.string(),
  source: sourceClass,
});
/** The order's place in the book: its key, which also is its id. */
export interface BookedOrder {
  readonly order: Order;
  readonly participant: string;
}

/** Orders are taken for this many slots ahead. */
const slotsAhead = 96;

export const placeOrder: Handler<"market:PlaceOrder"> = async (call, { slotStart, order }) => {
  const resident = requireResident(call.registered);
  const slot = requireSlot(slotStart, call.settings());
  requireOpenSlot(call, slot);
  // Under its own key, so that orders never conflict with each other. Reading the seal makes one that is in
  // flight when the slot is sealed invalid (MVCC_READ_CONFLICT); later ones are refused here.
  if (await call.state.has(keys.seal(slot.start))) {
    throw new CodedError("market.sealed", `slot ${slot.start} is sealed`);
  }
  const key = keys.order(slot.start, resident.id);
  const next = storedOrder.parse({
    ...order,
    participant: resident.id,
    node: resident.node,
    source: resident.source,
  });
  const before = await call.state.get(key, storedOrder);
  if (before !== undefined && canonicalJson(before) === canonicalJson(next)) return already;
  await call.state.put(key, next);
  return done({
    name: "OrderPlaced",
    payload: { at: call.at, slot: slot.start, participant: resident.id, order },
  });
};

/** All orders of a slot as the market takes them, by id, and the seed that their keys give. */
export async function bookOf(
  { state, crypto }: Call,
  slotStart: string,
): Promise<{ orders: BookedOrder[]; seed: string }> {
  const stored = await state.scan("order", [slotStart], storedOrder);
  const orders = stored.map(({ value }) => ({
    participant: value.participant,
    order: marketOrder(slotStart, value),
  }));
  const ids = orders.map(({ order }) => order.id).sort();
  return { orders, seed: toHex(crypto.sha256(utf8(ids.join("\n")))) };
}

/** A slot's orders with grid and tariffs: the input of clearing, as it is stored and published. */
export function slotOrdersOf(
  call: Call,
  slot: SlotTimes,
  seed: string,
  orders: readonly Order[],
  participants: readonly Participant[],
): SlotOrders {
  const { rule, rulesVersion } = call.settings();
  return {
    slot: { start: slot.start, seconds: (slot.endMs - slot.startMs) / 1000 },
    seed,
    rule,
    rulesVersion,
    grid: { nodes: [{ id: gridNode }] },
    utilities: participants.flatMap((one) =>
      one.kind === "utility"
        ? {
            id: one.id,
            node: one.node,
            feedInMicroPerKwh: one.feedInMicroPerKwh,
            retailMicroPerKwh: one.retailMicroPerKwh,
            energyWh: null,
          }
        : [],
    ),
    orders: [...orders],
  };
}

function marketOrder(
  slotStart: string,
  { participant, node, source, side, steps }: z.infer<typeof storedOrder>,
): Order {
  const id = `${slotStart}~${participant}`;
  return side === "sell"
    ? { id, participant, node, side, source, steps }
    : { id, participant, node, side, steps };
}

/** @throws CodedError market.slot-range where the slot has begun, or is too far ahead */
function requireOpenSlot({ at, atMs }: Call, { start, startMs, endMs }: SlotTimes): void {
  const furthestMs = slotsAhead * (endMs - startMs);
  if (startMs > atMs && startMs - atMs <= furthestMs) return;
  throw new CodedError(
    "market.slot-range",
    `at ${at} orders are taken for slots that begin later, up to ${slotsAhead} ahead; not for ${start}`,
  );
}
