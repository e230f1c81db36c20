import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { CodedError } from "@powershare/domain/errors";
import { Child } from "./child.js";
import { countsReply } from "./meter-messages.js";

const program = fileURLToPath(new URL("../dist/bench-slave.js", import.meta.url));
const answerWithinMs = 10_000;

export interface BenchSlaveOptions {
  /** Path under which the line appears. */
  readonly path: string;
  readonly baudRate: number;
  readonly logFile: string;
  /** The request, from 0, that is answered late. */
  readonly fault?: { readonly index: number; readonly lateMs: number };
}

export interface BenchSlave {
  /** Requests seen, and those that broke the silence between frames. */
  counts(): Promise<{ readonly requests: number; readonly gapViolations: number }>;
  stop(): Promise<void>;
}

/** Starts the bench's meter in a process of its own. @throws CodedError `simulator.process-failed` */
export async function startSlave(options: BenchSlaveOptions): Promise<BenchSlave> {
  const { path, baudRate, logFile, fault } = options;
  const faultArgs = fault ? ["--late-index", `${fault.index}`, "--late-ms", `${fault.lateMs}`] : [];
  const child = await Child.start({
    name: "bench slave",
    command: process.execPath,
    args: [program, "--path", path, "--baud", `${baudRate}`, "--log", logFile, ...faultArgs],
    logFile,
    ipc: true,
  });
  const message = async (): Promise<unknown> => {
    const signal = AbortSignal.timeout(answerWithinMs);
    try {
      const sent = once(child.channel, "message", { signal });
      return await sent.then((args: unknown[]) => args[0]);
    } catch (cause) {
      const text = `the bench's meter does not answer; see ${logFile}`;
      throw new CodedError("simulator.process-failed", text, { cause });
    }
  };
  try {
    await message();
  } catch (error) {
    await child.stop();
    throw error;
  }
  return {
    async counts() {
      const answer = message();
      child.channel.send("counts");
      return countsReply.parse(await answer);
    },
    stop: () => child.stop(),
  };
}
