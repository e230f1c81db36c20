import { access, constants, readdir, readFile, readlink, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Check, ill, well } from "./types.js";

/** A program that has a device open. */
export interface Holder {
  readonly pid: number;
  /** As the kernel names it; no arguments, which may be private. */
  readonly name: string;
}

/** Whether the port is there, may be opened, and nobody else has it. */
export function serialCheck(
  path: string,
  { readByAgent = async () => false }: { readonly readByAgent?: () => Promise<boolean> } = {},
): Check {
  return {
    id: `serial ${path}`,
    title: "Serial port",
    run: async () => {
      const found = await stat(path).catch(() => undefined);
      if (found === undefined) return ill("bus.port-missing", `${path} is not there`);
      if (!found.isCharacterDevice()) return ill("bus.port-missing", `${path} is no serial port`);
      const allowed = await access(path, constants.R_OK | constants.W_OK).then(
        () => true,
        () => false,
      );
      if (!allowed) {
        return ill("bus.port-missing", `user ${process.geteuid?.()} may not open ${path}`);
      }
      if (await readByAgent()) return well(`${path}, in use by the agent`);
      const holders = await holdersOf(path);
      if (holders.length > 0)
        return ill("device.port-busy", `${path} is open in ${names(holders)}`);
      return well((await adapterOf(path)) ?? path);
    },
  };
}

const names = (holders: readonly Holder[]): string =>
  holders.map(({ pid, name }) => `${name} (process ${pid})`).join(", ");

/** What is plugged in there, where it is a USB adapter. */
async function adapterOf(path: string): Promise<string | undefined> {
  const { listUsbPorts } = await import("@powershare/modbus");
  const device = await realpath(path);
  const port = (await listUsbPorts()).find((one) => one.path === device);
  if (port === undefined) return undefined;
  const { product, serialNumber } = port;
  return `${device}, adapter ${product}, ${serialNumber === undefined ? "no serial number" : `serial number ${serialNumber}`}`;
}

/**
 * Who has a device open: by the kernel's list of locks, which everybody may read, and by the open
 * files of processes, as far as this user may see them.
 */
export async function holdersOf(path: string): Promise<Holder[]> {
  const device = await realpath(path);
  const { ino } = await stat(device);
  const ids = [...new Set([...(await lockersOf(ino)), ...(await openersOf(device))])];
  return await Promise.all(
    ids.filter((pid) => pid !== process.pid).map(async (pid) => ({ pid, name: await nameOf(pid) })),
  );
}

/** Lines are like `1: FLOCK  ADVISORY  WRITE 1234 00:05:678 0 EOF` (proc(5)). */
async function lockersOf(inode: number): Promise<number[]> {
  const text = await readFile("/proc/locks", "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => {
    const [, pid, at] = / (\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line) ?? [];
    return pid !== undefined && Number(at) === inode ? [Number(pid)] : [];
  });
}

async function openersOf(device: string): Promise<number[]> {
  const processes = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const open = await Promise.all(
    processes.map(async (pid) => {
      const folder = join("/proc", pid, "fd");
      const files = await readdir(folder).catch(() => []);
      const links = await Promise.all(
        files.map((file) => readlink(join(folder, file)).catch(() => "")),
      );
      return links.includes(device) ? [Number(pid)] : [];
    }),
  );
  return open.flat();
}

async function nameOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "a program that ended");
  return text.trim();
}
