import { castHousehold } from "./cast.js";
import { MeterLine } from "./meter-line.js";
import { type MeterCommand, meterRequest } from "./meter-messages.js";

// The meters of all households in a process of their own: their byte pace then depends on nothing
// else that the demo does. Commands come over the message channel; when it closes, the meters end.
const lines = new Map<string, MeterLine>();

async function obey(command: MeterCommand): Promise<unknown> {
  if (command.kind === "open") {
    const { home, logFile, number, path, seed } = command;
    await lines.get(home)?.close();
    lines.set(
      home,
      await MeterLine.open({ household: castHousehold(number, seed), path, logFile }),
    );
    return undefined;
  }
  const line = lines.get(command.home);
  if (line === undefined) throw new RangeError(`no line of ${command.home} is open`);
  switch (command.kind) {
    case "unplug":
      return line.unplug();
    case "plug-in":
      return line.plugIn();
    case "faults":
      return line.setFaults(command.plan);
    case "registers": {
      line.house.advance(Date.now());
      const { atMs, place } = command;
      return atMs === null ? line.house.registers(place) : line.house.registersAt(place, atMs);
    }
    case "switch":
      line.house.advance(Date.now());
      return line.house.switch(command.switches);
    case "swap":
      line.house.advance(Date.now());
      return line.house.swapCables();
    case "counts":
      return line.counts();
  }
}

async function answer(message: unknown): Promise<void> {
  const { id, command } = meterRequest.parse(message);
  try {
    process.send?.({ id, value: await obey(command) });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await Promise.all([...lines.values()].map((line) => line.close()));
  if (process.connected) process.disconnect();
}

process.on("message", (message) => void answer(message));
process.on("SIGTERM", () => void end());
process.on("disconnect", () => void end());
