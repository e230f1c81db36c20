import { systemClock } from "./clock.js";
import { PortFinder, type SerialPlace } from "./port-finder.js";
import type { BusOptions } from "./register-reader.js";
import { RtuMaster } from "./rtu-master.js";
import { openSerialLine } from "./serial-line.js";
import { openSocketLine } from "./socket-line.js";

export interface SerialBusOptions extends BusOptions {
  /**
   * Device path, or adapter by its USB serial number or make. An adapter that is plugged in again
   * is followed to its new path; see RtuMaster.confirmPort and leavePort where it has no number.
   */
  readonly path: SerialPlace;
  /** Where /sys and /dev are, for tests. Default /. */
  readonly root?: string;
}

/**
 * Opens a serial port as Modbus RTU master (8 data bits). Resolves also where the port is absent:
 * reads then reject with `bus.port-missing` while it is looked for again and again (250 ms to
 * 5 s, with jitter).
 */
export async function openRtuMaster(options: SerialBusOptions): Promise<RtuMaster> {
  const { path: place, root = "/", ...bus } = options;
  const { baudRate, parity = "none", stopBits = 1 } = bus;
  const ports = new PortFinder({ place, root, now: () => systemClock.now() });
  const openLine = async () => {
    const path = await ports.next();
    try {
      return await openSerialLine({ path, baudRate, parity, stopBits });
    } catch (error) {
      ports.failed();
      throw error;
    }
  };
  const master = new RtuMaster(bus, {
    name: ports.name,
    openLine,
    ports,
    clock: systemClock,
    random: Math.random,
  });
  await master.start();
  return master;
}

export interface SocketBusOptions extends Partial<BusOptions> {
  readonly host: string;
  readonly port: number;
}

/**
 * RTU frames over a TCP socket, as plain serial gateways speak. The line behind the gateway is
 * taken to run at `baudRate` (9600 unless told); behaves like openRtuMaster in all else.
 */
export async function openRtuOverTcpMaster(options: SocketBusOptions): Promise<RtuMaster> {
  const { host, port, ...bus } = options;
  const master = new RtuMaster(
    { baudRate: 9600, ...bus },
    {
      name: `${host}:${port}`,
      openLine: () => openSocketLine(host, port),
      clock: systemClock,
      random: Math.random,
    },
  );
  await master.start();
  return master;
}
