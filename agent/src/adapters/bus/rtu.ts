import { openRtuMaster } from "@powershare/modbus";
import type { Bus } from "../../ports/bus.js";

/** A serial line as Modbus RTU master; looks for a port that vanished by itself. */
export async function rtuBus(options: {
  readonly serial: string;
  readonly baudRate: number;
  readonly parity: "none" | "even" | "odd";
  readonly timeoutMs: number;
}): Promise<Bus> {
  const { serial, baudRate, parity, timeoutMs } = options;
  return await openRtuMaster({ path: serial, baudRate, parity, longestAnswerMs: 2 * timeoutMs });
}
