import { setTimeout as delay } from "node:timers/promises";
import type { MeterHead } from "@powershare/domain/ledger";
import type { AgentOverview } from "./agent-api.js";
import { boundaryToleranceMs } from "./agent-process.js";
import { registerFaults } from "./books.js";
import { waitFor } from "./child.js";
import type { Household } from "./household.js";
import type { LedgerWatch } from "./ledger-watch.js";
import type { Neighbourhood } from "./neighbourhood.js";
import type { NetworkAccess } from "./operator-desk.js";
import type { OutageVerdict } from "./outage-verdict.js";

export interface OutageOptions {
  readonly neighbourhood: Neighbourhood;
  readonly network: Pick<NetworkAccess, "startPeers" | "stopPeers">;
  readonly watch: LedgerWatch;
  /** How long no peer runs; two slots or more, so that a backlog forms. */
  readonly downMs: number;
  readonly say: (message: string) => void;
}

const drainWithinMs = 180_000;

/**
 * Stops all peers and, meanwhile, kills one agent; brings both back; and compares ledger, agents
 * and true registers when the backlog has drained.
 */
export async function runOutage(options: OutageOptions): Promise<OutageVerdict> {
  const { neighbourhood, network, say } = options;
  const { households } = neighbourhood;
  const [victim] = households;
  if (victim === undefined) throw new RangeError("an outage needs a household");
  const before = await overviews(households);
  const downAt = Date.now();
  await network.stopPeers();
  say("all peers are stopped; agents go on without them");
  await delay(options.downMs * 0.3);
  await victim.agent.kill();
  say(`the agent of ${victim.spec.id} was ended by SIGKILL`);
  await delay(options.downMs * 0.1);
  await victim.agent.start();
  await delay(options.downMs * 0.6);
  const during = await overviews(households);
  const progress = households.map(({ spec }, index) =>
    progressOf(spec.id, before[index], during[index]),
  );
  for (const { id, readingsWhileDown, checkpointsWhileDown, ledgerState } of progress) {
    say(
      `${id} made ${readingsWhileDown} readings and ${checkpointsWhileDown} checkpoints meanwhile; its page calls the ledger ${ledgerState}`,
    );
  }
  const upAt = Date.now();
  await network.startPeers();
  say("all peers are back");
  await drained(options, upAt);
  const drainedSeconds = (Date.now() - upAt) / 1000;
  say(`the backlog drained in ${drainedSeconds.toFixed(1)} s`);

  const books = await checkBooks(options);
  const faults = [...progress.flatMap(standstill), ...books.faults];
  return {
    ok: faults.length === 0,
    peersDownSeconds: (upAt - downAt) / 1000,
    killed: victim.spec.id,
    households: progress,
    drainedSeconds,
    intervals: books.intervals,
    faults,
  };
}

/** The verdict in one sentence for people. */
export function describeOutage(verdict: OutageVerdict): string {
  if (!verdict.ok) return `the outage left faults: ${verdict.faults.join("; ")}`;
  return `${verdict.intervals} intervals are on the ledger, each exactly once and without a gap, and all registers agree with the meters`;
}

function overviews(households: readonly Household[]): Promise<AgentOverview[]> {
  return Promise.all(
    households.map(({ agent }) => agent.waitForOverview("its overview", () => true, 20_000)),
  );
}

type Progress = OutageVerdict["households"][number];

function progressOf(id: string, before?: AgentOverview, during?: AgentOverview): Progress {
  const grown = (counter: "checkpoints" | "readings") =>
    (during?.counts[counter] ?? 0) - (before?.counts[counter] ?? 0);
  return {
    id,
    readingsWhileDown: grown("readings"),
    checkpointsWhileDown: grown("checkpoints"),
    ledgerState: during?.health.ledger.state ?? "unknown",
  };
}

/** What a household's page should not have shown while the peers were away. */
function standstill({ id, readingsWhileDown, checkpointsWhileDown, ledgerState }: Progress) {
  const faults: string[] = [];
  if (readingsWhileDown <= 0) faults.push(`${id} made no readings meanwhile`);
  if (checkpointsWhileDown <= 0) faults.push(`${id} made no checkpoints meanwhile`);
  if (ledgerState === "ok") faults.push(`the page of ${id} did not show the outage`);
  return faults;
}

/** Waits until nothing is unsent and the ledger has evidence of every meter from after the outage. */
async function drained({ neighbourhood }: OutageOptions, upAt: number): Promise<void> {
  const deadline = Date.now() + drainWithinMs;
  const left = () => Math.max(1000, deadline - Date.now());
  for (const { agent, meterIds } of neighbourhood.households) {
    await agent.waitForOverview(
      "an empty outbox",
      ({ health }) => health.store.unsentPackages === 0 && health.ledger.state === "ok",
      left(),
    );
    for (const meter of meterIds) {
      await waitFor(
        `evidence of ${meter} from after the outage`,
        async () => {
          const head = await headOf(neighbourhood, meter).catch(() => null);
          return head !== null && Date.parse(head.end) > upAt ? head : undefined;
        },
        { withinMs: left(), everyMs: 500 },
      );
    }
  }
}

/** Holds the ledger's evidence of every meter against its events and against the meter itself. */
export async function checkBooks(
  options: Pick<OutageOptions, "neighbourhood" | "watch">,
): Promise<{ readonly intervals: number; readonly faults: string[] }> {
  const { neighbourhood, watch } = options;
  const faults: string[] = [];
  let intervals = 0;
  for (const household of neighbourhood.households) {
    for (const { role, profile, serialNumber } of household.spec.meters) {
      const meter = `${profile}:${serialNumber}`;
      const head = await headOf(neighbourhood, meter);
      if (head === null) {
        faults.push(`${meter}: the ledger has no evidence`);
        continue;
      }
      await waitFor(
        `the events of ${meter} up to interval ${head.sequence}`,
        () => (watch.evidence.intervals(meter) >= head.sequence ? true : undefined),
        { withinMs: 10_000 },
      );
      intervals += head.sequence;
      faults.push(...watch.evidence.faults(meter));
      const endMs = Date.parse(head.end);
      const truth = (atMs: number) => neighbourhood.meters.registers(household.spec.id, role, atMs);
      // The truth is kept by the second: one more covers the moment itself.
      const latest = endMs + boundaryToleranceMs + 1000;
      faults.push(...registerFaults(head, await truth(endMs), await truth(latest)));
    }
  }
  return { intervals, faults };
}

async function headOf(neighbourhood: Neighbourhood, meter: string): Promise<MeterHead | null> {
  return await neighbourhood.desk.client.read("metering:ReadMeter", { meter });
}
