/** Something only a person can say. */
export interface Question<T> {
  /** Its place in the answers file, e.g. `site/storage`. */
  readonly place: string;
  /** One line, without colon. */
  readonly text: string;
  /** Of what is typed, when it is none: ends the sentence "Please type …". */
  readonly expects: string;
  /** Undefined for what is no answer. */
  readonly parse: (text: string) => T | undefined;
  /** Taken when nothing is typed. */
  readonly proposal?: string;
  /** One line for each, shown above. */
  readonly choices?: readonly { readonly name: string; readonly means: string }[];
}

type Asked = Pick<Question<unknown>, "place" | "text" | "proposal">;

export function yesNo(asked: Asked): Question<boolean> {
  return {
    ...asked,
    text: `${asked.text} (yes/no)`,
    expects: "yes or no",
    parse: (text) => {
      if (/^y(es)?$/i.test(text)) return true;
      return /^no?$/i.test(text) ? false : undefined;
    },
  };
}

/** By number or by name. */
export function choice<const T extends string>(
  asked: Asked,
  choices: readonly { readonly name: T; readonly means: string }[],
): Question<T> {
  return {
    ...asked,
    choices,
    expects: `a number from 1 to ${choices.length}`,
    parse: (text) =>
      choices.find(({ name }, index) => text === String(index + 1) || text === name)?.name,
  };
}

export interface Range {
  readonly low: number;
  readonly high: number;
  readonly isWhole?: boolean;
}

/** A comma is as good as a point. */
export function number(asked: Asked, { low, high, isWhole = false }: Range): Question<number> {
  const kind = isWhole ? "a whole number" : "a number";
  return {
    ...asked,
    expects: `${kind} from ${low} to ${high}`,
    parse: (text) => {
      const form = isWhole ? /^-?\d+$/ : /^-?\d+([.,]\d+)?$/;
      const value = Number(text.replace(",", "."));
      return form.test(text) && value >= low && value <= high ? value : undefined;
    },
  };
}

/** A dash, or nothing, where it is not known or there is none. */
export function maybe<T>(question: Question<T>, without: string): Question<T | null> {
  return {
    ...question,
    text: `${question.text}, - for ${without}`,
    expects: `${question.expects}, or a dash`,
    proposal: question.proposal ?? "-",
    parse: (text) => (text === "-" ? null : question.parse(text)),
  };
}

export function text(asked: Asked, expects: string, form: RegExp): Question<string> {
  return { ...asked, expects, parse: (typed) => (form.test(typed) ? typed : undefined) };
}
