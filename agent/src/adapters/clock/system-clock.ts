import { existsSync, readFileSync } from "node:fs";
import type { ClockQuality } from "@powershare/domain/evidence";
import type { Clock } from "../../ports/clock.js";

/** A larger step of UTC against monotonic time makes UTC doubtful: 1 % of 15 min (PTB-A 50.8). */
const stepMs = 9_000;
const doubtMs = 60_000;
const timesyncFolder = "/run/systemd/timesync";
const checkEveryMs = 10_000;

/**
 * The machine's clocks. UTC counts as synchronised when systemd-timesyncd says so; where another
 * service or the host keeps the time, it is taken as kept unless it jumps.
 */
export function systemClock(): Clock {
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  // CLOCK_MONOTONIC: since the machine started, so comparable between runs of the agent.
  const monotonicMs = (): number => Number(process.hrtime.bigint() / 1_000_000n);
  let offsetMs = Date.now() - monotonicMs();
  let doubtUntilMs = 0;
  let kept = timeIsKept();
  let checkedAtMs = monotonicMs();

  function quality(): ClockQuality {
    const nowMs = monotonicMs();
    const newOffsetMs = Date.now() - nowMs;
    if (Math.abs(newOffsetMs - offsetMs) > stepMs) doubtUntilMs = nowMs + doubtMs;
    offsetMs = newOffsetMs;
    if (nowMs - checkedAtMs > checkEveryMs) {
      kept = timeIsKept();
      checkedAtMs = nowMs;
    }
    return kept && nowMs >= doubtUntilMs ? "synchronised" : "unknown";
  }

  return { nowMs: () => Date.now(), monotonicMs, bootId, quality, sleep };
}

function timeIsKept(): boolean {
  return !existsSync(timesyncFolder) || existsSync(`${timesyncFolder}/synchronized`);
}

function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, delayMs);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end);
  });
}
