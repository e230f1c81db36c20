/** Where a run shows itself. */
export interface ScreenOptions {
  readonly out: NodeJS.WritableStream;
  /** A terminal which can write a line anew; else progress is now and then a line of its own. */
  readonly isLive: boolean;
  readonly isColoured: boolean;
  readonly columns: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export type Mark = "ok" | "no" | "--";

const indent = 7;
const titleColumns = 36;
const itemColumns = 24;
const liveEveryMs = 200;
const lineEveryMs = 10_000;
const colours: Readonly<Record<Mark, number>> = { ok: 32, no: 31, "--": 33 };

/** Lines of text that fit the terminal; words longer than it stand alone. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** What a run shows: plain lines, which also a serial console, a log or a screen reader can take. */
export class Screen {
  readonly #options: ScreenOptions;
  #toldMs = Number.NEGATIVE_INFINITY;
  #toldText = "";
  #isProgressShown = false;
  /** The head of a step that has shown nothing yet. */
  #head: string | undefined;

  constructor(options: ScreenOptions) {
    this.#options = options;
  }

  /** The rows that a step, a question or a text has to itself. */
  get columns(): number {
    return Math.max(40, Math.min(100, this.#options.columns));
  }

  /** ` 3/10  Compare with the display`, above whatever the step shows. */
  begin(number: string, title: string): void {
    this.#clear();
    this.#head = `${number.padStart(5)}  ${title}`;
  }

  /** How it went. */
  end(number: string, title: string, mark: Mark, summary: string): void {
    this.#clear();
    this.#head = undefined;
    const head = `${number.padStart(5)}  `;
    const before = `${head}${title.padEnd(titleColumns - head.length)}`;
    const [first = "", ...rest] = wrapped(summary, this.columns - before.length - 4);
    this.#write(`${before}${this.#coloured(mark)}  ${first}`.trimEnd());
    for (const line of rest) this.#write(`${" ".repeat(before.length + 4)}${line}`);
  }

  /** Text below a step, wrapped. */
  text(text: string): void {
    this.#clear();
    for (const line of wrapped(text, this.columns - indent)) {
      this.#write(`${" ".repeat(indent)}${line}`);
    }
  }

  /** A line as it is, below a step: a row of a table, a command to copy, a QR code. */
  row(text: string): void {
    this.#clear();
    this.#write(`${" ".repeat(indent)}${text}`.trimEnd());
  }

  /** One of several things that a step looks at. */
  item(name: string, mark: Mark, detail: string): void {
    this.#clear();
    const isLong = name.length > itemColumns;
    if (isLong) this.#write(`${" ".repeat(indent)}${name}`);
    const before = `${" ".repeat(indent)}${(isLong ? "" : name).padEnd(itemColumns)}`;
    const [first = "", ...rest] = wrapped(detail, this.columns - before.length - 5);
    this.#write(`${before} ${this.#coloured(mark)}  ${first}`.trimEnd());
    for (const line of rest) this.#write(`${" ".repeat(before.length + 5)}${line}`);
  }

  gap(): void {
    this.#clear();
    this.#write("");
  }

  /** What is going on, in place where the terminal can; it is gone when anything else is shown. */
  progress(text: string): void {
    const { isLive, now, out } = this.#options;
    const at = now();
    if (at - this.#toldMs < (isLive ? liveEveryMs : lineEveryMs)) return;
    if (!isLive && text === this.#toldText) return;
    this.#toldMs = at;
    this.#toldText = text;
    const line = `${" ".repeat(indent)}${text}`.slice(0, this.columns - 1);
    this.#showHead();
    if (isLive) out.write(`\r\u001b[K${line}`);
    else out.write(`${line}\n`);
    this.#isProgressShown = isLive;
  }

  /** Before somebody else writes: a prompt. */
  beforePrompt(): void {
    this.#clear();
    this.#showHead();
  }

  #clear(): void {
    if (this.#isProgressShown) this.#options.out.write("\r\u001b[K");
    this.#isProgressShown = false;
  }

  #coloured(mark: Mark): string {
    return this.#options.isColoured ? `\u001b[${colours[mark]}m${mark}\u001b[0m` : mark;
  }

  #showHead(): void {
    const head = this.#head;
    this.#head = undefined;
    if (head !== undefined) this.#write(head);
  }

  #write(line: string): void {
    this.#showHead();
    this.#options.out.write(`${line}\n`);
  }
}
