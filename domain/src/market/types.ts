import { z } from "zod";

/** Orders and result of a slot: the file formats of `market clear` and what the chaincode stores. */
const id = z
  .string()
  .min(1)
  .max(128)
  .regex(/^\P{Surrogate}+$/u, "well-formed Unicode")
  .refine((text) => text !== "__proto__", "another name than __proto__");
const micro = z.int().min(0).max(1_000_000_000);
const nanoString = z.string().regex(/^(0|-?[1-9]\d*)$/, "an integer as a decimal string");

export const slot = z.strictObject({
  start: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/, "a UTC instant on a whole second"),
  seconds: z.int().min(1).max(86_400),
});
export type Slot = z.infer<typeof slot>;

export const gridNode = z.strictObject({
  id,
  parent: id.optional(),
  lossPpm: z.int().min(0).max(999_999).optional(),
  feeMicroPerKwh: micro.optional(),
  limitUpWh: z.int().min(0).nullable().optional(),
  limitDownWh: z.int().min(0).nullable().optional(),
});

export const utility = z.strictObject({
  id,
  node: id,
  feedInMicroPerKwh: micro,
  retailMicroPerKwh: micro,
  energyWh: z.null(),
});
export type Utility = z.infer<typeof utility>;

export const sourceClass = z.enum(["green", "storage", "other"]);
export const order = z.strictObject({
  id,
  participant: id,
  node: id,
  side: z.enum(["sell", "buy"]),
  source: sourceClass.optional(),
  steps: z
    .array(z.strictObject({ energyWh: z.int().min(0).max(1_000_000_000), limitMicroPerKwh: micro }))
    .min(1)
    .max(64),
});
export type Order = z.infer<typeof order>;

export const slotOrders = z.strictObject({
  slot,
  seed: z.string().regex(/^([0-9a-f]{2})+$/i, "bytes in hex"),
  rule: z.enum(["uniform", "pay-as-bid", "mcafee", "mid-market-rate"]),
  rulesVersion: z.literal(1),
  grid: z.strictObject({ nodes: z.array(gridNode).min(1) }),
  utilities: z.array(utility),
  orders: z.array(order),
});
export type SlotOrders = z.infer<typeof slotOrders>;

export const slotTrade = z.object({
  seller: id,
  buyer: id,
  sentWh: z.int().min(0),
  deliveredWh: z.int().min(0),
  amountPaidNano: nanoString,
  amountReceivedNano: nanoString,
  feeNano: nanoString,
  lossWh: z.int().min(0),
});
export type SlotTrade = z.infer<typeof slotTrade>;

export const slotResult = z.object({
  prices: z.record(id, z.object({ buy: z.int(), sell: z.int() }).nullable()),
  fills: z.array(z.object({ order: id, energyWh: z.int().min(0), amountNano: nanoString })),
  trades: z.array(slotTrade),
  edges: z.array(
    z.object({
      node: id,
      upWh: z.int().min(0),
      downWh: z.int().min(0),
      lossWh: z.int().min(0),
      feeNano: nanoString,
      congestionNano: nanoString,
    }),
  ),
  utilities: z.array(z.object({ id, boughtWh: z.int().min(0), soldWh: z.int().min(0) })),
  totals: z.object({
    tradedWh: z.int().min(0),
    welfareNano: nanoString,
    lossWh: z.int().min(0),
    feeNano: nanoString,
    residueNano: nanoString,
  }),
  digest: z.string().regex(/^[0-9a-f]{64}$/, "SHA-256 in lower-case hex"),
});
export type SlotResult = z.infer<typeof slotResult>;

/** SHA-256 passed in, so that the same code runs in Node, chaincode and a browser. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** What meters say a participant really did in the slot. */
export interface Measured {
  readonly participant: string;
  readonly importWh: number;
  readonly exportWh: number;
  /** False where the energy cannot be pinned to this slot (a gap interval): it mints and retires, but delivers no contract. */
  readonly attributable: boolean;
  /** Energy of slots before that were settled without it: it is settled with the utility alone. */
  readonly late?: { readonly importWh: number; readonly exportWh: number };
}

/** One seller, one buyer, one slot, settled. */
export interface SettledTrade {
  readonly seller: string;
  readonly buyer: string;
  readonly contractedWh: number;
  readonly deliveredWh: number;
  readonly priceMicroPerKwh: number;
  readonly amountNano: string;
  /** `contract`: matched before the slot; `surplus`: freed or surplus energy taken by uncontracted import at the node's price. */
  readonly kind: "contract" | "surplus";
}

/** A payment that follows from settlement; positive, from one account to another. */
export interface Due {
  readonly from: string;
  readonly to: string;
  readonly amountNano: string;
  readonly reason: "trade" | "surplus" | "feed-in" | "retail";
}

export interface SettledEnergy {
  readonly participant: string;
  readonly importWh: number;
  readonly exportWh: number;
  /** To and from neighbours. */
  readonly soldWh: number;
  readonly boughtWh: number;
  /** To and from the utility. */
  readonly fedInWh: number;
  readonly retailWh: number;
}

export interface Settlement {
  readonly trades: readonly SettledTrade[];
  readonly dues: readonly Due[];
  readonly energy: readonly SettledEnergy[];
}
