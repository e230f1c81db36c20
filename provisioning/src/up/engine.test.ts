import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { CodedError } from "@powershare/domain/errors";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { UnreadableInput } from "../output.js";
import { type Outcome, runSteps } from "./engine.js";
import { text } from "./questions.js";
import { Screen } from "./screen.js";
import { StateFile } from "./state.js";
import { type Step, StepWaiting, type UpOptions } from "./step.js";

const root = mkdtempSync(join(tmpdir(), "up-engine-"));
afterAll(() => rmSync(root, { recursive: true }));

const result = z.strictObject({ meters: z.array(z.never()), name: z.string() });
const ids = ["check", "scan", "display", "channels"] as const;
let folder: string;
let shown: string;
let ran: string[];
let fault: { at: string; error: unknown } | undefined;
let seed: string;
let insufficient: string | undefined;
let numberOfRuns = 0;

beforeEach(() => {
  numberOfRuns += 1;
  folder = join(root, String(numberOfRuns));
  ran = [];
  fault = undefined;
  seed = "a";
  insufficient = undefined;
  shown = "";
});

/** Each step rests on the one before it, the first on `seed`; each asks one question. */
const steps = ids.map(
  (id, index) =>
    ({
      id,
      title: `Step ${id}`,
      inputs: (done: (step: string) => unknown) =>
        index === 0 ? seed : done(ids[index - 1] ?? ""),
      result,
      isEnough: () => id !== insufficient,
      run: async (_done: unknown, { ask }: { ask: { ask: (q: unknown) => Promise<string> } }) => {
        const name = await ask.ask(text({ place: `name/${id}`, text: "Name" }, "a word", /^\w+$/));
        ran.push(id);
        if (fault?.at === id) throw fault.error;
        return { meters: [], name };
      },
      summary: ({ name }: { name: string }) => `named ${name}`,
    }) as unknown as Step,
) as Parameters<typeof runSteps>[0];

interface RunOptions {
  readonly redo?: (typeof ids)[number];
  readonly given?: Record<string, string>;
  readonly typed?: string[];
  readonly interruptAt?: string;
}

async function run({ given = {}, interruptAt, redo, typed }: RunOptions = {}): Promise<Outcome> {
  const file = await StateFile.open(folder, new Date(0));
  if (redo !== undefined) await file.reopen(redo);
  const stop = new AbortController();
  const out = new Writable({
    write(chunk, _encoding, done) {
      shown += String(chunk);
      done();
    },
  });
  return await runSteps(steps, {
    file,
    given: new Map(Object.entries(given)),
    now: () => new Date(0),
    options: {} as UpOptions,
    signal: stop.signal,
    screen: new Screen({ out, isLive: false, isColoured: false, columns: 80, now: () => 0 }),
    prompt:
      typed &&
      (async (line) => {
        shown += line;
        if (interruptAt !== undefined && ran.length === ids.indexOf(interruptAt as "scan")) {
          stop.abort();
          stop.signal.throwIfAborted();
        }
        const next = typed.shift();
        if (next === undefined) throw new Error("nothing more was typed");
        return next;
      }),
  });
}

const all = () => ["one", "two", "three", "four"];

describe("runSteps", () => {
  test("does all steps in order, and a second run none", async () => {
    expect(await run({ typed: all() })).toMatchObject({ done: true, exitCode: 0 });
    expect(ran).toEqual(ids);
    ran = [];
    const again = await run();
    expect(ran).toEqual([]);
    expect(again.steps.map(({ state, summary }) => [state, summary])).toEqual(
      all().map((name) => ["done", `named ${name}`]),
    );
  });

  test.each(ids)("interrupted at the question of %s, the next run goes on there", async (id) => {
    const first = await run({ typed: all(), interruptAt: id });
    const before = ids.indexOf(id);
    expect(first).toMatchObject({ done: false, exitCode: 3 });
    expect(first.steps.map(({ state }) => state)).toEqual(
      ids.map((_, index) => (index < before ? "done" : index === before ? "interrupted" : "open")),
    );
    expect(await run({ typed: all().slice(before) })).toMatchObject({ done: true });
    expect(ran, "each ran once").toEqual(ids);
  });

  test.each(ids)("an answer at %s outlives a failure behind it", async (id) => {
    fault = { at: id, error: new CodedError("up.no-meter", "nobody answers") };
    const failed = await run({ typed: all() });
    expect(failed).toMatchObject({ done: false, exitCode: 1 });
    expect(failed.steps[ids.indexOf(id)]).toMatchObject({
      state: "failed",
      code: "up.no-meter",
      message: "nobody answers",
    });
    expect(shown).toContain("What to do: Check the meter's power");
    fault = undefined;
    const before = ids.indexOf(id);
    expect(await run({ typed: all().slice(before + 1) })).toMatchObject({ done: true });
  });

  test.each<[string, unknown, number]>([
    ["unreadable input", new UnreadableInput("no such file"), 2],
    ["trouble outside", new CodedError("tpm.unavailable", "gone"), 3],
    ["a registrar that is away", new CodedError("enrolment.unavailable", "away"), 3],
    ["a refused enrolment", new CodedError("enrolment.declined", "no seal"), 1],
    ["a defect", new TypeError("x is undefined"), 3],
    ["somebody else's turn", new StepWaiting("the request is written", ["Take it"]), 0],
  ])("%s", async (_, error, exitCode) => {
    fault = { at: "scan", error };
    const outcome = await run({ typed: all() });
    expect(outcome).toMatchObject({ done: false, exitCode });
    expect(outcome.steps.map(({ state }) => state).slice(2)).toEqual(["open", "open"]);
  });

  test("--redo asks again and proposes what was answered; what rests on it is done again", async () => {
    await run({ typed: all() });
    ran = [];
    shown = "";
    expect(await run({ redo: "scan", typed: [""] })).toMatchObject({ done: true });
    expect(shown).toContain("Name [two]: ");
    expect(ran, "the result is the same, so nothing else was touched").toEqual(["scan"]);
    ran = [];
    expect(await run({ redo: "scan", typed: ["other"] })).toMatchObject({ done: true });
    expect(ran).toEqual(["scan", "display"]);
  });

  test("what a step rests on has changed: it is done again, with the answers it has", async () => {
    await run({ typed: all() });
    ran = [];
    seed = "b";
    expect(await run()).toMatchObject({ done: true });
    expect(ran).toEqual(["check"]);
  });

  test("what an earlier run came to is not enough for this one: that step is done again, no other", async () => {
    await run({ typed: all() });
    ran = [];
    insufficient = "display";
    expect(await run()).toMatchObject({ done: true });
    expect(ran).toEqual(["display"]);
  });

  test("where nobody can be asked, the place of the answer is named: exit 2", async () => {
    const outcome = await run({ given: { "name/check": "one" } });
    expect(outcome).toMatchObject({ exitCode: 2 });
    expect(outcome.steps[1]?.message).toContain("/name/scan");
  });

  test("given answers come before those of earlier runs, and have to hold", async () => {
    await run({ typed: all() });
    expect(await run({ redo: "display", given: { "name/display": "new" } })).toMatchObject({
      done: true,
    });
    const wrong = await run({ redo: "display", given: { "name/display": "two words" } });
    expect(wrong).toMatchObject({ exitCode: 2 });
    expect(wrong.steps[2]?.message).toBe("at /name/display: expected a word");
  });

  test("the state is for its owner alone; one that is none is refused, not overwritten", async () => {
    await run({ typed: all() });
    const path = join(folder, "up.json");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    writeFileSync(path, "{}");
    await expect(run()).rejects.toThrow(UnreadableInput);
    expect(readFileSync(path, "utf8")).toBe("{}");
  });
});
