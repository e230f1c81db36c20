import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A serial line by socat: a pseudo-terminal at `path`, its other end given to `attach`. */
export class PtyLine {
  readonly path: string;
  readonly #folder: string;
  readonly #server = createServer();
  #socat: ChildProcess | undefined;

  static async open(attach: (stream: Socket) => void): Promise<PtyLine> {
    const line = new PtyLine(await mkdtemp(join(tmpdir(), "modbus-")));
    line.#server.on("connection", (socket) => {
      socket.on("error", () => socket.destroy());
      attach(socket);
    });
    line.#server.listen(line.#socketPath);
    await once(line.#server, "listening");
    await line.plugIn();
    return line;
  }

  private constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, "tty");
  }

  get #socketPath(): string {
    return join(this.#folder, "meters.sock");
  }

  async plugIn(): Promise<void> {
    const pty = `pty,raw,echo=0,link=${this.path}`;
    this.#socat = spawn("socat", [pty, `UNIX-CONNECT:${this.#socketPath}`], { stdio: "ignore" });
    for (let tries = 0; !existsSync(this.path); tries++) {
      if (tries > 100) throw new Error("socat made no pseudo-terminal within 5 s");
      await sleep(50);
    }
  }

  /** The port vanishes, as when an adapter is pulled out. */
  async unplug(): Promise<void> {
    const socat = this.#socat;
    this.#socat = undefined;
    if (!socat) return;
    const gone = once(socat, "exit");
    socat.kill();
    await gone;
  }

  async close(): Promise<void> {
    await this.unplug();
    this.#server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
