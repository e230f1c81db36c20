import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeWhole } from "../enrolment/device-files.js";
import { UnreadableInput } from "../output.js";
import { lineSchema } from "../scan/line.js";

/** The steps of `powershare up`, in order. */
export const stepIds = [
  "check",
  "scan",
  "display",
  "channels",
  "wiring",
  "tpm",
  "enrolment",
  "configuration",
  "evidence",
  "page",
] as const;
export type StepId = (typeof stepIds)[number];

const answersOfSteps = z.partialRecord(z.enum(stepIds), z.record(z.string(), z.string()));

/** Where things are on this machine; what the command line does not say again is as it was. */
const places = z.strictObject({
  lines: z.array(lineSchema).optional(),
  tpm: z.union([z.strictObject({ tpmDevice: z.string() }), z.strictObject({ swtpm: z.string() })]),
  config: z.string(),
  agentUrl: z.string(),
  slotSeconds: z.int().min(5).max(3600),
});
export type Places = z.infer<typeof places>;

/** What the file `up.json` in the data folder holds: nothing of it is secret. */
const installState = z.strictObject({
  v: z.literal(1),
  startedAt: z.iso.datetime(),
  places: places.optional(),
  /** As they were typed, by step and by their place in the answers file. */
  answers: answersOfSteps,
  /** Of steps that are done anew: proposed when they are asked again. */
  earlier: answersOfSteps,
  /** Steps that are done, with what they rested on. */
  steps: z.partialRecord(
    z.enum(stepIds),
    z.strictObject({ at: z.iso.datetime(), inputs: z.unknown(), result: z.unknown() }),
  ),
});
export type InstallState = z.infer<typeof installState>;

/** The installation as far as it is, on disk after every change: whole or as it was before. */
export class StateFile {
  readonly path: string;
  readonly state: InstallState;

  /** @throws UnreadableInput where the folder cannot be used, or the file is none of ours */
  static async open(dataDir: string, now: Date): Promise<StateFile> {
    const path = join(dataDir, "up.json");
    try {
      await mkdir(dataDir, { recursive: true, mode: 0o700 });
      return new StateFile(path, await read(path, now));
    } catch (cause) {
      if (cause instanceof UnreadableInput) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new UnreadableInput(`the data folder cannot be used: ${reason}`, { cause });
    }
  }

  private constructor(path: string, state: InstallState) {
    this.path = path;
    this.state = state;
  }

  async save(): Promise<void> {
    await writeWhole(this.path, `${JSON.stringify(this.state, null, 2)}\n`, 0o600);
  }

  /** The step is to be done again; what was answered is proposed then. */
  async reopen(step: StepId): Promise<void> {
    const { answers, earlier, steps } = this.state;
    earlier[step] = { ...earlier[step], ...answers[step] };
    delete answers[step];
    delete steps[step];
    await this.save();
  }
}

async function read(path: string, now: Date): Promise<InstallState> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) {
    return { v: 1, startedAt: now.toISOString(), answers: {}, earlier: {}, steps: {} };
  }
  try {
    return installState.parse(JSON.parse(text));
  } catch (cause) {
    throw new UnreadableInput(
      `${path}: expected what an earlier run of this version wrote; move it away to begin anew`,
      { cause },
    );
  }
}
