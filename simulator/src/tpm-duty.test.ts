import { expect, it } from "vitest";
import { auctionSignatures, checkSignatures, chipDuties } from "./tpm-duty.js";

it("counts the signatures of a day", () => {
  // 1,440 checkpoints, one quote, and 96 slots: a package and its transaction, an order, two questions, 0.6 for the slot.
  expect(auctionSignatures(1)).toBeCloseTo(1441 + 96 * (3 + 2 + 2 + 0.6));
  expect(checkSignatures(1)).toBe(1441 + 720 * 3);
});

it("keeps an SLB9670 with one meter within 0.2 % of its time in the auction, and 0.4 % with checks", () => {
  const duty = chipDuties().find(({ chip }) => chip === "Infineon SLB9670");
  expect(duty?.auctionPercent).toBeLessThanOrEqual(0.2);
  expect(duty?.checksPercent).toBeLessThanOrEqual(0.4);
});
