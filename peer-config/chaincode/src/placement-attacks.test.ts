import { beforeAll, describe, expect, it } from "vitest";
import {
  AttackedStreet,
  type PlacementAttack,
  placementAttacks,
  tryPlacementAttacks,
} from "./testing/placement-attacks.js";
import { judgement } from "./testing/placements.js";

const scene = new AttackedStreet();
beforeAll(() => scene.begin());

describe("nobody is paid before the proof by", () => {
  it.each(Object.keys(placementAttacks) as PlacementAttack[])("%s", async (family) => {
    const { refused, accepted } = await tryPlacementAttacks(scene, family, 12, 1);
    expect(accepted).toEqual([]);
    const codes = /^(access|ledger|metering|wallets|no credit)/;
    expect([...refused.keys()].filter((code) => !codes.test(code))).toEqual([]);
  });

  it("while the aggregator's word on the epoch itself pays him", async () => {
    const { street } = scene;
    const word = { ...judgement("right", 3), from: "2026-06-01T12:15:00Z" };
    await street.judge(street.grid, word, 2);
    expect(await street.release()).toBe("done");
  });
});
