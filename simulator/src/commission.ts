import { setTimeout as delay } from "node:timers/promises";
import { waitFor } from "./child.js";
import type { Household } from "./household.js";
import type { Meters } from "./meters.js";
import { readSignTest, type SignTestReport, startSignTest } from "./wiring-api.js";

/** The test has to know first how much the voltage moves by itself. */
const quietMs = 46_000;
/** Readings come about once a second, and a step takes six of them. */
const switchEveryMs = 8_000;
const mostSwitches = 16;
const startWithinMs = 60_000;

/**
 * Does what an installer does to prove a household's wiring: starts the sign test on its page, leaves the house
 * quiet for a while, and switches the generator, then a heater of 2 kW on every phase, until the test has its
 * answer. The meters see real steps of power, and the voltage that answers them.
 *
 * @returns what the test came to
 */
export async function commission(
  { spec, agent }: Pick<Household, "spec" | "agent">,
  meters: Meters,
  signal: AbortSignal,
): Promise<SignTestReport["state"]> {
  const rest = { heater: false, generator: true, quiet: true };
  const { id } = spec;
  await waitFor(`the sign test of ${id}`, () => started(agent.port), {
    withinMs: startWithinMs,
    everyMs: 500,
  });
  try {
    await meters.switch(id, rest);
    await delay(quietMs, undefined, { signal });
    for (const [meter, isSwitched] of [
      ["generator", { ...rest, generator: false }],
      ["connection", { ...rest, heater: true }],
    ] as const) {
      for (let turn = 0; turn < mostSwitches; turn += 1) {
        const isOn = turn % 2 === 1;
        if (!isOn && !(await isWaiting(agent.port, meter))) break;
        await meters.switch(id, isOn ? rest : isSwitched);
        await delay(switchEveryMs, undefined, { signal });
      }
    }
    return (await readSignTest(agent.port))?.state ?? "waiting";
  } finally {
    await meters.switch(id, { ...rest, quiet: false });
  }
}

async function started(port: number): Promise<true | undefined> {
  try {
    await startSignTest(port);
    return true;
  } catch {
    // Not both meters were read yet, or the agent is busy.
    return undefined;
  }
}

async function isWaiting(port: number, meter: SignTestReport["parts"][number]["meter"]) {
  const test = await readSignTest(port);
  return test?.parts.some((part) => part.meter === meter && part.state === "waiting") ?? false;
}
