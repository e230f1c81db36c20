import type { RegisterReader } from "@powershare/modbus";
import { z } from "zod";
import type { LineSetting } from "./line-settings.js";

const endpointSchema = z.strictObject({ host: z.string(), port: z.int() });

/** A way to meters: a serial port, Modbus TCP, or RTU frames over a TCP connection. */
export const lineSchema = z.union([
  z.strictObject({ serial: z.string() }),
  z.strictObject({ tcp: endpointSchema }),
  z.strictObject({ rtuOverTcp: endpointSchema }),
]);
export type Line = z.infer<typeof lineSchema>;

/** As a person knows it: the port's path, or HOST:PORT. */
export function lineName(line: Line): string {
  if ("serial" in line) return line.serial;
  const { host, port } = "tcp" in line ? line.tcp : line.rtuOverTcp;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Rejects with BusError where the line cannot be opened. */
export async function openLine(
  line: Line,
  setting: LineSetting | undefined,
): Promise<RegisterReader> {
  const modbus = await import("@powershare/modbus");
  if ("tcp" in line) return modbus.openTcpReader(line.tcp);
  if ("rtuOverTcp" in line) return modbus.openRtuOverTcpMaster(line.rtuOverTcp);
  const serial = setting ?? { baudRate: 9600, parity: "none" as const, stopBits: 1 as const };
  return modbus.openRtuMaster({ path: line.serial, ...serial });
}
