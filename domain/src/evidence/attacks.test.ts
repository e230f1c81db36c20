import * as node from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  type AttackName,
  attackFamilies,
  attackScene,
  otherHalf,
  refusalOf,
  tryAttacks,
} from "../testing/index.js";

const scene = attackScene(node);
const { good, device } = scene;

describe("an attack on an evidence file is refused", () => {
  it.each(Object.keys(attackFamilies) as AttackName[])("%s", (family) => {
    expect(tryAttacks(scene, family, 20, 1)).toMatchObject({ tried: 20, accepted: [] });
  });
});

describe("what the attacks begin with", () => {
  it.each([
    ["the household's file", good],
    ["its other branch", scene.branch],
    ["another's", scene.foreign],
  ])("%s is proven", (_, file) => expect(refusalOf(file, device.crypto)).toBeUndefined());

  it("is proven with the other half of every signature too, as a TPM gives both", () => {
    const packages = good.packages.map((one) => ({ ...one, signature: otherHalf(one.signature) }));
    expect(packages[0]?.signature).not.toBe(good.packages[0]?.signature);
    expect(refusalOf({ ...good, packages }, device.crypto)).toBeUndefined();
  });
});
