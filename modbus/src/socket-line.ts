import { once } from "node:events";
import { connect } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import type { Line } from "./line.js";

/** A TCP connection as a line. Rejects when nothing answers there. */
export async function openSocketLine(host: string, port: number): Promise<Line> {
  const socket = connect({ host, port, noDelay: true, keepAlive: true });
  try {
    await once(socket, "connect");
  } catch (error) {
    socket.destroy();
    throw error;
  }
  let failure: Error | undefined;
  let wake = () => {};
  const over = (error: Error) => {
    failure ??= error;
    wake();
  };
  socket.on("error", over);
  socket.on("close", () => over(new Error("the connection was closed")));
  socket.on("end", () => over(new Error("the other side closed the connection")));
  socket.on("readable", () => wake());
  return {
    async read() {
      for (;;) {
        const chunk: unknown = socket.read();
        if (chunk instanceof Uint8Array) return chunk;
        if (failure) throw failure;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async write(bytes) {
      if (failure) throw failure;
      socket.write(bytes);
    },
    async clearInput() {
      await turn();
      if (failure) throw failure;
      socket.read();
    },
    async close() {
      socket.destroy();
    },
  };
}
