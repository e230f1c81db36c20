import { beforeAll, describe, expect, it } from "vitest";
import { AttackedLedger, withOtherHalves } from "./testing/attacked-ledger.js";
import {
  type EvidenceAttack,
  evidenceAttacks,
  tryEvidenceAttacks,
} from "./testing/evidence-attacks.js";

const scene = new AttackedLedger();
beforeAll(() => scene.begin());

describe("an attack on the ledger's evidence is refused", () => {
  it.each(Object.keys(evidenceAttacks) as EvidenceAttack[])("%s", async (family) => {
    const { refused, accepted } = await tryEvidenceAttacks(scene, family, 20, 1);
    expect(accepted).toEqual([]);
    expect(
      [...refused.keys()].filter((code) => !/^(evidence|ledger|access|already)/.test(code)),
    ).toEqual([]);
  });

  it("while what the household honestly sends is taken, in either half of the signatures' range", async () => {
    expect(await scene.refusal(scene.next())).toBeUndefined();
    expect(await scene.refusal(withOtherHalves(scene))).toBeUndefined();
  });
});
