import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadPorts, type Ports } from "./ports.js";

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "powershare-ports-"));
  file = join(dir, "ports.json");
});
afterEach(() => rmSync(dir, { recursive: true }));

const all = (ports: Ports) => Object.values(ports).flatMap((own) => Object.values(own));

describe("the ports of a network", () => {
  test("are all different, and none is one that Linux lends to outgoing connections", async () => {
    const ports = all(await loadPorts(file, ["operator", "utility", "community"]));
    expect(ports).toHaveLength(24);
    expect(new Set(ports).size).toBe(24);
    expect(Math.max(...ports)).toBeLessThan(32_768);
  });

  test("stay the same for the network's life", async () => {
    const first = await loadPorts(file, ["operator", "utility"]);
    expect(await loadPorts(file, ["operator", "utility"])).toEqual(first);
  });

  test("are named where somebody else uses one of them", async () => {
    const ports = await loadPorts(file, ["operator"]);
    const peer = ports["operator"]!.peer;
    const intruder = createServer();
    await new Promise<void>((done) => intruder.listen(peer, "127.0.0.1", done));
    try {
      await expect(loadPorts(file, ["operator"])).rejects.toMatchObject({
        code: "fabric.port-taken",
        message: expect.stringContaining(`port ${peer} on 127.0.0.1 (peer of operator)`) as unknown,
      });
    } finally {
      await new Promise((done) => intruder.close(done));
    }
  });

  test.each([
    ["half of a file", '{"operator": {"ca": 1'],
    ["a port out of range", JSON.stringify({ operator: { ca: 70_000 } })],
    ["a port that is missing", JSON.stringify({ operator: { ca: 20_000 } })],
  ])("are not taken from %s", async (_, text) => {
    writeFileSync(file, text);
    await expect(loadPorts(file, ["operator"])).rejects.toMatchObject({
      code: "fabric.data-mismatch",
    });
    expect(readFileSync(file, "utf8")).toBe(text);
  });
});
