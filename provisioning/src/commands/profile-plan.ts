import type { PlannedRead, Profile } from "@powershare/firmware-profiles";
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
  const { busPlan, loadProfile, planReads, timeOfReads, withAssumedModels } = await import(
    "@powershare/firmware-profiles"
  );
  const profile = withAssumedModels(loadProfile(id));
  const line = lineOf(profile, options.baud);
  const plans = (["fast", "slow", "identity"] as const)
    .map((pollClass) => {
      const requests = planReads(profile, { pollClasses: [pollClass], ...line });
      const registers = requests.reduce((sum, { count }) => sum + count, 0);
      const head = { pollClass, values: valuesOf(profile, pollClass), registers };
      if (!line) return { ...head, requests };
      const { wireMs, silenceMs, turnaroundMs } = timeOfReads(profile, requests, line);
      return { ...head, wireTimeMs: rounded(wireMs + silenceMs), turnaroundMs, requests };
    })
    .filter(({ values }) => values > 0);
  const meters = [{ profile, unit: profile.unit }];
  const pollIntervalMs = options.interval;
  const bus = pollIntervalMs && line && busPlan({ meters, ...line, pollIntervalMs });
  if (bus && !bus.fits) process.exitCode = answerNo;
  if (options.json) return print(JSON.stringify({ profile: id, ...line, plans, bus }));
  for (const each of plans) printPlan(each, line);
  for (const text of remarks(profile, line)) print(text);
  for (const text of bus ? bus.lines : []) print(text);
}

interface Line {
  readonly baudRate: number;
  readonly parity: "none" | "even" | "odd";
  readonly stopBits: 1 | 2;
}

function lineOf({ serial }: Profile, baud: number | undefined): Line | undefined {
  const baudRate = baud ?? serial?.baudRate;
  if (baudRate === undefined) return undefined;
  return { baudRate, parity: serial?.parity ?? "none", stopBits: serial?.stopBits ?? 1 };
}

interface Plan {
  readonly pollClass: string;
  readonly values: number;
  readonly registers: number;
  readonly wireTimeMs?: number;
  readonly requests: readonly PlannedRead[];
}

function printPlan(
  { pollClass, values, registers, wireTimeMs, requests }: Plan,
  line?: Line,
): void {
  const size = `${numberOf(values, "value")} in ${numberOf(requests.length, "request")}, ${registers} registers`;
  const time = line ? `, ${wireTimeMs} ms on the wire at ${line.baudRate} Bd` : "";
  print(`${pollClass}: ${size}${time}`);
  for (const { table, address, count } of requests) {
    print(`  ${table.padEnd(7)} ${hex(address)}  ${count} registers`);
  }
}

function remarks({ sunspec }: Profile, line: Line | undefined): string[] {
  return [
    ...(sunspec ? ["addresses as with the shortest chain of models from the first base"] : []),
    ...(line ? [] : ["Modbus TCP only: a request is a round trip, there is no time on a wire"]),
  ];
}

function valuesOf(profile: Profile, pollClass: string): number {
  const all = [...profile.registers, ...profile.identity];
  return all.filter((register) => register.pollClass === pollClass).length;
}
