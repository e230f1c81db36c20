import { CodedError, codeOf } from "@powershare/domain/errors";
import type { Clock } from "../ports/clock.js";
import type { Ledger } from "../ports/ledger.js";
import { Backoff, type Random } from "./backoff.js";
import { type Loop, startLoop } from "./loop.js";
import type { MeterEpochs } from "./meter-epochs.js";
import type { Health } from "./watch-health.js";

const idleMs = 30_000;
const retryMaxMs = 300_000;

export interface AskEpochsOptions {
  readonly epochs: MeterEpochs;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly random: Random;
  readonly health: Health;
}

/**
 * Asks the ledger's operator to confirm each new epoch of a meter that the household confirmed. Until he
 * does, the epoch's evidence is refused and kept.
 */
export function askEpochs({ epochs, ledger, clock, random, health }: AskEpochsOptions): Loop {
  const backoff = new Backoff(1_000, retryMaxMs, random);
  const loop = startLoop(clock, async () => {
    const epoch = epochs.all.find(({ state, asked }) => state === "confirmed" && !asked);
    if (epoch === undefined) return idleMs;
    const { meter, follows, role, profile, reason, closing, opening } = epoch;
    const registers = ({ importWh, exportWh }: typeof closing) => ({ importWh, exportWh });
    try {
      await ledger.transact("metering:AskMeterEpoch", {
        epoch: {
          meter,
          follows,
          role,
          profile,
          reason,
          closing: registers(closing),
          opening: registers(opening),
        },
      });
      epochs.asked(epoch);
      health.ok("ledger", "meter epoch");
      backoff.reset();
      return 0;
    } catch (error) {
      const code = codeOf(error) ?? "ledger.unavailable";
      const cause = error instanceof Error ? error : new CodedError(code, String(error));
      health.problem("ledger", "meter epoch", "degraded", cause);
      return backoff.next();
    }
  });
  epochs.onConfirmed = () => loop.wake();
  return loop;
}
