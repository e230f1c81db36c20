/** What the service that keeps a machine's time says of it. */
export interface TimeReport {
  readonly keeper: "timesyncd" | "chrony" | "kernel" | "host";
  /** UTC of its last comparison with a source; undefined: none since it was started. */
  readonly syncedAtMs: number | undefined;
  /** How wrong the clock may be, as far as the service knows. */
  readonly errorMs: number;
}

/** What is looked at outside this process; passed in, so that tests need no NTP. */
export interface Surroundings {
  /** When a file was last written, UTC; undefined if it is not there. */
  modifiedMs(path: string): number | undefined;
  /** Standard output of a command. Rejects where it fails, is not there or lasts longer than the deadline. */
  run(command: string, args: readonly string[], deadlineMs: number): Promise<string>;
  nowMs(): number;
}

const commandDeadlineMs = 2_000;

/**
 * Asks whoever keeps the time here: systemd-timesyncd by the file that it touches after each
 * comparison, chrony by its own command, any other NTP service by the kernel's estimate of the error,
 * which systemd prints. On a machine that was not started by systemd (a container) the host keeps it.
 * Undefined where the one who should know does not answer.
 */
export async function askKeeper(around: Surroundings): Promise<TimeReport | undefined> {
  const timesyncd = around.modifiedMs("/run/systemd/timesync");
  if (timesyncd !== undefined) {
    const syncedAtMs = around.modifiedMs("/run/systemd/timesync/synchronized");
    if (syncedAtMs !== undefined) return { keeper: "timesyncd", syncedAtMs, errorMs: 0 };
  }
  const chrony = await askChrony(around);
  if (chrony !== undefined) return chrony;
  if (timesyncd !== undefined) return { keeper: "timesyncd", syncedAtMs: undefined, errorMs: 0 };
  if (around.modifiedMs("/run/systemd/system") !== undefined) return await askKernel(around);
  return keptByHost(around);
}

/** Nobody can be asked: the time is believed unless it steps. */
export function keptByHost(around: Pick<Surroundings, "nowMs">): TimeReport {
  return { keeper: "host", syncedAtMs: around.nowMs(), errorMs: 0 };
}

async function askChrony(around: Surroundings): Promise<TimeReport | undefined> {
  if (around.modifiedMs("/run/chrony") === undefined) return undefined;
  try {
    return chronyTracking(await around.run("chronyc", ["-n", "-c", "tracking"], commandDeadlineMs));
  } catch {
    return undefined;
  }
}

/**
 * Reads a line of `chronyc -c tracking` (chrony 4): reference, name, stratum, time of the last
 * comparison, offset of the clock in s, … root delay, root dispersion, update interval, leap status.
 * Reference 7F7F0101 is the machine's own clock and proves nothing.
 * @returns undefined where it is no such line
 */
export function chronyTracking(line: string): TimeReport | undefined {
  const fields = line.trim().split(",");
  if (fields.length !== 14) return undefined;
  const [reference, , , refTime, offset] = fields;
  const [rootDelay, rootDispersion] = fields.slice(10);
  const seconds = [refTime, offset, rootDelay, rootDispersion].map(Number);
  if (seconds.some((value) => !Number.isFinite(value))) return undefined;
  const [refTimeS = 0, offsetS = 0, delayS = 0, dispersionS = 0] = seconds;
  const compared = reference !== "7F7F0101" && refTimeS > 0 && fields.at(-1) !== "Not synchronised";
  return {
    keeper: "chrony",
    syncedAtMs: compared ? Math.round(refTimeS * 1000) : undefined,
    errorMs: Math.ceil((Math.abs(offsetS) + delayS / 2 + dispersionS) * 1000),
  };
}

/**
 * The kernel counts how wrong its clock may have become (500 ppm) since NTP last disciplined it, and
 * systemd calls it synchronised below 16 s. A clock that is set by hand loses this at once.
 */
async function askKernel(around: Surroundings): Promise<TimeReport | undefined> {
  try {
    const args = ["show", "--property=NTPSynchronized", "--value"];
    const answer = (await around.run("timedatectl", args, commandDeadlineMs)).trim();
    if (answer !== "yes" && answer !== "no") return undefined;
    const syncedAtMs = answer === "yes" ? around.nowMs() : undefined;
    return { keeper: "kernel", syncedAtMs, errorMs: 0 };
  } catch {
    return undefined;
  }
}
