import { readdir, readFile, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A serial port of a USB adapter, as Linux shows it. */
export interface UsbPort {
  /** Device file, e.g. /dev/ttyUSB0; the number depends on the order of plugging in. */
  readonly path: string;
  /** `vendor:product`, four hex digits each, e.g. `1a86:7523`. */
  readonly product: string;
  /** The adapter's own serial number; many, such as the CH340, have none. */
  readonly serialNumber: string | undefined;
  /** Which port of an adapter that has several, from 0. */
  readonly interfaceNumber: number;
}

/** From the port's device up to the adapter's there are one or two folders. */
const mostLevels = 3;

const textAt = async (...path: string[]): Promise<string | undefined> =>
  (await readFile(join(...path), "utf8").catch(() => undefined))?.trim();

async function portOf(root: string, name: string): Promise<UsbPort | undefined> {
  let folder = await realpath(join(root, "sys/class/tty", name, "device")).catch(() => undefined);
  let interfaceNumber = 0;
  for (let level = 0; folder !== undefined && level < mostLevels; level++) {
    const number = await textAt(folder, "bInterfaceNumber");
    if (number !== undefined) interfaceNumber = Number.parseInt(number, 16) || 0;
    const vendor = await textAt(folder, "idVendor");
    if (vendor !== undefined) {
      const product = `${vendor}:${await textAt(folder, "idProduct")}`.toLowerCase();
      const serialNumber = (await textAt(folder, "serial")) || undefined;
      return { path: join(root, "dev", name), product, serialNumber, interfaceNumber };
    }
    folder = dirname(folder);
  }
  return undefined;
}

/**
 * The serial ports of all USB adapters that are plugged in, by path; none where there is no sysfs.
 * @param root where /sys and /dev are, for tests
 */
export async function listUsbPorts(root = "/"): Promise<UsbPort[]> {
  const names = await readdir(join(root, "sys/class/tty")).catch(() => []);
  const ports = await Promise.all(
    names.filter((name) => /^tty(USB|ACM)\d+$/.test(name)).map((name) => portOf(root, name)),
  );
  return ports
    .filter((port) => port !== undefined)
    .toSorted((a, b) => a.path.localeCompare(b.path, "en", { numeric: true }));
}
