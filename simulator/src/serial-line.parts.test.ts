import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SerialLine } from "./serial-line.js";

const directory = mkdtempSync(join(tmpdir(), "line-"));
const path = join(directory, "line");
let line: SerialLine;
beforeAll(async () => {
  line = await SerialLine.open({
    path,
    logFile: join(directory, "log"),
    attach: (stream) => stream.on("data", (bytes) => stream.write(Buffer.from(bytes).reverse())),
  });
});
afterAll(async () => {
  await line.close();
  rmSync(directory, { recursive: true });
});

async function exchange(): Promise<string> {
  const port = await open(path, "r+");
  try {
    await port.write(Buffer.from([0x00, 0x0a, 0x0d, 0x11, 0xff]));
    const { buffer, bytesRead } = await port.read(Buffer.alloc(16));
    return buffer.toString("hex", 0, bytesRead);
  } finally {
    await port.close();
  }
}

test("carries every byte unchanged, and may be opened again", async () => {
  expect(await exchange()).toBe("ff110d0a00");
  expect(await exchange()).toBe("ff110d0a00");
});

test("vanishes and returns under the same path", async () => {
  await line.unplug();
  expect(existsSync(path)).toBe(false);
  await line.plugIn();
  expect(await exchange()).toBe("ff110d0a00");
});
