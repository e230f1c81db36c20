import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { isAbsolute } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A software TPM of one test, in a process of its own. */
export interface RunningSwtpm {
  /** Data channel, for `openSwtpm`; the control channel is `<socketPath>.ctrl`. */
  readonly socketPath: string;
  readonly pid: number;
  /** Kills the process and starts it again on the same state: what was in RAM is lost. */
  powerCut(): Promise<void>;
  stop(): Promise<void>;
}

const START_TRIES = 100;
const START_PAUSE_MS = 20;

/**
 * Starts swtpm on a state folder, which it manufactures on first use.
 * @param options Absolute paths; socket paths have at most about 100 characters.
 * @throws Error with what swtpm wrote if it does not come up within about two seconds.
 */
export async function startSwtpm(options: {
  readonly stateDir: string;
  readonly socketPath: string;
}): Promise<RunningSwtpm> {
  const { stateDir, socketPath } = options;
  if (!isAbsolute(stateDir) || !isAbsolute(socketPath)) {
    throw new RangeError("swtpm takes absolute paths only");
  }
  await mkdir(stateDir, { recursive: true });
  let child = await launch(stateDir, socketPath);
  return {
    socketPath,
    get pid() {
      return pidOf(child);
    },
    async powerCut() {
      await end(child, "SIGKILL");
      child = await launch(stateDir, socketPath);
    },
    stop: () => end(child, "SIGTERM"),
  };
}

async function launch(stateDir: string, socketPath: string): Promise<ChildProcess> {
  const control = `${socketPath}.ctrl`;
  await Promise.all([rm(socketPath, { force: true }), rm(control, { force: true })]);
  const child = spawn(
    "swtpm",
    [
      "socket",
      "--tpm2",
      "--tpmstate",
      `dir=${stateDir}`,
      "--server",
      `type=unixio,path=${socketPath}`,
      "--ctrl",
      `type=unixio,path=${control}`,
      "--flags",
      "not-need-init,startup-clear",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let output = "";
  let failed = false;
  child.stderr.on("data", (chunk) => {
    output += String(chunk);
  });
  child.on("error", (error) => {
    failed = true;
    output += error.message;
  });
  for (let tried = 0; tried < START_TRIES && !failed && child.exitCode === null; tried += 1) {
    if ((await listens(socketPath)) && (await listens(control))) return child;
    await sleep(START_PAUSE_MS);
  }
  if (!failed) await end(child, "SIGKILL");
  throw new Error(`swtpm did not start: ${output}`);
}

function listens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ path });
    const answer = (listening: boolean) => () => {
      socket.destroy();
      resolve(listening);
    };
    socket.once("connect", answer(true));
    socket.once("error", answer(false));
  });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error("swtpm is not running");
  return child.pid;
}
