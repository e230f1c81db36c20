import { z } from "zod";
import { instantSeconds } from "../ledger/primitives.js";

/**
 * How a ledger judges the wiring of its households; without it nothing is held. Whole numbers only: all
 * endorsers must come to the same.
 */
export const wiringSettings = z.strictObject({
  /** Of the microgrid; a degree is a minute or so of dusk. East is positive. */
  latitudeDeg: z.int().min(-90).max(90),
  longitudeDeg: z.int().min(-180).max(180),
  /** `required`: nothing is proven before the aggregator has called it right. `advisory`: its silence does not hold. */
  aggregator: z.enum(["required", "advisory"]),
  /** Where the sun is simulated and its days pass faster: `originReal` on the clock is `originSolar` in the sky. */
  solarClock: z
    .strictObject({
      originReal: instantSeconds,
      originSolar: instantSeconds,
      speed: z.int().min(1).max(10_000),
    })
    .optional(),
});
export type WiringSettings = z.infer<typeof wiringSettings>;
