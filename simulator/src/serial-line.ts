import { lstatSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { Child, waitFor } from "./child.js";

export interface SerialLineOptions {
  /** Path under which the agent opens the line; a link to the pseudo-terminal. */
  readonly path: string;
  readonly logFile: string;
  /** Called with the meters' end of the line, each time it is plugged in. */
  readonly attach: (stream: Socket) => void;
}

/**
 * A serial line without hardware: socat makes a pseudo-terminal, whose other end is a Unix socket
 * served here. Node alone can't make one, for it has no ioctl.
 */
export class SerialLine {
  readonly #options: SerialLineOptions;
  readonly #server: Server;
  #socat: Child | undefined;

  /** Opens the line and waits until its path is there. */
  static async open(options: SerialLineOptions): Promise<SerialLine> {
    const socket = `${options.path}.sock`;
    rmSync(socket, { force: true });
    const server = createServer((stream) => {
      // A line that was unplugged in the middle of an answer is no error of ours.
      stream.on("error", () => stream.destroy());
      options.attach(stream);
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(socket, resolve);
    });
    const line = new SerialLine(options, server);
    try {
      await line.plugIn();
    } catch (error) {
      await line.close();
      throw error;
    }
    return line;
  }

  private constructor(options: SerialLineOptions, server: Server) {
    this.#options = options;
    this.#server = server;
  }

  /** The port vanishes, as when a USB adapter is pulled out. */
  async unplug(): Promise<void> {
    await this.#socat?.stop(1000);
    this.#socat = undefined;
    rmSync(this.#options.path, { force: true });
  }

  /** The port comes back under the same path. */
  async plugIn(): Promise<void> {
    if (this.#socat !== undefined) return;
    const { path, logFile } = this.#options;
    rmSync(path, { force: true });
    this.#socat = await Child.start({
      name: `serial line ${path}`,
      command: "socat",
      args: [`pty,raw,echo=0,link=${path}`, `UNIX-CONNECT:${path}.sock`],
      logFile,
    });
    const link = () => lstatSync(path, { throwIfNoEntry: false });
    await waitFor(`serial line ${path}`, link, { withinMs: 5000, everyMs: 10 });
  }

  async close(): Promise<void> {
    await this.unplug();
    this.#server.close();
  }
}
