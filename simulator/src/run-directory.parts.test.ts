import { type SpawnOptions, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRunDirectory, processesOf, removeRun } from "./run-directory.js";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "runs-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function startIn(run: string) {
  return await start({ env: { ...process.env, POWERSHARE_RUN: run } });
}

async function start(options: SpawnOptions) {
  const child = spawn("sleep", ["60"], options);
  const ended = new Promise<string>((resolve) =>
    child.once("exit", (_, signal) => resolve(signal ?? "none")),
  );
  await new Promise((resolve) => child.once("spawn", resolve));
  return { pid: child.pid!, ended, kill: () => child.kill("SIGKILL") };
}

test("what a crashed run left is ended and removed when the next one begins, and nothing else", async () => {
  const crashed = join(root, "99999999-1-crash");
  mkdirSync(crashed);
  const orphan = await startIn(crashed);
  mkdirSync(join(crashed, "peer"));
  const worker = await start({ cwd: join(crashed, "peer"), env: {} });
  const stranger = await startIn("/somewhere/else");
  const mine = await createRunDirectory(root);
  const other = await createRunDirectory(root);

  expect([await orphan.ended, await worker.ended]).toEqual(["SIGTERM", "SIGTERM"]);
  expect(existsSync(crashed)).toBe(false);
  expect(existsSync(mine) && existsSync(other)).toBe(true);
  expect(processesOf("/somewhere/else")).toEqual([stranger.pid]);
  stranger.kill();
});

test("processes started after a run began belong to it", async () => {
  const run = await createRunDirectory(root);
  const child = spawn("sleep", ["60"]);
  await new Promise((resolve) => child.once("spawn", resolve));
  expect(processesOf(run)).toEqual([child.pid]);
  await removeRun(run);
  expect(processesOf(run)).toEqual([]);
});
