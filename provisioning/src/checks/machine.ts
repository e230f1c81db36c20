import { access, constants, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { type Check, type Finding, ill, well } from "./types.js";

const oldestNode = [20, 19] as const;

/** @param version as `process.versions.node` has it */
export function nodeCheck(version = process.versions.node): Check {
  return {
    id: "node",
    title: "Node version",
    run: async () => {
      const [major = 0, minor = 0] = version.split(".").map(Number);
      const [oldMajor, oldMinor] = oldestNode;
      const isOld = major < oldMajor || (major === oldMajor && minor < oldMinor);
      return isOld ? ill("device.node-version", version) : well(version);
    },
  };
}

/** Of file systems that keep what they were told, locally; by the type that statfs gives (statfs(2)). */
const localDisks: ReadonlyMap<number, string> = new Map([
  [0xef53, "ext4"],
  [0x9123683e, "btrfs"],
  [0x58465342, "xfs"],
  [0xf2f52010, "f2fs"],
  [0x794c7630, "overlay"],
  [0x2fc12fc1, "zfs"],
]);
const forgetful: ReadonlyMap<number, string> = new Map([
  [0x01021994, "tmpfs, in memory"],
  [0x858458f6, "ramfs, in memory"],
  [0x6969, "NFS, over a network"],
  [0xff534d42, "CIFS, over a network"],
  [0xfe534d42, "SMB, over a network"],
  [0x517b, "SMB, over a network"],
  [0x4d44, "FAT, which keeps no permissions"],
  [0x2011bab0, "exFAT, which keeps no permissions"],
]);
const leastFreeBytes = 1024 ** 3;
/** As the agent's own first warning. */
const mostUsedPercent = 80;

/** Whether the folder's disk can be written, has room, and keeps what it is told. */
export function diskCheck(dataDir: string): Check {
  return {
    id: "disk",
    title: "Disk",
    run: async () => {
      const folder = await nearestFolder(dataDir);
      const { type, blocks, bavail, bsize } = await statfs(folder);
      const freeBytes = bavail * bsize;
      const usedPercent = Math.round(100 - (100 * bavail) / Math.max(1, blocks));
      const kind = localDisks.get(type) ?? `file system ${type.toString(16)}`;
      const text = `${mebibytes(freeBytes)} free, ${usedPercent} % used, ${kind}`;
      const unfit = forgetful.get(type);
      if (await isReadOnly(folder)) return ill("store.read-only", `${folder} is read-only`);
      if (unfit !== undefined) return ill("device.disk", `${folder} is on ${unfit}`);
      if (freeBytes < leastFreeBytes || usedPercent > mostUsedPercent) {
        return ill("store.nearly-full", text);
      }
      return well(text);
    },
  };
}

const mebibytes = (bytes: number): string =>
  bytes < 10 * 1024 ** 3
    ? `${Math.round(bytes / 1024 ** 2)} MiB`
    : `${Math.round(bytes / 1024 ** 3)} GiB`;

/** The folder itself, or the first above it that exists. */
async function nearestFolder(path: string): Promise<string> {
  const above = dirname(path);
  const there = await stat(path).catch(() => undefined);
  return there !== undefined || above === path ? path : await nearestFolder(above);
}

async function isReadOnly(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EROFS";
  }
}

/** Whether the folder is there, ours, and closed to others; and the wrapped keys in it. */
export function dataDirCheck(dataDir: string): Check {
  return {
    id: "data-dir",
    title: "Data folder",
    run: async () => {
      const found = await stat(dataDir).catch(() => undefined);
      if (found === undefined) return await creatable(dataDir);
      if (!found.isDirectory()) return ill("device.data-dir", `${dataDir} is no folder`);
      const keys = await stat(`${dataDir}/identity.json`).catch(() => undefined);
      return (
        exposed(dataDir, found) ??
        (await unusable(dataDir, found)) ??
        (keys === undefined ? undefined : exposed("identity.json", keys)) ??
        well(`${dataDir}, mode ${modeOf(found)}`)
      );
    },
  };
}

/** Before anything is set up it need not be there. */
async function creatable(path: string): Promise<Finding> {
  const above = await nearestFolder(path);
  return await access(above, constants.W_OK | constants.X_OK).then(
    () => well(`${path} is not there yet and can be made`),
    () => ill("device.data-dir", `no folder ${path}, and ${above} cannot be written`),
  );
}

interface Mode {
  readonly mode: number;
  readonly uid: number;
}
const modeOf = ({ mode }: Mode): string => (mode & 0o777).toString(8);

function exposed(name: string, found: Mode): Finding | undefined {
  if ((found.mode & 0o077) === 0) return undefined;
  return ill("device.data-dir", `${name} has mode ${modeOf(found)}: others may look into it`);
}

async function unusable(path: string, { uid }: Mode): Promise<Finding | undefined> {
  const user = process.geteuid?.();
  if (uid !== user && user !== 0) {
    return ill("device.data-dir", `${path} belongs to user ${uid}, this command runs as ${user}`);
  }
  return await access(path, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => undefined,
    () => ill("device.data-dir", `${path} cannot be written by user ${user}`),
  );
}
