import {
  type MeterTiming,
  openRtuMaster,
  openRtuOverTcpMaster,
  openTcpReader,
  type RegisterReader,
  type SerialPlace,
} from "@powershare/modbus";
import type { Bus } from "../../ports/bus.js";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Where the meters of a bus are; exactly one is given. */
export interface BusPlace {
  readonly serial?: SerialPlace | undefined;
  readonly tcp?: Endpoint | undefined;
  readonly rtuOverTcp?: Endpoint | undefined;
}

export interface OpenBusOptions extends BusPlace {
  readonly baudRate: number;
  readonly parity: "none" | "even" | "odd";
  readonly stopBits: 1 | 2;
  readonly timeoutMs: number;
  /** What the makers of the meters ask for, by unit id. */
  readonly meters: ReadonlyMap<number, MeterTiming>;
}

/** Opens a bus over whatever carries it; it looks by itself for what is missing or vanishes. */
export async function openBus(options: OpenBusOptions): Promise<Bus> {
  const { serial, tcp, rtuOverTcp, baudRate, parity, stopBits, timeoutMs, meters } = options;
  if (tcp) return withoutPorts(openTcpReader({ ...tcp, meters }));
  const bus = { baudRate, parity, stopBits, meters, longestAnswerMs: 2 * timeoutMs };
  if (rtuOverTcp) return await openRtuOverTcpMaster({ ...rtuOverTcp, ...bus });
  if (serial === undefined) throw new RangeError("a bus without a place");
  return await openRtuMaster({ path: serial, ...bus });
}

/** A host is where it is: there is no other port to try. */
function withoutPorts(reader: RegisterReader): Bus {
  return {
    read: (request) => reader.read(request),
    statistics: (unit) => reader.statistics(unit),
    confirmPort: () => {},
    leavePort: () => false,
    close: () => reader.close(),
  };
}
