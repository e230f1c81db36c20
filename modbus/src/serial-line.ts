import { readSync, writeSync } from "node:fs";
import type { Line } from "./line.js";
import type { Parity, StopBits } from "./timing.js";

export interface SerialSettings {
  readonly path: string;
  readonly baudRate: number;
  readonly parity: Parity;
  readonly stopBits: StopBits;
}

/** More than a port ever holds; what comes faster than it is read away is no Modbus. */
const mostCleared = 64;

const isAgain = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "EAGAIN";

/** The number, or undefined where the port would have to be waited for. */
function unlessAgain(call: () => number): number | undefined {
  try {
    return call();
  } catch (error) {
    if (isAgain(error)) return undefined;
    throw error;
  }
}

/**
 * A serial port as a line. Works on serialport's binding, not on its stream: no event can go
 * unheard, and bytes are fetched when they are wanted, so a frame costs few wake-ups.
 * The port is open non-blocking, so its descriptor is read and written here directly, which takes
 * microseconds; the binding would give each of these to a thread and be woken by it, and on a port
 * that was pulled out its read() asks again for ever.
 */
export async function openSerialLine(settings: SerialSettings): Promise<Line> {
  // Native code, loaded only where there is a serial line.
  const { SerialPort } = await import("serialport");
  const port = await SerialPort.binding.open({ ...settings, dataBits: 8, lock: true });
  if (!("poller" in port)) throw new Error("serial ports are supported on Linux and macOS only");
  const buffer = new Uint8Array(512);
  let closing = false;
  const descriptor = (): number => {
    // Polling a closed port ends the whole process: serialport's poller is gone by then.
    if (closing || port.fd === null) throw new Error("the port is closed");
    return port.fd;
  };
  const readable = () =>
    new Promise<void>((resolve, reject) => {
      port.poller.once("readable", (error: Error | null) => (error ? reject(error) : resolve()));
    });
  /** How many bytes came, if any. */
  const fetch = (): number | undefined => {
    const fd = descriptor();
    const bytesRead = unlessAgain(() => readSync(fd, buffer, 0, buffer.length, null));
    if (bytesRead === 0) throw new Error("the device was removed");
    return bytesRead;
  };
  return {
    async read() {
      for (;;) {
        descriptor();
        await readable();
        const bytesRead = fetch();
        if (bytesRead !== undefined) return buffer.subarray(0, bytesRead);
      }
    },
    async write(bytes) {
      const fd = descriptor();
      const written = unlessAgain(() => writeSync(fd, bytes)) ?? 0;
      // A request is far shorter than what a port takes at once; a port that is full waits.
      if (written < bytes.length) await port.write(Buffer.from(bytes.subarray(written)));
    },
    async clearInput() {
      for (let n = 0; n < mostCleared && fetch() !== undefined; n++);
    },
    async close() {
      closing = true;
      if (port.isOpen) await port.close();
    },
  };
}
