import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Network, startNetwork } from "@powershare/fabric";
import { castHouseholds } from "./cast.js";
import { LedgerWatch } from "./ledger-watch.js";
import { Neighbourhood } from "./neighbourhood.js";
import { observeUsage, type ProcessUsage } from "./process-usage.js";
import { chaincodeMain, demoSettings } from "./run-demo.js";
import { percentile } from "./statistics.js";

const observedSlots = 4;

export interface PathFigures {
  readonly households: number;
  readonly secondsToFirstSettlement: number;
  /** From the proposal's own timestamp to its event at another organisation's peer. */
  readonly evidenceToCommit: {
    readonly transactions: number;
    readonly p50Ms: number;
    readonly p95Ms: number;
  };
  readonly processes: readonly ProcessUsage[];
}

/** Runs the default neighbourhood until it trades and some slots longer, and measures it from outside. */
export async function benchPath(
  directory: string,
  say: (message: string) => void,
): Promise<PathFigures> {
  const startedAt = performance.now();
  const latencies: number[] = [];
  let network: Network | undefined;
  let neighbourhood: Neighbourhood | undefined;
  try {
    network = await startNetwork({
      dir: join(directory, "network"),
      chaincodeMain,
      topology: "neighbourhood",
      log: say,
    });
    neighbourhood = await Neighbourhood.prepare(castHouseholds(3, "bench"), directory);
    const desk = await neighbourhood.openDesk(network, "bench-desk");
    const watch = new LedgerWatch(desk.client, (event) => {
      if (event.name !== "EvidenceAccepted") return;
      latencies.push(Date.now() - Date.parse(event.payload.at));
    });
    await neighbourhood.join({ network, settings: demoSettings, progress: say });
    await watch.settledTrades(1);
    const secondsToFirstSettlement = (performance.now() - startedAt) / 1000;
    say(`first trade settled after ${secondsToFirstSettlement.toFixed(1)} s; measuring`);
    const running = [...network.processes(), ...neighbourhood.processes()];
    const processes = await observeUsage(running, () =>
      delay(observedSlots * demoSettings.slotSeconds * 1000),
    );
    return {
      households: 3,
      secondsToFirstSettlement: Math.round(secondsToFirstSettlement * 10) / 10,
      evidenceToCommit: {
        transactions: latencies.length,
        p50Ms: percentile(latencies, 0.5) ?? 0,
        p95Ms: percentile(latencies, 0.95) ?? 0,
      },
      processes,
    };
  } finally {
    await neighbourhood?.stop();
    await network?.stop();
  }
}
