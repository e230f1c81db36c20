import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CodedError } from "@powershare/domain/errors";
import { z } from "zod";
import { Child, waitFor } from "./child.js";

const run = promisify(execFile);
/** The agent's own store and log, driven by nothing but a clock; see agent/src/testing/flash-writer.ts. */
const writer = fileURLToPath(new URL("../../agent/dist/testing/flash-writer.js", import.meta.url));
const imageMiB = 512;
const commandWithinMs = 60_000;
/** Unit of /sys/block/*\/stat, whatever the device's own sectors are. */
const sectorBytes = 512;

/** A consumer card of 32 GB: its cells bear 1000 cycles, and its controller writes ten bytes for one. */
export const card = { bytes: 32e9, cycles: 1000, writeAmplification: 10 } as const;

export interface FlashFigures {
  readonly seconds: number;
  readonly readings: number;
  readonly checkpoints: number;
  /** Written to the block device, the file system's journal and the final write-back included. */
  readonly bytesPerReading: number;
  readonly flushesPerReading: number;
  readonly gbPerDay: number;
  readonly cardYears: number;
  readonly writer: { readonly cpuPercent: number };
}

const writerResult = z.object({
  readings: z.int().min(1),
  checkpoints: z.int(),
  cpuMs: z.number(),
});

/** Why flash cannot be measured here, if so. */
export function flashObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root, to mount a file system of its own";
  if (!existsSync("/dev/loop-control")) return "this machine has no loop devices";
  return undefined;
}

/** Keeps readings for `seconds` on an ext4 of its own, and counts what reaches the block device. */
export async function benchFlash(directory: string, seconds: number): Promise<FlashFigures> {
  const mountPoint = join(directory, "flash");
  const image = join(directory, "flash.img");
  mkdirSync(mountPoint);
  await command("truncate", "--size", `${imageMiB}M`, image);
  // No work in the background later: tables and journal are written now.
  const eager = "lazy_itable_init=0,lazy_journal_init=0";
  await command("mkfs.ext4", "-q", "-F", "-b", "4096", "-E", eager, image);
  const device = await command("losetup", "--find", "--show", image);
  try {
    await command("mount", "-o", "noatime", device, mountPoint);
    try {
      return await measure(basename(device), mountPoint, directory, seconds);
    } finally {
      await command("umount", mountPoint);
    }
  } finally {
    await command("losetup", "--detach", device);
  }
}

async function measure(
  device: string,
  mountPoint: string,
  directory: string,
  seconds: number,
): Promise<FlashFigures> {
  const logFile = join(directory, "flash-writer.log");
  const child = await Child.start({
    name: "flash writer",
    command: process.execPath,
    args: [writer, "--path", join(mountPoint, "agent.db"), "--seconds", `${seconds}`],
    logFile,
  });
  try {
    const linesSaid = () => readFileSync(logFile, "utf8").split("\n");
    const isReady = () => linesSaid().includes("ready") || undefined;
    await waitFor("the flash writer", isReady, { withinMs: 20_000 });
    await command("sync", "--file-system", mountPoint);
    const before = blockStat(device);
    const ended = () => (child.running ? undefined : true);
    await waitFor("the flash writer's end", ended, { withinMs: (seconds + 30) * 1000 });
    await command("sync", "--file-system", mountPoint);
    const after = blockStat(device);
    const result = writerResult.parse(JSON.parse(linesSaid().at(-2) ?? ""));
    return figures(seconds, result, {
      bytes: after.bytes - before.bytes,
      flushes: after.flushes - before.flushes,
    });
  } finally {
    await child.stop();
  }
}

function figures(
  seconds: number,
  { readings, checkpoints, cpuMs }: z.infer<typeof writerResult>,
  written: { readonly bytes: number; readonly flushes: number },
): FlashFigures {
  const bytesPerReading = written.bytes / readings;
  const bytesPerDay = bytesPerReading * 86_400;
  const lifeBytes = (card.bytes * card.cycles) / card.writeAmplification;
  return {
    seconds,
    readings,
    checkpoints,
    bytesPerReading: Math.round(bytesPerReading),
    flushesPerReading: Number((written.flushes / readings).toFixed(2)),
    gbPerDay: Number((bytesPerDay / 1e9).toFixed(2)),
    cardYears: Math.round(lifeBytes / bytesPerDay / 365.25),
    writer: { cpuPercent: Number((cpuMs / (10 * seconds)).toFixed(2)) },
  };
}

/** Bytes written and flushes so far; see the kernel's Documentation/block/stat.rst. */
function blockStat(device: string): { readonly bytes: number; readonly flushes: number } {
  const fields = readFileSync(`/sys/block/${device}/stat`, "utf8").trim().split(/\s+/).map(Number);
  return { bytes: (fields[6] ?? 0) * sectorBytes, flushes: fields[15] ?? 0 };
}

async function command(program: string, ...args: string[]): Promise<string> {
  try {
    return (await run(program, args, { timeout: commandWithinMs })).stdout.trim();
  } catch (cause) {
    const text = `${program} ${args.join(" ")} failed`;
    throw new CodedError("simulator.process-failed", text, { cause });
  }
}
