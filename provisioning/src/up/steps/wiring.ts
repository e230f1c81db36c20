import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CodedError } from "@powershare/domain/errors";
import {
  type MeterPhase,
  SignTest,
  type SignTestPart,
  type SignTestRecord,
  type SignTestResult,
  type SignTestSample,
  signTestFile,
} from "@powershare/domain/wiring";
import { writeWhole } from "../../enrolment/device-files.js";
import { lineName } from "../../scan/line.js";
import { type OpenMeters, openMeters } from "../meters.js";
import { yesNo } from "../questions.js";
import { type InstalledMeter, resultSchemas } from "../results.js";
import type { Screen } from "../screen.js";
import type { Step, Tools } from "../step.js";

const sampleEveryMs = 1_000;
const quietMs = 60_000;
/** The meters do not answer, one after the other: a wire came off. */
const mostFailures = 20;

/** Switches a load, and sees whether each phase of each meter shows it with the right sign. */
export const wiringStep: Step<"wiring"> = {
  id: "wiring",
  title: "Test the wiring's direction",
  inputs: (done) =>
    done("channels").meters.map(({ line, phases, profile, role, serialNumber, unit }) => ({
      line,
      phases,
      profile,
      role,
      serialNumber,
      unit,
    })),
  result: resultSchemas.wiring,
  run: async (done, tools) => {
    const { ask, screen } = tools;
    screen.gap();
    screen.text(
      "A load of 1 kW or more, a kettle say, is switched on and off on each phase, and the PV likewise. It takes some minutes, and finds a clamp that is the wrong way round while you are here. Where the agent is started within an hour of it and the operator agrees, what is sold is paid at once; else after a night and a day of readings.",
    );
    const now = yesNo({ place: "wiring/testNow", text: "Test it now?" });
    if (!(await ask.ask(now))) return { outcome: "not-done" };
    const { meters } = done("channels");
    const startedAt = tools.now().toISOString();
    const result = await test(meters, tools);
    if (result === undefined) return { outcome: "not-done" };
    if (result.state === "failed") {
      await ask.forget(() => true);
      const failed = result.parts.filter(({ state }) => state === "failed");
      throw new CodedError("up.sign-test-failed", failed.map(({ text }) => text).join(" "));
    }
    if (result.state !== "passed") return { outcome: "not-clear" };
    await keep(result, startedAt, tools);
    return { outcome: "passed" };
  },
  summary: ({ outcome }) => summaries[outcome],
};

const summaries = {
  passed: "passed: each phase counts the right way",
  "not-clear": "no clear answer: a night and a day will show it",
  "not-done": "left out: a night and a day will show it",
} as const;

/** For the agent, which tells the ledger of it where it is started within the hour. */
async function keep(result: SignTestResult, startedAt: string, tools: Tools): Promise<void> {
  const endedAt = tools.now().toISOString();
  const parts = [...result.parts];
  const record: SignTestRecord = { v: 1, startedAt, endedAt, result: { ...result, parts } };
  await writeWhole(join(tools.options.dataDir, signTestFile), JSON.stringify(record), 0o600);
}

/** @returns undefined where the installer leaves it */
async function test(
  meters: readonly InstalledMeter[],
  tools: Tools,
): Promise<SignTestResult | undefined> {
  const { ask, screen, signal } = tools;
  const generator = meters.find(({ role }) => role === "generator");
  const connection = meters.find(({ role }) => role === "connection");
  const signTest = new SignTest({
    phases: {
      connection: connection?.phases ?? 1,
      ...(generator && { generator: generator.phases }),
    },
  });
  const teller = new Teller(screen);
  const lines = await openAll(meters);
  const leaving = new AbortController();
  const left = ask.waitForEnter(leaving.signal);
  if (left !== undefined) screen.text("Enter leaves the test for later.");
  let isLeft = false;
  void left?.then((isPressed) => {
    isLeft = isPressed;
  });
  try {
    const startedMs = performance.now();
    let failures = 0;
    for (;;) {
      teller.tell(signTest.result());
      const result = signTest.result();
      if (result.state !== "waiting") return result;
      const dueMs = performance.now() + sampleEveryMs;
      try {
        const sample = await sampleOf(meters, lines);
        signTest.push(sample);
        screen.progress(`${paceText(dueMs - startedMs)}${sampleText(sample)}`);
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === mostFailures) throw error;
      }
      await sleep(Math.max(0, dueMs - performance.now()), undefined, { signal });
      if (isLeft) return undefined;
    }
  } finally {
    leaving.abort();
    await left;
    await closeAll(lines);
  }
}

type Lines = ReadonlyMap<string, OpenMeters>;

/** Each line is opened once, whatever the number of meters on it; none stays open where one fails. */
async function openAll(meters: readonly InstalledMeter[]): Promise<Lines> {
  const lines = new Map<string, OpenMeters>();
  try {
    for (const { line, setting } of meters) {
      const name = lineName(line);
      if (!lines.has(name)) lines.set(name, await openMeters(line, setting));
    }
    return lines;
  } catch (error) {
    await closeAll(lines);
    throw error;
  }
}

async function closeAll(lines: Lines): Promise<void> {
  await Promise.all([...lines.values()].map((each) => each.close()));
}

async function sampleOf(meters: readonly InstalledMeter[], lines: Lines): Promise<SignTestSample> {
  const shown: { -readonly [K in keyof SignTestSample["meters"]]: (MeterPhase | undefined)[] } = {};
  for (const meter of meters) {
    shown[meter.role] = await phasesOf(meter, lines.get(lineName(meter.line)));
  }
  return { atMs: performance.now(), meters: shown };
}

async function phasesOf(
  meter: InstalledMeter,
  line: OpenMeters | undefined,
): Promise<(MeterPhase | undefined)[]> {
  const phases = [1, 2, 3].slice(0, meter.phases);
  const quantities = phases.flatMap((n) => [`activePowerL${n}W`, `voltageL${n}V`]);
  const values = (await line?.read(meter, [...quantities, "activePowerW"])) ?? {};
  return phases.map((n) => {
    const total = meter.phases === 1 ? values["activePowerW"] : undefined;
    const activePowerW = values[`activePowerL${n}W`] ?? total;
    const voltageV = values[`voltageL${n}V`];
    return typeof activePowerW === "number" && typeof voltageV === "number"
      ? { activePowerW, voltageV }
      : undefined;
  });
}

/** Until it is known how much the voltage moves by itself, a step says nothing. */
function paceText(elapsedMs: number): string {
  const leftS = Math.ceil((quietMs - elapsedMs) / 1000);
  return leftS > 0 ? `keep quiet for ${leftS} s   ` : "";
}

function sampleText({ meters }: SignTestSample): string {
  return Object.entries(meters)
    .map(([role, phases]) => {
      const shown = phases.map((phase) =>
        phase === undefined
          ? "-"
          : `${Math.round(phase.activePowerW)} W ${phase.voltageV.toFixed(1)} V`,
      );
      return `${role === "connection" ? "house" : "PV"} ${shown.join(", ")}`;
    })
    .join("   ");
}

/** Says what is new, and what to do next. */
class Teller {
  readonly #screen: Screen;
  readonly #told = new Map<string, string>();
  #asked: string | undefined;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  tell({ parts }: SignTestResult): void {
    for (const part of parts) this.#tellPart(part);
    const next = parts.find(({ state }) => state === "waiting");
    const waiting = parts.filter(({ state }) => state === "waiting").length;
    // Said again when a part is done: what was said before has scrolled away.
    const asked = next && `${waiting} ${next.remedy}`;
    if (next && asked !== this.#asked) this.#screen.text(`Now: ${next.remedy}`);
    this.#asked = asked;
  }

  #tellPart({ meter, phase, remedy, state, steps, text }: SignTestPart): void {
    const name = `${meter} ${phase}`;
    const isNews = this.#told.get(name) !== text && (state !== "waiting" || steps > 0);
    this.#told.set(name, text);
    if (!isNews) return;
    this.#screen.text(text);
    if (state === "failed" || state === "abstains") this.#screen.text(remedy);
  }
}
