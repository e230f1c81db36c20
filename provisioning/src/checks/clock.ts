import { inspectAgent } from "./inspect.js";
import { type Check, ill, well } from "./types.js";

export interface ClockStatus {
  readonly quality: "synchronised" | "holdover" | "unknown";
  readonly keeper: string | null;
  readonly syncedAgoMs?: number | null;
  readonly contradictions?: readonly string[];
}

/** What the time is worth, by the agent's own rules. */
export function clockCheck(
  status: (signal: AbortSignal) => Promise<ClockStatus> = async (signal) =>
    (await inspectAgent(undefined, signal)).clock,
): Check {
  return {
    id: "clock",
    title: "Clock",
    run: async (signal) => {
      const { quality, keeper, syncedAgoMs, contradictions = [] } = await status(signal);
      const ago =
        syncedAgoMs === null || syncedAgoMs === undefined || keeper === "host"
          ? ""
          : `, compared ${Math.round(syncedAgoMs / 60_000)} min ago`;
      const text = `${quality}, kept by ${keeper ?? "nobody"}${ago}`;
      if (contradictions.length > 0) {
        return ill("clock.sources-disagree", `${text}; off: ${contradictions.join(", ")}`);
      }
      if (quality === "synchronised") return well(text);
      return ill(quality === "holdover" ? "clock.holdover" : "clock.unknown", text);
    },
  };
}
