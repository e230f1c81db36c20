import type { Correction, PlacementJudgement, WiringReport } from "@powershare/domain/ledger";
import type { LedgerClient } from "@powershare/ledger-client";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { LedgerWatch } from "./ledger-watch.js";
import { OperatorDesk } from "./operator-desk.js";
import { enrolSoftwareClient } from "./software-client.js";
import { connectNetwork } from "./testing/network-control.js";
import { testSettings } from "./testing/shared-neighbourhood.js";
import { connectAs, SoftwareHousehold } from "./testing/software-household.js";

const { slotSeconds } = testSettings;
/** Six hours before. */
const agoSlots = (6 * 3_600) / slotSeconds;
/** 40 Wh of surplus at the mean of both tariffs, micro-coin per kWh. */
const soldWh = 40;
const price = BigInt(soldWh) * 150_000n;

let desk: OperatorDesk;
let honest: SoftwareHousehold;
let cheat: SoftwareHousehold;
let buyer: SoftwareHousehold;
let community: LedgerClient;
let slots: readonly [string, string];
const names: string[] = [];

beforeAll(async () => {
  const network = await connectNetwork(inject("networkSocket"));
  desk = await OperatorDesk.open(network, "desk-of-proof");
  await desk.openMicrogrid(testSettings);
  void new LedgerWatch(desk.client, ({ name }) => names.push(name)).ended;
  const wiring = { latitudeDeg: 39, longitudeDeg: -9, aggregator: "required" } as const;
  const settings = { ...testSettings, wiring };
  await desk.client.transact("participants:SetSettings", { settings });
  // Slots that nobody has settled: the agents of other tests, on the same ledger, settle all of their time.
  const firstMs = (Math.floor(Date.now() / 1000 / slotSeconds) - agoSlots) * slotSeconds * 1000;
  slots = [instant(firstMs), instant(firstMs + slotSeconds * 1000)];
  const join = (id: string) =>
    SoftwareHousehold.join(network, desk, { id, start: slots[0], slotSeconds });
  [honest, cheat, buyer] = await Promise.all([join("proof1"), join("proof2"), join("proof3")]);
  await desk.fund(buyer.id, 10n);
  const board = await enrolSoftwareClient(network.organisations.community, {
    id: "board-of-proof",
    attributes: { role: "community", microgrid: network.channel },
  });
  community = connectAs(network, board);
});
afterAll(async () => {
  for (const { id } of [honest, cheat, buyer]) await desk.suspend(id);
  await desk.client.transact("participants:SetSettings", { settings: testSettings });
  const clients = [honest, cheat, buyer].map(({ client }) => client);
  await Promise.all([...clients, community].map((client) => client.close()));
  await desk.close();
});

test("a sale is held until its wiring is proven, and given back where it is manipulated", async () => {
  const gives = { importWh: 0, exportWh: soldWh };
  const rests = { importWh: 0, exportWh: 0 };
  for (const [seller, energies] of [
    [honest, [gives, rests]],
    [cheat, [rests, gives]],
  ] as const) {
    await seller.send(seller.connection, energies);
    await seller.send(seller.generator, energies);
  }
  const takes = { importWh: soldWh, exportWh: 0 };
  await buyer.send(buyer.connection, [takes, takes]);
  const coinsBefore = await coins(buyer.id);
  for (const slotStart of slots) await buyer.client.transact("market:Settle", { slotStart });
  expect(await coins(buyer.id)).toBe(coinsBefore - 2n * price);
  for (const { id } of [honest, cheat]) {
    expect(await wallet(id)).toMatchObject({ coinsNano: "0", heldNano: price.toString() });
    expect(await release(id)).toBe("already");
  }

  for (const meter of [honest.connection, honest.generator]) await prove(honest, meter);
  expect(await release(honest.id)).toBe("done");
  expect(await wallet(honest.id)).toMatchObject({ coinsNano: price.toString(), heldNano: "0" });

  await tell(cheat, cheat.connection, "failed");
  expect(await release(cheat.id)).toBe("done");
  expect(await wallet(cheat.id)).toMatchObject({ coinsNano: "0", heldNano: "0" });
  expect(await coins(buyer.id)).toBe(coinsBefore - price);

  const audit = await desk.client.read("wallets:Audit", {});
  expect(audit).toMatchObject({ coinsNano: "0", heldNano: "0", energyWh: "0" });
  await expect
    .poll(() => names.filter((name) => name === "HeldResolved").length, { timeout: 10_000 })
    .toBe(2);
});

test("what was settled wrongly is put right by operator and community together", async () => {
  const before = await coins(honest.id);
  const id = "correction-of-proof";
  const correction: Correction = {
    kind: "payments",
    reason: "meter-error",
    slot: slots[0],
    payments: [{ from: honest.id, to: buyer.id, amountNano: "1000000" }],
  };
  await desk.client.transact("wallets:AskCorrection", { id, correction });
  expect(await coins(honest.id)).toBe(before);
  await community.transact("wallets:ConfirmCorrection", { id, correction });
  expect(await coins(honest.id)).toBe(before - 1_000_000n);
});

/** The agent reports a sign test that passed, and the aggregator calls the placement right. */
async function prove(household: SoftwareHousehold, meter: string): Promise<void> {
  await tell(household, meter, "passed");
  const judgement: PlacementJudgement = { ...seen(), verdict: "right", fault: "none" };
  const key = { participant: household.id, meter, epoch: 1 };
  await desk.client.transact("metering:JudgePlacement", { ...key, judgement });
}

async function tell(
  { client }: SoftwareHousehold,
  meter: string,
  result: "passed" | "failed",
): Promise<void> {
  const report: WiringReport = {
    ...seen(),
    verdict: result === "passed" ? "ok" : "manipulated",
    fault: result === "passed" ? "none" : "reversed",
    signTest: { result, event: "ab".repeat(32) },
  };
  await client.transact("metering:ReportWiring", { meter, epoch: 1, report });
}

const seen = () => ({ rules: [], from: slots[0], to: slots[1], confidencePpm: 990_000 });
const instant = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const wallet = (participant: string) => desk.client.read("wallets:ReadWallet", { participant });
const coins = async (participant: string) => BigInt((await wallet(participant)).coinsNano);
/** Anybody may ask for it: here the neighbour who paid. */
const release = async (participant: string) =>
  (await buyer.client.transact("wallets:ReleaseHeld", { participant })).effect;
