import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Crash, ManagedProcess } from "./process.js";
import { ProcessRegister } from "./process-register.js";

let dir: string;
let started: (ManagedProcess | ChildProcess)[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "powershare-process-"));
  started = [];
});
afterEach(async () => {
  for (const it of started) {
    if (it instanceof ManagedProcess) await it.stop({ signal: "SIGKILL", graceMs: 1_000 });
    else it.kill("SIGKILL");
  }
  rmSync(dir, { recursive: true });
});

/** A program that writes a file when it serves, then does as the script says. */
function program(script: string, onCrash: (crash: Crash) => void = () => undefined) {
  const ready = join(dir, "ready");
  const it = new ManagedProcess(
    {
      name: "peer-test",
      kind: "peer",
      command: process.execPath,
      args: ["-e", `${script}; require("node:fs").writeFileSync(${JSON.stringify(ready)}, "")`],
      cwd: dir,
      env: {},
      logFile: join(dir, "logs", "test.log"),
      isReady: () => Promise.resolve(existsSync(ready)),
    },
    onCrash,
  );
  started.push(it);
  return it;
}
const LIVES = "setInterval(() => {}, 1000)";

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("a program of the network", () => {
  test("is ready when it serves, and gone when stop returns", async () => {
    const it = program(LIVES);
    it.start();
    await it.ready(10_000);
    const pid = it.pid!;
    expect(isRunning(pid)).toBe(true);
    await it.stop({ signal: "SIGTERM", graceMs: 5_000 });
    expect(isRunning(pid)).toBe(false);
    expect(it.pid).toBeUndefined();
  });

  test("is ended by force when it does not heed SIGTERM", async () => {
    const it = program(`process.on("SIGTERM", () => {}); ${LIVES}`);
    it.start();
    await it.ready(10_000);
    const pid = it.pid!;
    await it.stop({ signal: "SIGTERM", graceMs: 100 });
    expect(isRunning(pid)).toBe(false);
  });

  test("that ends while starting says so at once, with its last lines, even with exit code 0", async () => {
    const it = program('console.error("no such key"); process.exit(0)');
    it.start();
    await expect(it.ready(10_000)).rejects.toMatchObject({
      code: "fabric.process-exited",
      message: expect.stringContaining("no such key") as unknown,
    });
  });

  test("that does not exist says so", async () => {
    const it = program(LIVES);
    const absent = new ManagedProcess(
      { ...it.spec, command: join(dir, "absent") },
      () => undefined,
    );
    absent.start();
    await expect(absent.ready(10_000)).rejects.toMatchObject({ code: "fabric.process-exited" });
  });

  test("that never serves is given up at the deadline", async () => {
    const it = program(`console.error("waiting for Godot"); ${LIVES}`);
    const stuck = new ManagedProcess(
      { ...it.spec, isReady: () => Promise.resolve(false) },
      () => undefined,
    );
    started.push(stuck);
    stuck.start();
    await expect(stuck.ready(1_000)).rejects.toMatchObject({ code: "fabric.not-ready" });
  });

  test("reports a crash with its last lines, but not an end that was asked for", async () => {
    const crashes: Crash[] = [];
    const it = program(`console.error("panic: out of luck"); ${LIVES}`, (c) => crashes.push(c));
    it.start();
    await it.ready(10_000);
    const pid = it.pid!;
    process.kill(pid, "SIGKILL");
    await expect.poll(() => crashes).toHaveLength(1);
    expect(crashes[0]).toMatchObject({
      name: "peer-test",
      pid,
      signal: "SIGKILL",
      lastLogLines: ["panic: out of luck"],
    });

    it.start();
    await it.stop({ signal: "SIGKILL", graceMs: 1_000 });
    expect(crashes).toHaveLength(1);
  });
});

describe("processes left over by a run that was killed", () => {
  const sleeper = () => {
    const it = spawn(process.execPath, ["-e", LIVES], { stdio: "ignore" });
    started.push(it);
    return it;
  };
  const file = () => join(dir, "processes.json");
  const setOwner = (owner: unknown) => {
    const { children } = read(file());
    writeFileSync(file(), JSON.stringify({ owner, children }));
  };
  /** As a run leaves its register when it is killed: its owner lives no more. */
  function leaveBehind(...children: ChildProcess[]): void {
    const register = new ProcessRegister(file());
    for (const { pid } of children) register.add("peer-test", pid!);
    setOwner({ name: "owner", pid: 1, startTicks: "0", commandLine: "gone" });
  }

  test("are ended, and it is said", async () => {
    const left = sleeper();
    leaveBehind(left);
    const said: string[] = [];
    const ended = once(left, "exit");
    await new ProcessRegister(file()).claim((message) => said.push(message));
    await ended;
    expect(said).toEqual([expect.stringContaining(`peer-test (${left.pid})`)]);
  });

  test("are not touched where their id now belongs to another program", async () => {
    const other = sleeper();
    leaveBehind(other);
    const kept = readFileSync(file(), "utf8");
    writeFileSync(file(), kept.replace(/"startTicks":"\d{2,}"/, '"startTicks":"7"'));
    const said: string[] = [];
    await new ProcessRegister(file()).claim((message) => said.push(message));
    expect(said).toEqual([]);
    expect(isRunning(other.pid!)).toBe(true);
  });

  test("are left alone while the run that started them lives", async () => {
    const owner = sleeper();
    const child = sleeper();
    leaveBehind(child);
    new ProcessRegister(join(dir, "owner.json")).add("owner", owner.pid!);
    setOwner(read(join(dir, "owner.json")).children[0]);
    await expect(new ProcessRegister(file()).claim(() => undefined)).rejects.toMatchObject({
      code: "fabric.dir-in-use",
    });
    expect(isRunning(child.pid!)).toBe(true);
  });
});

function read(file: string): { children: unknown[] } {
  return z.object({ children: z.array(z.unknown()) }).parse(JSON.parse(readFileSync(file, "utf8")));
}
