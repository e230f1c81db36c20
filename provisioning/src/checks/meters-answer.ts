import { codeOf } from "@powershare/domain/errors";
import type { Block, Profile } from "@powershare/firmware-profiles";
import type { RegisterReader } from "@powershare/modbus";
import type { AgentBus } from "./inspect.js";
import { type Check, type Finding, ill, well } from "./types.js";

type Meter = AgentBus["meters"][number];

/** Whether each meter of a bus answers, and with the serial number that is configured. For when no agent reads it. */
export function busCheck(bus: AgentBus): Check {
  return {
    id: `bus ${bus.id}`,
    title: `Meters of ${bus.id}`,
    run: async (signal) => {
      const { loadProfile } = await import("@powershare/firmware-profiles");
      const meters = bus.meters.map((meter) => ({ meter, profile: loadProfile(meter.profile) }));
      const reader = await openBus(
        bus,
        new Map(meters.map(({ meter, profile }) => [meter.unit, profile.timing ?? {}])),
      );
      signal.addEventListener("abort", () => void reader.close(), { once: true });
      try {
        const said: string[] = [];
        for (const { meter, profile } of meters) {
          const finding = await askMeter(reader, { bus, meter, profile });
          if (!finding.ok) return finding;
          said.push(finding.detail);
        }
        return well(said.join("; "));
      } finally {
        await reader.close();
      }
    },
  };
}

type Timings = Parameters<typeof import("@powershare/modbus").openRtuMaster>[0]["meters"];

async function openBus(bus: AgentBus, meters: NonNullable<Timings>): Promise<RegisterReader> {
  const { openRtuMaster, openRtuOverTcpMaster, openTcpReader } = await import("@powershare/modbus");
  const { tcp, rtuOverTcp, serial, baudRate, parity, stopBits } = bus;
  if (tcp !== undefined) return openTcpReader({ ...tcp, meters });
  const line = { baudRate, parity, stopBits, meters };
  if (rtuOverTcp !== undefined) return openRtuOverTcpMaster({ ...rtuOverTcp, ...line });
  return openRtuMaster({ path: serial ?? "", ...line });
}

async function askMeter(
  reader: RegisterReader,
  { bus, meter, profile }: { bus: AgentBus; meter: Meter; profile: Profile },
): Promise<Finding> {
  const { decode, planReads, resolveProfile } = await import("@powershare/firmware-profiles");
  const where = `${bus.id}/${meter.unit}`;
  const read = async (request: Omit<Block, "bytes"> & { count: number }) =>
    await reader.read({ ...request, unit: meter.unit, timeoutMs: bus.timeoutMs });
  try {
    const resolved = await resolveProfile(profile, (table, address, count) =>
      read({ table, address, count }),
    );
    const reads = planReads(resolved, {
      pollClasses: ["identity", "fast"],
      baudRate: bus.baudRate,
    });
    const blocks: Block[] = [];
    for (const { table, address, count } of reads) {
      blocks.push({ table, address, bytes: await read({ table, address, count }) });
    }
    const { serialNumber, activePowerW } = decode(resolved, blocks);
    const seen = serialNumber === undefined ? undefined : String(serialNumber);
    if (meter.serialNumber !== undefined && seen !== undefined && seen !== meter.serialNumber) {
      return ill(
        "meter.serial-changed",
        `${where} is ${seen}, configured is ${meter.serialNumber}`,
      );
    }
    return well(`${where} ${profile.id} ${seen ?? "without serial number"}, ${activePowerW} W`);
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    return ill(code, `${where}: ${error.message}`);
  }
}
