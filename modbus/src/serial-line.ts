import { read } from "node:fs";
import { promisify } from "node:util";
import { SerialPort } from "serialport";
import type { Line } from "./line.js";
import type { Parity, StopBits } from "./timing.js";

const readFd = promisify(read);

export interface SerialSettings {
  readonly path: string;
  readonly baudRate: number;
  readonly parity: Parity;
  readonly stopBits: StopBits;
}

const isAgain = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "EAGAIN";

/**
 * A serial port as a line. Works on serialport's binding, not on its stream: no event can go
 * unheard, and bytes are fetched when they are wanted, so a frame costs few wake-ups.
 * The binding's own read() asks again for ever on a port that was pulled out (it reads as 0
 * bytes), so reading is done here on its descriptor.
 */
export async function openSerialLine(settings: SerialSettings): Promise<Line> {
  const port = await SerialPort.binding.open({
    ...settings,
    dataBits: 8,
    lock: true,
  });
  if (!("poller" in port)) throw new Error("serial ports are supported on Linux and macOS only");
  const buffer = new Uint8Array(512);
  let closing = false;
  let fetching: Promise<number | undefined> | undefined;
  const readable = () =>
    new Promise<void>((resolve, reject) => {
      port.poller.once("readable", (error: Error | null) => (error ? reject(error) : resolve()));
    });
  /** How many bytes came, if any. */
  const fetch = async (fd: number): Promise<number | undefined> => {
    try {
      return (await readFd(fd, buffer, 0, buffer.length, null)).bytesRead;
    } catch (error) {
      if (isAgain(error)) return undefined;
      throw error;
    }
  };
  return {
    async read() {
      // Polling a closed port ends the whole process: serialport's poller is gone by then.
      while (!closing && port.fd !== null) {
        await readable();
        if (closing) break;
        fetching = fetch(port.fd);
        const bytesRead = await fetching;
        if (bytesRead === 0) throw new Error("the device was removed");
        if (bytesRead !== undefined) return buffer.subarray(0, bytesRead);
      }
      throw new Error("the port is closed");
    },
    write: (bytes) => port.write(Buffer.from(bytes)),
    clearInput: () => port.flush(),
    async close() {
      closing = true;
      // A read under way must not meet the same descriptor in another file's hands.
      await fetching?.catch(() => {});
      if (port.isOpen) await port.close();
    },
  };
}
