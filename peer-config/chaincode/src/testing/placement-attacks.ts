import type { PlacementJudgement, WiringReport } from "@powershare/domain/ledger";
import { type Random, seeded } from "@powershare/domain/testing";
import { type CountedAttacks, countAttacks } from "./count-attacks.js";
import type { TestIdentity } from "./ledger-stub.js";
import {
  bank,
  community,
  identityOf,
  instantAfter,
  microgrid,
  operator,
  slotAt,
  utilityClient,
} from "./neighbourhood.js";
import { judgement, report, signTest } from "./placements.js";
import { Street } from "./street.js";

/**
 * A seller with one sale that was proven and paid, and one that waits: since then another placement epoch of his
 * connection point has begun, on which the aggregator has not spoken.
 */
export class AttackedStreet {
  readonly street = new Street();
  readonly known: WiringReport = { ...signTest("passed", 3), from: slotAt(1) };

  async begin(): Promise<void> {
    const { street } = this;
    await street.open();
    await street.trade();
    for (const meter of [street.grid, street.roof]) {
      await street.report(meter, signTest("passed"));
      await street.judge(meter, judgement("right"));
    }
    await street.release();
    await street.trade({ grid: { epoch: 2 } });
    await street.trade();
    await street.report(street.grid, this.known, 2);
  }

  /** The code that refuses a call, `no credit` where it changes nothing for the seller, undefined where it pays him. */
  async outcome({ by, name, args }: Attack): Promise<string | undefined> {
    const { ledger } = this.street;
    try {
      const endorsed = await ledger.endorse(by, name, args);
      if (endorsed.simulation.writes.size > 0) ledger.commit(endorsed);
    } catch (error) {
      return error instanceof Error && "code" in error ? String(error.code) : String(error);
    }
    const grid = await this.street.placements(this.street.grid);
    const isProven = grid.some(({ epoch, state }) => epoch > 1 && state === "proven");
    const paid = (await this.street.release()) === "done";
    return isProven || paid ? undefined : "no credit";
  }
}

interface Attack {
  readonly by: TestIdentity;
  readonly name: string;
  readonly args: readonly string[];
}
type Family = (scene: AttackedStreet, random: Random) => Attack;

function pick<T>(items: readonly T[], random: Random): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError("nothing to choose from");
  return item;
}
const upTo = (most: number, random: Random): number => 1 + Math.floor(random() * most);

/** A window somewhere from before the first slot up to after the last. */
function anyWindow(random: Random) {
  const [from, to] = [Math.floor(random() * 3_600) - 300, Math.floor(random() * 3_600) - 300];
  return { from: instantAfter(from), to: instantAfter(to) };
}
const right = (random: Random): PlacementJudgement => ({
  ...judgement("right"),
  confidencePpm: Math.floor(random() * 1_000_001),
  ...pick([{ from: slotAt(1), to: slotAt(2) }, anyWindow(random)], random),
});
const judge = (
  by: TestIdentity,
  { meter }: { meter: string },
  epoch: number | string,
  word: object,
): Attack => ({
  by,
  name: "metering:JudgePlacement",
  args: ["sun", meter, `${epoch}`, JSON.stringify(word)],
});
const tell = (
  by: TestIdentity,
  { meter }: { meter: string },
  epoch: number | string,
  word: object,
): Attack => ({
  by,
  name: "metering:ReportWiring",
  args: [meter, `${epoch}`, JSON.stringify(word)],
});
const decision = (scene: AttackedStreet, random: Random): string[] => [
  `decision-${upTo(1_000, random)}-of-an-attack`,
  JSON.stringify({
    kind: "placement",
    reason: "inspected",
    participant: "sun",
    meter: scene.street.grid.meter,
    epoch: 2,
    verdict: "right",
  }),
];
/** Certificates that an organisation gives out although the role is not its to give, or without an attribute. */
function forged(scene: AttackedStreet, random: Random): TestIdentity {
  const role = pick(["operator", "community"], random);
  const wrong = role === "operator" ? "CommunityMSP" : "OperatorMSP";
  return pick(
    [
      identityOf(wrong, { role, microgrid }),
      identityOf("UtilityMSP", { role, microgrid, participant: "grid-co" }),
      identityOf("OperatorMSP", { microgrid }),
      identityOf("OperatorMSP", { role: "operator", microgrid: "elsewhere" }),
      identityOf("CommunityMSP", { ...scene.street.sun.attributes(), role }),
    ],
    random,
  );
}
const notTheOperator = ({ street }: AttackedStreet, random: Random): TestIdentity =>
  pick([street.sun.identity, street.shade.identity, utilityClient, community, bankClient], random);
const bankClient = identityOf("OperatorMSP", { role: "bank", microgrid, participant: bank.id });

/** What a seller, and whoever helps him, may try to be paid before his wiring is proven. */
export const placementAttacks = {
  "judging oneself": (scene, random) =>
    judge(notTheOperator(scene, random), scene.street.grid, 2, right(random)),
  "proving oneself": ({ street }, random) =>
    tell(street.sun.identity, street.grid, 2, {
      ...pick([report("ok"), signTest("passed"), report("suspect")], random),
      ...anyWindow(random),
    }),
  "a report for another": ({ street }, random) =>
    tell(
      pick([street.shade.identity, operator, utilityClient], random),
      pick([street.grid, street.roof], random),
      upTo(2, random),
      {
        ...pick([signTest("passed"), signTest("failed"), report("held")], random),
        ...anyWindow(random),
      },
    ),
  "a replayed report": ({ street, known }, random) =>
    tell(street.sun.identity, street.grid, pick([1, 2], random), {
      ...known,
      to: slotAt(Math.floor(random() * 4)),
    }),
  "a forged role": (scene, random) => {
    const by = forged(scene, random);
    return pick<() => Attack>(
      [
        () => judge(by, scene.street.grid, 2, right(random)),
        () => ({ by, name: "wallets:AskCorrection", args: decision(scene, random) }),
        () => ({ by, name: "wallets:ConfirmCorrection", args: decision(scene, random) }),
      ],
      random,
    )();
  },
  "an epoch skipped": ({ street }, random) => {
    const epoch = pick([0, -1, 2 + upTo(999_000, random), 1e6, "1e0", "02", "2.0", ""], random);
    return random() < 0.5
      ? judge(operator, street.grid, epoch, right(random))
      : tell(street.sun.identity, street.grid, epoch, signTest("passed"));
  },
  "the old epoch's proof": ({ street }, random) => {
    const to = instantAfter(Math.floor(random() * 900));
    return judge(operator, street.grid, 2, { ...judgement("right"), to });
  },
  "a release before the proof": ({ street }, random) => {
    street.ledger.at(instantAfter(2_700 + Math.floor(random() * 30 * 86_400)));
    return {
      by: pick([street.sun.identity, street.shade.identity, operator, utilityClient], random),
      name: "wallets:ReleaseHeld",
      args: ["sun"],
    };
  },
  "a decision of one": (scene, random) =>
    pick<Attack>(
      [
        { by: operator, name: "wallets:AskCorrection", args: decision(scene, random) },
        { by: operator, name: "wallets:ConfirmCorrection", args: decision(scene, random) },
        { by: community, name: "wallets:AskCorrection", args: decision(scene, random) },
        {
          by: scene.street.sun.identity,
          name: "wallets:ConfirmCorrection",
          args: decision(scene, random),
        },
        { by: utilityClient, name: "wallets:ConfirmCorrection", args: decision(scene, random) },
        {
          by: community,
          name: "wallets:ConfirmCorrection",
          args: [`never-asked-${upTo(1_000, random)}`, ...decision(scene, random).slice(1)],
        },
      ],
      random,
    ),
  "another's meter or name": ({ street }, random) => {
    const { grid, other, roof } = street;
    const meter = pick(
      [other.meter, `${grid.meter}.2`, roof.meter.toUpperCase(), "", "a/b:c"],
      random,
    );
    return pick(
      [
        () => judge(operator, { meter }, 2, right(random)),
        () => tell(street.sun.identity, { meter }, 2, signTest("passed")),
      ],
      random,
    )();
  },
} satisfies Record<string, Family>;

export type PlacementAttack = keyof typeof placementAttacks;

/** Tries so many of a family; those without effect count as refused. */
export function tryPlacementAttacks(
  scene: AttackedStreet,
  family: PlacementAttack,
  count: number,
  seed: number,
): Promise<CountedAttacks> {
  return countAttacks(count, seed, (at) =>
    scene.outcome(placementAttacks[family](scene, seeded(at))),
  );
}
