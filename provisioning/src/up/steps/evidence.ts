import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { CodedError } from "@powershare/domain/errors";
import { z } from "zod";
import { resultSchemas } from "../results.js";
import type { Step, Tools } from "../step.js";

const askEveryMs = 2_000;
const withinMs = 5_000;

const part = z.object({
  state: z.string(),
  code: z.string().nullable(),
  message: z.string().nullable(),
  remedy: z.string().nullable(),
});
/** What the agent's page is told; of that, how far evidence is. */
const overview = z.object({
  participant: z.string(),
  slotSeconds: z.number(),
  health: z.object({ bus: part, tpm: part, store: part, ledger: part, clock: part }),
  counts: z.object({
    readings: z.int(),
    checkpoints: z.int(),
    intervals: z.int(),
    evidenceCommitted: z.int(),
  }),
});
type Overview = z.infer<typeof overview>;

/** Waits until the agent runs and the ledger has taken its first evidence. */
export const evidenceStep: Step<"evidence"> = {
  id: "evidence",
  title: "First evidence on the ledger",
  inputs: (done) => ({ participant: done("enrolment").participant }),
  isEnough: ({ committed }, { isAgentAwaited }) => committed !== null || !isAgentAwaited,
  result: resultSchemas.evidence,
  run: async (done, tools) => {
    const { options, screen } = tools;
    const { participant } = done("enrolment");
    const { agentUrl, config } = options.places;
    if (!options.isAgentAwaited) return { committed: null };
    if ((await ask(agentUrl)) === undefined) {
      screen.text("Start the agent now, in another terminal:");
      for (const row of startCommand(config)) screen.row(row);
    }
    return { committed: await awaitEvidence(participant, tools) };
  },
  summary: ({ committed }) =>
    committed === null ? "not waited for" : `${committed} committed: the ledger knows this house`,
};

const units = ["/etc/systemd/system", "/usr/lib/systemd/system"];

/** As a service where it is installed as one; else as docs/operating/run-a-household.md says it. */
function startCommand(config: string): readonly string[] {
  if (units.some((folder) => existsSync(`${folder}/powershare-agent.service`))) {
    return ["sudo systemctl enable --now powershare-agent"];
  }
  return [
    "MALLOC_ARENA_MAX=2 node --max-old-space-size=96 \\",
    "  --max-semi-space-size=1 agent/dist/main.js \\",
    `  --config ${config}`,
  ];
}

/** @throws CodedError up.other-agent, up.no-agent, up.no-evidence */
async function awaitEvidence(participant: string, { options, screen, signal }: Tools) {
  const { agentUrl } = options.places;
  const endMs = performance.now() + options.waitMs;
  let told = "";
  let last: Overview | undefined;
  for (;;) {
    const seen = await ask(agentUrl);
    if (seen !== undefined && seen.participant !== participant) {
      throw new CodedError(
        "up.other-agent",
        `the agent at ${agentUrl} is ${seen.participant}'s, not ${participant}'s`,
      );
    }
    last = seen ?? last;
    if (seen !== undefined && seen.counts.evidenceCommitted > 0) {
      return seen.counts.evidenceCommitted;
    }
    const text = seen === undefined ? `waiting for the agent at ${agentUrl}` : stateText(seen);
    if (text !== told) screen.text(text);
    told = text;
    if (performance.now() > endMs) throw tooLate(last, agentUrl);
    screen.progress("Ctrl-C is safe; the same command goes on here");
    await sleep(askEveryMs, undefined, { signal });
  }
}

async function ask(agentUrl: string): Promise<Overview | undefined> {
  try {
    const answer = await fetch(new URL("/api/overview", agentUrl), {
      signal: AbortSignal.timeout(withinMs),
    });
    return overview.parse(await answer.json());
  } catch {
    return undefined;
  }
}

/** How far it is; where it does not go on, why. */
function stateText({ counts, health, slotSeconds }: Overview): string {
  const trouble = Object.values(health).find(({ state }) => state === "failed");
  if (trouble?.message) {
    return `${trouble.message}. ${trouble.remedy ?? ""}${trouble.code === null ? "" : ` [${trouble.code}]`}`;
  }
  if (counts.readings === 0) return "the agent runs; waiting for its first reading";
  if (counts.checkpoints === 0) return "the meters are read; waiting for the first signature";
  if (counts.intervals === 0) {
    const minutes = Math.ceil(slotSeconds / 60);
    return `readings are signed; the first interval ends within ${2 * minutes} min`;
  }
  return "an interval is signed; waiting for the ledger to take it";
}

function tooLate(last: Overview | undefined, agentUrl: string): CodedError {
  return last === undefined
    ? new CodedError("up.no-agent", `no agent answers at ${agentUrl}`)
    : new CodedError("up.no-evidence", stateText(last));
}
