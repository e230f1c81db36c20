import { expect, test } from "vitest";
import { faultCases, poll, seeded } from "./testing/fault-cases.js";
import { inParallel, runOnPty } from "./testing/fault-pty.js";

test("on a pseudo-terminal no kind of fault makes a wrong or old value, at whatever request of a poll", async () => {
  const results = await inParallel(faultCases, 6, async (each) => ({
    name: each.name,
    ...(await runOnPty(each, poll.length, seeded(7))),
  }));
  for (const { name, wrong, old, faults } of results) {
    expect({ name, wrong, old, faults }).toEqual({ name, wrong: 0, old: 0, faults: poll.length });
  }
});
