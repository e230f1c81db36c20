import { UnreadableInput } from "../output.js";
import type { Answers } from "./answers.js";
import { type Question, yesNo } from "./questions.js";
import type { Screen } from "./screen.js";
import type { StateFile, StepId } from "./state.js";

/** Reads one line from a person; rejects with AbortError at Ctrl-C, or where `until` ends it. */
export type Prompt = (text: string, until?: AbortSignal) => Promise<string>;

export interface AskerOptions {
  readonly step: StepId;
  /** From the command line and the answers file: they come before anything typed. */
  readonly given: Answers;
  readonly file: StateFile;
  readonly screen: Screen;
  /** Undefined where nobody can be asked. */
  readonly prompt: Prompt | undefined;
}

export interface Answer<T> {
  readonly value: T;
  /** Typed or given just now, as against in an earlier run. */
  readonly isNew: boolean;
}

/** Asks a step's questions: what was answered is kept at once, and is not asked again. */
export class Asker {
  readonly #options: AskerOptions;

  constructor(options: AskerOptions) {
    this.#options = options;
  }

  async ask<T>(question: Question<T>): Promise<T> {
    return (await this.answer(question)).value;
  }

  /** @throws UnreadableInput for a given answer that is none, and where nobody can be asked */
  async answer<T>(question: Question<T>): Promise<Answer<T>> {
    const { given, prompt } = this.#options;
    const { expects, place } = question;
    const known = given.get(place);
    if (known !== undefined) {
      const value = question.parse(known);
      if (value !== undefined) return { value, isNew: true };
      throw new UnreadableInput(`at /${place}: expected ${expects}`);
    }
    const earlier = this.#kept[place];
    const value = earlier === undefined ? undefined : question.parse(earlier);
    if (value !== undefined) return { value, isNew: false };
    if (prompt === undefined) {
      throw new UnreadableInput(
        `nobody can be asked here: expected an answer at /${place} (${question.text})`,
      );
    }
    return { value: await this.#askPerson(question, prompt), isNew: true };
  }

  /** Yes or no to what stands on the screen, not kept; `unasked` where nobody can be asked. */
  async confirm(text: string, unasked: boolean): Promise<boolean> {
    const { prompt } = this.#options;
    if (prompt === undefined) return unasked;
    return (await this.#typed(yesNo({ place: "", text }), undefined, prompt)).value;
  }

  /** Whether something that is not right is taken all the same; no where nobody says so. */
  async accept(place: string, text: string): Promise<boolean> {
    const given = this.#options.given.get(place);
    return given === undefined ? await this.confirm(text, false) : given === "yes";
  }

  /** Settles with true when Enter is pressed, false when `until` ends it; undefined where nobody is there. */
  waitForEnter(until: AbortSignal): Promise<boolean> | undefined {
    return this.#options.prompt?.("", until).then(
      () => true,
      () => false,
    );
  }

  /** What was answered at these places is asked again, and proposed. */
  async forget(isMeant: (place: string) => boolean): Promise<void> {
    const { file, step } = this.#options;
    const kept = this.#kept;
    const places = Object.keys(kept).filter(isMeant);
    const proposed = { ...file.state.earlier[step] };
    for (const place of places) {
      proposed[place] = kept[place] ?? "";
      delete kept[place];
    }
    file.state.earlier[step] = proposed;
    await file.save();
  }

  /** What was answered at these places was wrong. */
  async drop(isMeant: (place: string) => boolean): Promise<void> {
    const kept = this.#kept;
    for (const place of Object.keys(kept).filter(isMeant)) delete kept[place];
    await this.#options.file.save();
  }

  /** Whether this was said on the command line or in the answers file. */
  isGiven(place: string): boolean {
    return this.#options.given.has(place);
  }

  get #kept(): Record<string, string> {
    const { file, step } = this.#options;
    const kept = file.state.answers[step] ?? {};
    file.state.answers[step] = kept;
    return kept;
  }

  async #askPerson<T>(question: Question<T>, prompt: Prompt): Promise<T> {
    const { file, step } = this.#options;
    const { choices = [], place } = question;
    const proposal = file.state.earlier[step]?.[place] ?? question.proposal;
    const { text, value } = await this.#typed(question, proposal, prompt);
    // A choice by its name: its number may be another's tomorrow.
    this.#kept[place] = choices.length > 0 ? String(value) : text;
    await file.save();
    return value;
  }

  /** Asks until it is an answer. */
  async #typed<T>(
    { choices = [], expects, parse, text }: Question<T>,
    proposal: string | undefined,
    prompt: Prompt,
  ): Promise<{ readonly text: string; readonly value: T }> {
    const { screen } = this.#options;
    if (choices.length > 0) screen.text(text);
    const width = Math.max(...choices.map(({ name }) => name.length)) + 2;
    for (const [index, { name, means }] of choices.entries()) {
      screen.row(`  ${index + 1}  ${name.padEnd(width)}${means}`);
    }
    const line = choices.length > 0 ? `1 to ${choices.length}` : text;
    const shown = proposal === undefined ? "" : ` [${proposal}]`;
    for (;;) {
      screen.beforePrompt();
      const typed = (await prompt(`       ${line}${shown}: `)).trim();
      const answer = typed === "" ? (proposal ?? "") : typed;
      const value = parse(answer);
      if (value !== undefined) return { text: answer, value };
      screen.text(`Please type ${expects}.`);
    }
  }
}
