import { print } from "../output.js";
import { type Answers, readAnswers } from "./answers.js";
import { type Outcome, runSteps } from "./engine.js";
import { type Places, StateFile, type StepId } from "./state.js";
import type { UpOptions } from "./step.js";
import { steps } from "./steps.js";
import { openTerminal, type Terminal } from "./terminal.js";

/** As the command line says it; what is undefined is as in the run before, or as usual. */
export interface RunOptions {
  readonly dataDir: string;
  readonly places: { readonly [K in keyof Places]?: Places[K] | undefined };
  readonly answersFile: string | undefined;
  /** Answers by options of their own. */
  readonly given: Answers;
  readonly redo: StepId | undefined;
  readonly waitMs: number;
  readonly isAgentAwaited: boolean;
  readonly requestFile: string | undefined;
  readonly responseFile: string | undefined;
  readonly isJson: boolean;
}

const usual: Places = {
  tpm: { tpmDevice: "/dev/tpmrm0" },
  config: "/etc/powershare/agent.yaml",
  agentUrl: "http://127.0.0.1:8080",
  slotSeconds: 900,
};

/** Puts a household into operation, or goes on where it was interrupted. @returns the exit code */
export async function up(options: RunOptions): Promise<number> {
  const { dataDir, redo } = options;
  const file = await StateFile.open(dataDir, new Date());
  const fromFile = options.answersFile === undefined ? [] : await readAnswers(options.answersFile);
  const given = new Map([...fromFile, ...options.given]);
  if (redo !== undefined) await file.reopen(redo);
  const places = { ...usual, ...file.state.places, ...defined(options.places) };
  file.state.places = places;
  await file.save();
  const terminal = openTerminal(options.isJson ? process.stderr : process.stdout);
  try {
    const outcome = await runSteps(steps, {
      file,
      given,
      prompt: terminal.prompt,
      screen: terminal.screen,
      signal: terminal.signal,
      now: () => new Date(),
      options: upOptions(options, places, terminal),
    });
    sayEnd(outcome, terminal, options.isAgentAwaited);
    if (options.isJson) print(JSON.stringify(document(outcome, file, places)));
    return outcome.exitCode;
  } finally {
    terminal.close();
  }
}

function upOptions(options: RunOptions, places: Places, { hasQrCode }: Terminal): UpOptions {
  const { dataDir, isAgentAwaited, requestFile, responseFile, waitMs } = options;
  return { dataDir, hasQrCode, isAgentAwaited, places, requestFile, responseFile, waitMs };
}

function defined(places: RunOptions["places"]): Partial<Places> {
  return Object.fromEntries(Object.entries(places).filter(([, value]) => value !== undefined));
}

function sayEnd({ done, steps: reports }: Outcome, { screen }: Terminal, isAwaited: boolean): void {
  screen.gap();
  if (done) {
    screen.text(
      isAwaited
        ? "Done: this household takes part. Leave the printed page with it."
        : "Done, but the agent was not waited for: the same command without --no-wait sees whether the ledger takes its evidence.",
    );
    return;
  }
  const open = reports.find(({ state }) => state !== "done");
  const finished = reports.filter(({ state }) => state === "done").length;
  screen.text(
    `${finished} of ${reports.length} steps are done and kept. The same command goes on at "${open?.title}".`,
  );
}

function document({ done, steps: reports }: Outcome, { state }: StateFile, places: Places) {
  const resultOf = (id: StepId): unknown => state.steps[id]?.result ?? null;
  return {
    done,
    steps: reports,
    device: resultOf("tpm"),
    enrolment: resultOf("enrolment"),
    wiring: resultOf("wiring"),
    config: places.config,
    page: resultOf("page"),
  };
}
