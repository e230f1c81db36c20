import { describe, expect, it } from "vitest";
import { isResolvable } from "./resolvable.js";

const slot = "2026-06-01T12:00:00Z";
const dayMs = 86_400_000;
const [house, panels] = ["eastron/sdm630:1", "eastron/sdm230:2"];
const sale = (...epochs: [number | null, number | null]) => ({
  slot,
  placements: [
    { meter: house, epoch: epochs[0] },
    { meter: panels, epoch: epochs[1] },
  ],
});
type State = "unproven" | "proven" | "held" | "manipulated";
const placements = (houseState: State, panelsState: State) => [
  { meter: house, epoch: 1, state: houseState },
  // Newest first, as the projection gives them.
  { meter: panels, epoch: 2, state: panelsState },
  { meter: panels, epoch: 1, state: "unproven" as const },
];

describe("a held sale is resolved", () => {
  it.each<[string, ReturnType<typeof sale>, State, State, number, boolean]>([
    ["when all its placements are proven", sale(1, 2), "proven", "proven", 1, true],
    ["not while one of them is unproven", sale(1, 2), "proven", "unproven", 1, false],
    ["not while one of them is held", sale(1, 2), "held", "proven", 1, false],
    ["not by the proof of a later epoch", sale(1, 1), "proven", "proven", 1, false],
    ["as soon as one of them is manipulated", sale(1, 2), "manipulated", "unproven", 1, true],
    [
      "when the evidence that was missing belongs to a proven one",
      sale(1, null),
      "proven",
      "proven",
      1,
      true,
    ],
    ["not on its 35th day", sale(1, 2), "unproven", "unproven", 35, false],
    ["when nothing proved it within its time", sale(1, 2), "unproven", "unproven", 37, true],
  ])("%s", (_, waiting, houseState, panelsState, days, expected) => {
    const nowMs = Date.parse(slot) + days * dayMs;
    expect(isResolvable([waiting], placements(houseState, panelsState), nowMs)).toBe(expected);
  });

  it("not where none waits", () => {
    expect(isResolvable([], placements("proven", "proven"), 0)).toBe(false);
  });
});
