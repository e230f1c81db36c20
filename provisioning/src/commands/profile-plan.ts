import type { Profile } from "@powershare/firmware-profiles";
import { hex } from "../hex.js";
import { answerNo, print } from "../output.js";

export interface PlanOptions {
  readonly json?: boolean;
  /** Of the line; default the meter's factory setting. */
  readonly baud?: number;
  /** From one poll to the next, ms. */
  readonly interval?: number;
}

const numberOf = (count: number, thing: string) => `${count} ${thing}${count === 1 ? "" : "s"}`;
const rounded = (ms: number) => Number(ms.toFixed(1));

/** Prints the requests by poll class, their time on the wire, and the bus's utilisation. */
export async function plan(id: string, options: PlanOptions): Promise<void> {
  const profiles = await import("@powershare/firmware-profiles");
  const profile = profiles.withAssumedModels(profiles.loadProfile(id));
  const { parity = "none", stopBits = 1 } = profile.serial ?? {};
  const baudRate = options.baud ?? profile.serial?.baudRate;
  const line = baudRate === undefined ? undefined : { baudRate, parity, stopBits };
  const plans = (["fast", "slow", "identity"] as const)
    .map((pollClass) => {
      const requests = profiles.planReads(profile, { pollClasses: [pollClass], ...line });
      const time = line && profiles.timeOfReads(profile, requests, line);
      const { wireMs = 0, silenceMs = 0, turnaroundMs = 0 } = time ?? {};
      return {
        pollClass,
        values: valuesOf(profile, pollClass),
        registers: requests.reduce((sum, { count }) => sum + count, 0),
        ...(time ? { wireTimeMs: rounded(wireMs + silenceMs), turnaroundMs } : {}),
        requests,
      };
    })
    .filter(({ values }) => values > 0);
  const bus =
    line && options.interval !== undefined
      ? profiles.busPlan({
          meters: [{ profile, unit: profile.unit }],
          ...line,
          pollIntervalMs: options.interval,
        })
      : undefined;
  if (bus && !bus.fits) process.exitCode = answerNo;
  if (options.json) return print(JSON.stringify({ profile: id, ...line, plans, bus }));
  for (const each of plans) {
    const size = `${numberOf(each.values, "value")} in ${numberOf(each.requests.length, "request")}, ${each.registers} registers`;
    const time =
      each.wireTimeMs === undefined ? "" : `, ${each.wireTimeMs} ms on the wire at ${baudRate} Bd`;
    print(`${each.pollClass}: ${size}${time}`);
    for (const { table, address, count } of each.requests) {
      print(`  ${table.padEnd(7)} ${hex(address)}  ${count} registers`);
    }
  }
  if (profile.sunspec) print("addresses as with the shortest chain of models from the first base");
  if (!line) print("Modbus TCP only: a request is a round trip, there is no time on a wire");
  for (const text of bus?.lines ?? []) print(text);
}

function valuesOf(profile: Profile, pollClass: string): number {
  const all = [...profile.registers, ...profile.identity];
  return all.filter((register) => register.pollClass === pollClass).length;
}
