import { expect, test, vi } from "vitest";
import { parseDemoOptions } from "./options.js";

const defaults = {
  households: 3,
  untilSettled: undefined,
  summary: undefined,
  open: true,
  seed: "1",
  outage: false,
  cheat: false,
};

test.for([
  [[], {}],
  [["--households", "12", "--no-open"], { households: 12, open: false }],
  [["--until-settled", "4", "--summary", "s.json"], { untilSettled: 4, summary: "s.json" }],
  [["--seed", "abc", "--outage", "--market", "auction"], { seed: "abc", outage: true }],
  [["--cheat"], { cheat: true }],
] as const)("%j is understood", ([argv, expected]) => {
  expect(parseDemoOptions(argv)).toEqual({ kind: "run", options: { ...defaults, ...expected } });
});

test.for([
  [["--households", "0"], "from 1 to 12"],
  [["--households", "13"], "from 1 to 12"],
  [["--households", "3.5"], "from 1 to 12"],
  [["--until-settled", "none"], "whole number"],
  [["--cheat", "--households", "2"], "--cheat needs 3 households or more"],
  [["--market", "criteria"], "A market by standing criteria is not part of this version yet"],
  [["--market", "auctoin"], "Expected auction"],
  [["--unknown"], "unknown option"],
  [["stray"], "too many arguments"],
] as const)("%j is refused with exit code 2 and says why", ([argv, why]) => {
  const said: string[] = [];
  const stderr = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  try {
    expect(parseDemoOptions(argv)).toEqual({ kind: "exit", exitCode: 2 });
  } finally {
    stderr.mockRestore();
  }
  expect(said.join("")).toContain(why);
});
