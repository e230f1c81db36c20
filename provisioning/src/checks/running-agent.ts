import { codeOf, type ErrorCode } from "@powershare/domain/errors";
import type { AgentApi, AgentOverview, AgentPart, AgentStatus } from "./agent-api.js";
import { type Check, type Finding, ill, well } from "./types.js";

export interface AgentCheckOptions {
  readonly api: AgentApi;
  readonly slotSeconds: number;
  readonly checkpointSeconds: number;
  readonly nowMs: () => number;
}

/** A meter that is asked each second or minute and did not answer for so long is missing. */
const mostAgeMs = 120_000;
/** Evidence older than so many slots means that it is not sent, or not accepted. */
const mostSlotsUnsent = 4;

/** What only the running agent knows. */
export function agentChecks(options: AgentCheckOptions): readonly Check[] {
  const { api } = options;
  const overview = (signal: AbortSignal) => api.overview(signal);
  const check = (id: string, title: string, run: Check["run"]): Check => ({ id, title, run });
  return [
    check("agent", "Agent", async (signal) => {
      const { participant, counts } = await overview(signal);
      return well(`answers at ${api.url} for ${participant}, ${counts.readings} readings`);
    }),
    check("meters", "Meters", async (signal) =>
      meters(await api.status(signal), await overview(signal)),
    ),
    check("store", "Store", async (signal) => {
      const { health } = await overview(signal);
      return ofPart(health.store, "sound since its check at start");
    }),
    check("tpm", "TPM", async (signal) => {
      const { health } = await overview(signal);
      return ofPart(health.tpm, "signs for the agent");
    }),
    check("evidence", "Evidence", async (signal) => age(await api.status(signal), options)),
    check("outbox", "Outbox", async (signal) => backlog(await overview(signal), options)),
    check("ledger", "Ledger", async (signal) => {
      const { health } = await overview(signal);
      return ofPart(health.ledger, `followed to block ${health.ledger.height ?? 0}`);
    }),
    check("rejected", "Rejected readings", async (signal) => {
      const { rejected } = await api.meters(signal);
      return rejections(rejected, options.nowMs());
    }),
    check("epochs", "Meter changes", async (signal) => {
      const { pending } = await api.meters(signal);
      const [first] = pending;
      if (first === undefined) return well("none waits for a decision");
      return {
        ...ill("meter.replacement-suspected", `${first.meter} follows ${first.follows}`),
        remedy: "Compare with the meter's display: powershare replace-meter",
      };
    }),
  ];
}

/** The agent's own word for one of its parts, with its own remedy. */
function ofPart({ state, code, message, remedy }: AgentPart, goodText: string): Finding {
  if (state === "ok") return well(goodText);
  if (state === "starting") return well("the agent has just started");
  const known = codeOf({ code });
  const detail = message ?? code ?? state;
  return {
    ok: false,
    detail: known === undefined && code !== null ? `${detail} [${code}]` : detail,
    ...(known === undefined ? {} : { code: known }),
    remedy: remedy ?? "Read the agent's log around the time of this trouble.",
  };
}

function meters({ meters: all }: AgentStatus, { health }: AgentOverview): Finding {
  const missing = all.filter(({ ageMs, silent }) => silent || ageMs === null || ageMs > mostAgeMs);
  const names = missing.map(({ place, ageMs }) =>
    ageMs === null ? `${place} never answered` : `${place} for ${Math.round(ageMs / 1000)} s`,
  );
  if (missing.length > 0) {
    const code: ErrorCode = codeOf({ code: health.bus.code }) ?? "bus.timeout";
    return ill(code, `no reading: ${names.join(", ")}`);
  }
  return ofPart(
    health.bus,
    all.map(({ place, meter, ageMs }) => `${place} ${meter}, ${ageMs} ms ago`).join("; "),
  );
}

function age({ sealedAt }: AgentStatus, { checkpointSeconds, nowMs }: AgentCheckOptions): Finding {
  if (sealedAt === null) return ill("device.evidence-old", "nothing was certified yet");
  const seconds = Math.round((nowMs() - Date.parse(sealedAt)) / 1000);
  const text = `certified ${seconds} s ago`;
  return seconds > 2 * checkpointSeconds + 60 ? ill("device.evidence-old", text) : well(text);
}

function backlog(
  { health, counts }: AgentOverview,
  { slotSeconds, nowMs }: AgentCheckOptions,
): Finding {
  const { oldestUnsentAt, unsentPackages } = health.store;
  const text = `${counts.evidenceCommitted} of ${counts.intervals} intervals committed`;
  if (oldestUnsentAt === null) return well(text);
  const ageS = Math.round((nowMs() - Date.parse(oldestUnsentAt)) / 1000);
  const waiting = `${text}, ${unsentPackages} packages wait, the oldest for ${ageS} s`;
  if (ageS <= mostSlotsUnsent * slotSeconds) return well(waiting);
  return ill(codeOf({ code: health.ledger.code }) ?? "ledger.unavailable", waiting);
}

const recentMs = 86_400_000;

function rejections(
  rejected: readonly { meter: string; code: string; meaning: string; to: string; count: number }[],
  nowMs: number,
): Finding {
  const recent = rejected.filter(({ to }) => nowMs - Date.parse(to) < recentMs);
  const [first] = recent;
  if (first === undefined) return well("none within a day");
  const count = recent.reduce((sum, one) => sum + one.count, 0);
  const detail = `${count} within a day; newest of ${first.meter}: ${first.meaning}`;
  const code = codeOf({ code: first.code });
  return code === undefined
    ? { ok: false, detail, remedy: "Look at /api/meters of the agent." }
    : ill(code, detail);
}
