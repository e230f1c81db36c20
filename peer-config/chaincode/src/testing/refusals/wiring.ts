import type { Correction, PlacementKey } from "@powershare/domain/ledger";
import {
  community,
  firstSlot,
  instantAfter,
  judgeWiring,
  operator,
  slotAt,
  TestResident,
  utilityClient,
} from "../neighbourhood.js";
import { judgement, payment, placementOf, report, signTest } from "../placements.js";
import { type Call, type Case, energy, evidence, json, type World } from "./calls.js";

const judge = ({ participant, meter, epoch }: PlacementKey, word: object, by = operator): Call => ({
  by,
  name: "metering:JudgePlacement",
  args: [participant, meter, `${epoch}`, json(word)],
});
const tell = (by: TestResident, { meter, epoch }: PlacementKey, word: object): Call => ({
  by: by.identity,
  name: "metering:ReportWiring",
  args: [meter, `${epoch}`, json(word)],
});
const ask = (id: string, correction: Correction, by = operator): Call => ({
  by,
  name: "wallets:AskCorrection",
  args: [id, json(correction)],
});
const confirm = (id: string, correction: Correction, by = community): Call => ({
  by,
  name: "wallets:ConfirmCorrection",
  args: [id, json(correction)],
});

/** A first placement epoch of h1, which its first slot opened. */
async function opened({ ledger, h1 }: World): Promise<void> {
  await judgeWiring(ledger);
  ledger.at(slotAt(2));
  const sent = h1.household.evidence(h1.meter, [energy, energy]);
  await ledger.submit(h1.identity, "metering:SubmitEvidence", { package: sent });
}
/** And a slot that is settled. */
async function settled(world: World): Promise<void> {
  await opened(world);
  world.ledger.at(slotAt(2));
  await world.ledger.submit(operator, "participants:SetStatus", {
    participant: "h2",
    status: "suspended",
    reason: "left",
  });
  const generated = world.h1.household.evidence(`eastron/sdm230:h1`, [energy, energy]);
  await world.ledger.submit(world.h1.identity, "metering:SubmitEvidence", { package: generated });
  await world.ledger.submit(operator, "market:Settle", { slotStart: firstSlot });
}
const correction = payment("grid-co", "h1", "5");

export const wiringCases: Case[] = [
  [
    "evidence.limit",
    "more energy than the connection point's fuses let through",
    async ({ ledger }) => {
      const h3 = new TestResident("h3");
      const meters = h3.registration().meters.map((meter) => ({ ...meter, limitW: 3_000 }));
      const registration = { ...h3.registration(), meters };
      await ledger.submit(operator, "participants:RegisterParticipant", { registration });
      ledger.at(slotAt(1));
      return evidence(h3, h3.household.evidence(h3.meter, [{ importWh: 962, exportWh: 0 }]));
    },
  ],
  [
    "metering.placement-unknown",
    "an epoch that has not begun",
    async (world) => {
      await opened(world);
      return judge(placementOf(world.h1, 2), judgement("right"));
    },
  ],
  [
    "metering.placement-unknown",
    "a word on a placement where none is judged",
    ({ h1 }) => judge(placementOf(h1), judgement("right")),
  ],
  [
    "metering.placement-unknown",
    "a report on a neighbour's meter",
    async (world) => {
      await opened(world);
      return tell(world.h2, placementOf(world.h1), signTest("failed"));
    },
  ],
  [
    "metering.placement-unknown",
    "a decision on an epoch that has not begun",
    ({ h1 }) =>
      ask("correction-1", {
        kind: "placement",
        reason: "inspected",
        ...placementOf(h1),
        verdict: "right",
      }),
  ],
  [
    "access.role",
    "a household that calls itself right",
    async (world) => {
      await opened(world);
      return judge(placementOf(world.h1), judgement("right"), world.h1.identity);
    },
  ],
  [
    "access.role",
    "a utility in the aggregator's place",
    async (world) => {
      await opened(world);
      return judge(placementOf(world.h1), judgement("right"), utilityClient);
    },
  ],
  [
    "access.role",
    "the operator in the agent's place",
    async (world) => {
      await opened(world);
      return { ...tell(world.h1, placementOf(world.h1), signTest("passed")), by: operator };
    },
  ],
  [
    "metering.placement-window",
    "a judgement on what was before the epoch",
    async (world) => {
      await opened(world);
      const early = { ...judgement("right"), from: slotAt(-1) };
      return judge(placementOf(world.h1), early);
    },
  ],
  [
    "metering.placement-window",
    "a report on what is to come",
    async (world) => {
      await opened(world);
      return tell(world.h1, placementOf(world.h1), report("ok", 3));
    },
  ],
  [
    "metering.placement-window",
    "a judgement that ends before it begins",
    async (world) => {
      await opened(world);
      return judge(placementOf(world.h1), { ...judgement("right"), from: instantAfter(901) });
    },
  ],
  [
    "metering.placement-stale",
    "a report from before the last one",
    async (world) => {
      await opened(world);
      const { h1, ledger } = world;
      const said = { meter: h1.meter, epoch: 1, report: report("held", 2) };
      await ledger.submit(h1.identity, "metering:ReportWiring", said);
      return tell(h1, placementOf(h1), report("ok", 1));
    },
  ],
  [
    "metering.sign-test-failed",
    "a second sign test that passes in the epoch of one that failed",
    async (world) => {
      await opened(world);
      const { h1, ledger } = world;
      const said = { meter: h1.meter, epoch: 1, report: signTest("failed", 1) };
      await ledger.submit(h1.identity, "metering:ReportWiring", said);
      return tell(h1, placementOf(h1), signTest("passed", 2));
    },
  ],
  ["participants.unknown", "what nobody holds", () => releaseOf("nobody")],
  [
    "wallets.correction-closed",
    "a correction of a slot that is not settled",
    () => ask("correction-1", correction),
  ],
  [
    "wallets.correction-closed",
    "a correction after 35 days",
    async (world) => {
      await settled(world);
      world.ledger.at(instantAfter(900 + 35 * 86_400 + 1));
      return ask("correction-1", correction);
    },
  ],
  [
    "wallets.correction-closed",
    "a confirmation after 35 days",
    async (world) => {
      await settled(world);
      const { ledger } = world;
      await ledger.submit(operator, "wallets:AskCorrection", { id: "correction-1", correction });
      ledger.at(instantAfter(900 + 35 * 86_400 + 1));
      return confirm("correction-1", correction);
    },
  ],
  [
    "participants.unknown",
    "a correction to nobody",
    async (world) => {
      await settled(world);
      return ask("correction-1", payment("h1", "nobody", "5"));
    },
  ],
  [
    "wallets.amount",
    "a correction of nothing",
    async (world) => {
      await settled(world);
      return ask("correction-1", payment("h1", "grid-co", "0"));
    },
  ],
  [
    "wallets.nonce-reused",
    "another correction under the id",
    async (world) => {
      await settled(world);
      const { ledger } = world;
      await ledger.submit(operator, "wallets:AskCorrection", { id: "correction-1", correction });
      return ask("correction-1", payment("grid-co", "h1", "6"));
    },
  ],
  [
    "wallets.correction-unknown",
    "a confirmation of what nobody asked for",
    () => confirm("correction-1", correction),
  ],
  [
    "wallets.correction-unknown",
    "a confirmation of another amount",
    async (world) => {
      await settled(world);
      const { ledger } = world;
      await ledger.submit(operator, "wallets:AskCorrection", { id: "correction-1", correction });
      return confirm("correction-1", payment("grid-co", "h1", "6"));
    },
  ],
  [
    "access.role",
    "an operator who confirms himself",
    () => confirm("correction-1", correction, operator),
  ],
  [
    "access.role",
    "a resident who corrects",
    ({ h1 }) => ask("correction-1", correction, h1.identity),
  ],
  [
    "access.role",
    "a resident who speaks for the community",
    ({ h1 }) => confirm("correction-1", correction, h1.identity),
  ],
];

function releaseOf(participant: string): Call {
  return { by: operator, name: "wallets:ReleaseHeld", args: [participant] };
}
