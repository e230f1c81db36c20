import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { askServer } from "./sntp.js";
import type { Comparison } from "./time-keeping.js";
import type { Surroundings } from "./time-service.js";

const answerWithinMs = 3_000;
const rtcPath = "/sys/class/rtc/rtc0/since_epoch";

/** This machine. */
export const thisMachine: Surroundings = {
  modifiedMs: (path) => {
    try {
      return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    } catch {
      return undefined;
    }
  },
  run: (command, args, deadlineMs) =>
    new Promise((resolve, reject) => {
      execFile(command, args, { timeout: deadlineMs, killSignal: "SIGKILL" }, (error, stdout) => {
        if (error) reject(new Error(`${command} failed`, { cause: error }));
        else resolve(stdout);
      });
    }),
  nowMs: () => Date.now(),
};

/**
 * Compares this clock with the machine's battery clock, if it has one that is set, and with time
 * servers. Those that do not answer within 3 s are left out.
 */
export async function compareSources(
  servers: readonly string[],
  earliestMs: number,
): Promise<Comparison[]> {
  const found = await Promise.all([compareRtc(earliestMs), ...servers.map(compareServer)]);
  return found.filter((one) => one !== undefined);
}

/** It counts whole seconds, and Linux keeps UTC in it unless told otherwise. */
async function compareRtc(earliestMs: number): Promise<Comparison | undefined> {
  try {
    const rtcMs = Number(await readFile(rtcPath, "utf8")) * 1000;
    if (!(rtcMs >= earliestMs)) return undefined;
    return { source: "rtc", offsetMs: rtcMs - Date.now(), votes: false };
  } catch {
    return undefined;
  }
}

async function compareServer(host: string): Promise<Comparison | undefined> {
  const cookie = process.hrtime.bigint() & 0x7fff_ffff_ffff_ffffn;
  const serverMs = await askServer({ host }, cookie, answerWithinMs);
  if (serverMs === undefined) return undefined;
  return { source: host, offsetMs: serverMs - Date.now(), votes: true };
}
