import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Adapter {
  /** Where it is plugged in, e.g. `1-1.3`. */
  readonly socket: string;
  /** E.g. `1a86:7523`. */
  readonly product: string;
  readonly serialNumber?: string;
  /** Which port of the adapter this is. */
  readonly interfaceNumber?: number;
}

/** What Linux shows of USB serial adapters under /sys and /dev, in a folder of its own. */
export class UsbTree {
  readonly root = mkdtempSync(join(tmpdir(), "usb-"));

  constructor() {
    mkdirSync(join(this.root, "sys/class/tty"), { recursive: true });
    mkdirSync(join(this.root, "dev"), { recursive: true });
    // A port that is no USB adapter's.
    mkdirSync(join(this.root, "sys/class/tty/ttyS0"));
  }

  pathOf(name: string): string {
    return join(this.root, "dev", name);
  }

  /** The adapter appears as `name` (ttyUSB0…); `device` is the terminal that its path leads to. */
  plugIn(name: string, adapter: Adapter, device = "/dev/null"): void {
    const { socket, product, serialNumber, interfaceNumber = 0 } = adapter;
    const [vendor, id] = product.split(":");
    const usb = join(this.root, "sys/devices/usb1", socket);
    const link = join(usb, `${socket}:1.${interfaceNumber}`);
    const tty = join(link, name, "tty", name);
    mkdirSync(tty, { recursive: true });
    writeFileSync(join(usb, "idVendor"), `${vendor}\n`);
    writeFileSync(join(usb, "idProduct"), `${id}\n`);
    if (serialNumber !== undefined) writeFileSync(join(usb, "serial"), `${serialNumber}\n`);
    writeFileSync(join(link, "bInterfaceNumber"), `0${interfaceNumber}\n`);
    symlinkSync(`../../../${name}`, join(tty, "device"));
    symlinkSync(tty, join(this.root, "sys/class/tty", name));
    symlinkSync(device, this.pathOf(name));
  }

  unplug(name: string, { socket }: Adapter): void {
    rmSync(this.pathOf(name));
    rmSync(join(this.root, "sys/class/tty", name));
    rmSync(join(this.root, "sys/devices/usb1", socket), { recursive: true });
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
