import type { LedgerEvent, Settings } from "@powershare/domain/ledger";
import { inject } from "vitest";
import { castHousehold } from "../cast.js";
import { LedgerWatch } from "../ledger-watch.js";
import { Neighbourhood } from "../neighbourhood.js";
import type { NetworkAccess } from "../operator-desk.js";
import { createRunDirectory, removeRun } from "../run-directory.js";
import { connectNetwork } from "./network-control.js";

/** Rules of the shared network's microgrid; the first test to come sets them for all. */
export const testSettings: Settings = {
  microgrid: "neighbourhood",
  slotSeconds: 10,
  gateSeconds: 4,
  settleAfterSeconds: 120,
  rule: "uniform",
  rulesVersion: 1,
};

export interface TestNeighbourhood {
  readonly neighbourhood: Neighbourhood;
  readonly network: NetworkAccess;
  readonly watch: LedgerWatch;
  readonly events: readonly LedgerEvent[];
  /** Stops the households and has nobody wait for their evidence any more. */
  stop(): Promise<void>;
}

/**
 * A neighbourhood of its own on the shared network.
 * @param name a prefix that no other test uses; households are `<name>1` and so on
 * @param numbers which households of the cast
 */
export async function startTestNeighbourhood(
  name: string,
  numbers: readonly number[],
): Promise<TestNeighbourhood> {
  const network = await connectNetwork(inject("networkSocket"));
  const directory = await createRunDirectory();
  const specs = numbers.map((number) => castHousehold(number, name, name));
  const neighbourhood = await Neighbourhood.prepare(specs, directory);
  const events: LedgerEvent[] = [];
  const desk = await neighbourhood.openDesk(network, `desk-of-${name}`);
  const watch = new LedgerWatch(desk.client, (event) => events.push(event));
  await neighbourhood.join({ network, settings: testSettings, progress: () => undefined });
  return {
    neighbourhood,
    network,
    watch,
    events,
    stop: async () => {
      for (const { id } of specs) await desk.suspend(id);
      await neighbourhood.stop();
      await removeRun(directory);
    },
  };
}
