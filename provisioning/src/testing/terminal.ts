import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const everyMs = 50;

/** A person's terminal of 80 columns and 24 rows, without colour: tmux with a shell in it. */
export class TestTerminal {
  readonly #folder: string;
  readonly #socket: string;

  static async open(): Promise<TestTerminal> {
    const terminal = new TestTerminal(mkdtempSync(join(tmpdir(), "terminal-")));
    const shell = "env NO_COLOR=1 PS1='$ ' ENV= sh";
    await terminal.#tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", shell);
    await terminal.#tmux("set-option", "history-limit", "10000");
    return terminal;
  }

  private constructor(folder: string) {
    this.#folder = folder;
    this.#socket = join(folder, "tmux");
  }

  /** Types a line and presses Enter. */
  async type(text: string): Promise<void> {
    if (text !== "") await this.#tmux("send-keys", "-l", "--", text);
    await this.#tmux("send-keys", "Enter");
  }

  async interrupt(): Promise<void> {
    await this.#tmux("send-keys", "C-c");
  }

  /** Empties screen and history. */
  async clear(): Promise<void> {
    await this.#tmux("send-keys", "-R");
    await this.#tmux("clear-history");
  }

  /** All that was shown since it was cleared; a line that was too long is shown as two. */
  async text(): Promise<string> {
    const shown = await this.#tmux("capture-pane", "-p", "-S", "-");
    return `${shown.trimEnd()}\n`;
  }

  /** Waits until something is shown. */
  async until(wanted: string | RegExp, withinMs = 30_000): Promise<string> {
    const endMs = performance.now() + withinMs;
    for (;;) {
      const text = await this.text();
      if (typeof wanted === "string" ? text.includes(wanted) : wanted.test(text)) return text;
      if (performance.now() > endMs) throw new Error(`waited in vain for ${wanted} in:\n${text}`);
      await sleep(everyMs);
    }
  }

  async close(): Promise<void> {
    await this.#tmux("kill-server").catch(() => {});
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #tmux(...args: string[]): Promise<string> {
    const { stdout } = await run("tmux", ["-S", this.#socket, ...args]);
    return stdout;
  }
}
