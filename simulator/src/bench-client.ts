import { readFileSync } from "node:fs";
import { z } from "zod";

// One reader under test, in a process of its own so that its CPU time and memory are nobody else's:
//   node bench-client.js <powershare|modbus-serial> <task as JSON>
// bench-peers.py does exactly the same with the Python libraries.

export const benchTask = z.object({
  path: z.string(),
  baudRate: z.int(),
  timeoutMs: z.int(),
  blocks: z.array(z.object({ address: z.int(), count: z.int() })).min(1),
  /** Rounds over all blocks that are not counted, then those that are. */
  warmUp: z.int(),
  rounds: z.int(),
});
export type BenchTask = z.infer<typeof benchTask>;

type Read = (address: number, count: number) => Promise<Uint8Array>;
interface Client {
  readonly read: Read;
  close(): Promise<void>;
}

async function openOurs({ path, baudRate, timeoutMs }: BenchTask): Promise<Client> {
  const { openRtuMaster } = await import("@powershare/modbus");
  const master = await openRtuMaster({ path, baudRate });
  return {
    read: (address, count) => master.read({ unit: 1, table: "input", address, count, timeoutMs }),
    close: () => master.close(),
  };
}

async function openModbusSerial({ path, baudRate, timeoutMs }: BenchTask): Promise<Client> {
  const { default: modbus } = await import("modbus-serial");
  const client = new modbus.default();
  client.on("error", () => {});
  await client.connectRTUBuffered(path, { baudRate });
  client.setID(1);
  client.setTimeout(timeoutMs);
  return {
    read: async (address, count) => (await client.readInputRegisters(address, count)).buffer,
    close: () => new Promise((resolve) => client.close(() => resolve())),
  };
}

/** The meter's registers hold their own addresses. */
const isRight = (bytes: Uint8Array, address: number, count: number): boolean =>
  bytes.length === 2 * count &&
  Array.from({ length: count }).every(
    (_, i) => ((bytes[2 * i] ?? 0) << 8) + (bytes[2 * i + 1] ?? 0) === address + i,
  );

/** `ok`, `wrong` (another request's registers, given as good) or `error`. */
async function outcomeOf(read: Read, address: number, count: number): Promise<string> {
  try {
    return isRight(await read(address, count), address, count) ? "ok" : "wrong";
  } catch {
    return "error";
  }
}

async function run(client: Client, { blocks, rounds, warmUp }: BenchTask): Promise<void> {
  const timesMs: number[] = [];
  const outcomes: string[] = [];
  let cpu = process.cpuUsage();
  for (let round = -warmUp; round < rounds; round += 1) {
    if (round === 0) cpu = process.cpuUsage();
    const startedAt = performance.now();
    for (const { address, count } of blocks) {
      const outcome = await outcomeOf(client.read, address, count);
      if (round >= 0) outcomes.push(outcome);
    }
    if (round >= 0) timesMs.push(performance.now() - startedAt);
  }
  const { user, system } = process.cpuUsage(cpu);
  const status = readFileSync("/proc/self/status", "utf8");
  const rssKb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
  process.stdout.write(
    JSON.stringify({ timesMs, outcomes, cpuMs: (user + system) / 1000 / rounds, rssKb }),
  );
}

const [name, text = "{}"] = process.argv.slice(2);
const task = benchTask.parse(JSON.parse(text));
const client = await (name === "powershare" ? openOurs(task) : openModbusSerial(task));
await run(client, task);
await client.close();
