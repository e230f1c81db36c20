import { z } from "zod";
import type { AgentOverview } from "./agent-api.js";
import { cheatSummary } from "./cheat-book.js";
import type { LedgerWatch } from "./ledger-watch.js";
import type { Neighbourhood } from "./neighbourhood.js";
import type { NetworkAccess } from "./operator-desk.js";
import { outageVerdict } from "./outage-verdict.js";

const count = z.int().min(0);
const nano = z.string().regex(/^(0|-?[1-9]\d*)$/);
const seconds = z.number().min(0);

/** What `npm run demo -- --summary FILE` writes. Everything but the seconds is read from the ledger and the agents. */
export const demoSummary = z.strictObject({
  settledTrades: count.describe("One seller, one buyer, one slot, settled with energy delivered"),
  energyWh: count.describe("Delivered between neighbours"),
  amountNano: nano.describe("Paid between neighbours"),
  households: z.array(
    z.strictObject({
      id: z.string(),
      profiles: z.array(z.string()),
      readings: count,
      checkpoints: count,
      evidenceCommitted: count.describe("Intervals whose evidence the ledger committed"),
      boughtWh: count,
      soldWh: count,
      coinsNano: nano,
    }),
  ),
  conservation: z
    .strictObject({ coinsNano: nano, energyWh: z.int() })
    .describe("Sums over the whole ledger that must be zero"),
  ledger: z.strictObject({
    channel: z.string(),
    height: count,
    peers: count,
    orderers: count,
    fabric: z.string(),
  }),
  seconds: z
    .strictObject({ setup: seconds, toFirstReading: seconds, toFirstSettlement: seconds })
    .describe("Wall time since the command began"),
  outage: outageVerdict.optional(),
  cheat: cheatSummary.optional(),
});
export type DemoSummary = z.infer<typeof demoSummary>;

export interface SummaryInputs {
  readonly neighbourhood: Neighbourhood;
  readonly network: NetworkAccess;
  readonly watch: LedgerWatch;
  readonly running: { readonly peers: number; readonly orderers: number };
  readonly seconds: DemoSummary["seconds"];
  readonly outage: DemoSummary["outage"];
  readonly cheat: DemoSummary["cheat"];
}

/** Asks ledger and agents for the summary's numbers. Errors as those of the ledger's client and of the agents' API. */
export async function summarise(inputs: SummaryInputs): Promise<DemoSummary> {
  const { neighbourhood, network, watch } = inputs;
  const { client } = neighbourhood.desk;
  const [wallets, audit, height, overviews] = await Promise.all([
    client.read("wallets:ListWallets", {}),
    client.read("wallets:Audit", {}),
    network.height(),
    Promise.all(
      neighbourhood.households.map(({ agent }) =>
        agent.waitForOverview("its overview", () => true, 10_000),
      ),
    ),
  ]);
  const { totals } = watch;
  const coinsOf = (id: string) => wallets.find((w) => w.participant === id)?.coinsNano ?? "0";
  return demoSummary.parse({
    settledTrades: totals.settledTrades,
    energyWh: totals.energyWh,
    amountNano: totals.amountNano.toString(),
    households: neighbourhood.households.map(({ spec }, index) => ({
      id: spec.id,
      profiles: spec.meters.map(({ profile }) => profile),
      ...countsOf(overviews[index]),
      boughtWh: totals.boughtWh(spec.id),
      soldWh: totals.soldWh(spec.id),
      coinsNano: coinsOf(spec.id),
    })),
    conservation: { coinsNano: audit.coinsNano, energyWh: Number(audit.energyWh) },
    ledger: {
      channel: network.channel,
      height,
      ...inputs.running,
      fabric: network.fabricVersion,
    },
    seconds: inputs.seconds,
    ...(inputs.outage === undefined ? {} : { outage: inputs.outage }),
    ...(inputs.cheat === undefined ? {} : { cheat: inputs.cheat }),
  });
}

function countsOf(overview: AgentOverview | undefined) {
  const { readings, checkpoints, evidenceCommitted } = overview?.counts ?? {};
  return { readings, checkpoints, evidenceCommitted };
}
