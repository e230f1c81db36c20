import { readFileSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { FabricError } from "../errors.js";
import { readJson, readText, writeJson } from "./files.js";

const seenProcess = z.object({
  name: z.string(),
  pid: z.int().min(1),
  /** Start time in clock ticks since boot and the command line: a reused pid has others. */
  startTicks: z.string(),
  commandLine: z.string(),
});
type SeenProcess = z.infer<typeof seenProcess>;
const registerFile = z.object({ owner: seenProcess, children: z.array(seenProcess) });

const POLL_MS = 50;
const GRACE_MS = 5_000;

/**
 * Keeps in a file which processes belong to a network, so that a later start can end what an earlier one,
 * killed without warning, left behind; and nothing else.
 */
export class ProcessRegister {
  readonly #file: string;
  readonly #children = new Map<number, SeenProcess>();

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * Makes this process the owner of the network.
   * @throws FabricError `fabric.dir-in-use` where another live process runs it
   */
  async claim(log: (message: string) => void): Promise<void> {
    const last = readJson(this.#file, registerFile);
    if (last && last.owner.pid !== process.pid && isAlive(last.owner)) {
      throw new FabricError(
        "fabric.dir-in-use",
        `process ${last.owner.pid} (${last.owner.commandLine}) already runs the network of ${this.#file}`,
      );
    }
    const stale = (last?.children ?? []).filter(isAlive);
    if (stale.length > 0) {
      const names = stale.map(({ name, pid }) => `${name} (${pid})`).join(", ");
      log(`ending ${stale.length} processes left over from an earlier run: ${names}`);
      await Promise.all(stale.map(end));
    }
    this.#save();
  }

  /** Notes a started process. */
  add(name: string, pid: number): void {
    const seen = see(name, pid);
    if (!seen) return;
    this.#children.set(pid, seen);
    this.#save();
  }

  /** Forgets the whole network after it was stopped. */
  release(): void {
    this.#children.clear();
    rmSync(this.#file, { force: true });
  }

  #save(): void {
    const owner = see("owner", process.pid);
    writeJson(this.#file, { owner, children: [...this.#children.values()] });
  }
}

async function end(stale: SeenProcess): Promise<void> {
  process.kill(stale.pid, "SIGTERM");
  const giveUpAt = performance.now() + GRACE_MS;
  while (isAlive(stale)) {
    if (performance.now() > giveUpAt) {
      process.kill(stale.pid, "SIGKILL");
      return;
    }
    await delay(POLL_MS);
  }
}

function isAlive(seen: SeenProcess): boolean {
  const now = see(seen.name, seen.pid);
  return now?.startTicks === seen.startTicks && now.commandLine === seen.commandLine;
}

/** Linux: /proc/PID/stat field 22 is the start time (proc_pid_stat(5)); the name in field 2 may hold spaces. */
function see(name: string, pid: number): SeenProcess | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startTicks] = [fields[0], fields[19]];
  if (state === "Z" || startTicks === undefined) return undefined;
  const commandLine = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  return { name, pid, startTicks, commandLine };
}
