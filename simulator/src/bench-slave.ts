import { parseArgs } from "node:util";
import { type RegisterBank, type RtuServer, serveRtu } from "@powershare/modbus";
import { SerialLine } from "./serial-line.js";

// A meter for the bench in a process of its own, at the byte pace of its line. Each register holds
// its own address, so that a value tells which request it answers. Any message asks for the counts.
const { values } = parseArgs({
  options: {
    path: { type: "string", default: "" },
    baud: { type: "string", default: "9600" },
    log: { type: "string", default: "/dev/null" },
    /** The request, from 0, that is answered late, and by how much. */
    "late-index": { type: "string" },
    "late-ms": { type: "string", default: "0" },
  },
});

const addresses: RegisterBank = (_table, address, count) => {
  const bytes = Buffer.alloc(2 * count);
  for (let i = 0; i < count; i += 1) bytes.writeUInt16BE((address + i) & 0xffff, 2 * i);
  return bytes;
};

let server: RtuServer | undefined;
const lateIndex = values["late-index"] === undefined ? undefined : Number(values["late-index"]);
const line = await SerialLine.open({
  path: values.path,
  logFile: values.log,
  attach: (stream) => {
    server = serveRtu(stream, {
      baudRate: Number(values.baud),
      units: new Map([[1, addresses]]),
      faults: ({ index }) =>
        index === lateIndex ? { kind: "late", byMs: Number(values["late-ms"]) } : undefined,
    });
  },
});

async function end(): Promise<void> {
  server?.close();
  await line.close();
  if (process.connected) process.disconnect();
}
process.on("message", () => process.send?.(server?.counts() ?? { requests: 0, gapViolations: 0 }));
process.on("SIGTERM", () => void end());
process.on("disconnect", () => void end());
process.send?.("ready");
