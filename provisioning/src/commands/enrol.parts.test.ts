import { type ChildProcess, execFile, spawn } from "node:child_process";
import * as node from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { cryptoFrom, fromHex, verifyKeyCertification } from "@powershare/domain/evidence";
import { registration } from "@powershare/domain/ledger";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** The TPM's part of a registration, exactly. */
const tpmPart = registration.options[0].pick({
  device: true,
  attestationKey: true,
  readingKey: true,
  certification: true,
  counterName: true,
});
const command = fileURLToPath(new URL("../../bin/powershare.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "powershare-enrol-"));
const tpms: ChildProcess[] = [];

async function startTpm(name: string): Promise<string> {
  const state = join(folder, name);
  const socket = join(folder, `${name}.sock`);
  mkdirSync(state);
  tpms.push(
    spawn("swtpm", [
      "socket",
      "--tpm2",
      "--tpmstate",
      `dir=${state}`,
      "--server",
      `type=unixio,path=${socket}`,
      "--flags",
      "not-need-init",
    ]),
  );
  for (let tries = 0; tries < 100 && !existsSync(socket); tries += 1) await sleep(50);
  return socket;
}

function powershare(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, "enrol", ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

let tpm: string;
let other: string;
const out = join(folder, "data");
beforeAll(async () => {
  tpm = await startTpm("one");
  other = await startTpm("two");
});
afterAll(() => {
  for (const child of tpms) child.kill();
  rmSync(folder, { recursive: true });
});

describe("powershare enrol", () => {
  it("makes an identity whose registration the ledger can check, and keeps it when repeated", async () => {
    const first = await powershare("--swtpm", tpm, "--out", out, "--json");
    expect(first.code).toBe(0);
    expect(statSync(join(out, "identity.json")).mode & 0o777).toBe(0o600);
    const made = tpmPart.parse(JSON.parse(first.stdout));
    const { attestationKey, readingKey, certification, device } = made;
    expect(JSON.parse(readFileSync(join(out, "registration.json"), "utf8"))).toEqual(made);
    const keys = {
      attestationKey: fromHex(attestationKey),
      readingKey: fromHex(readingKey),
      attest: fromHex(certification.attest),
      signature: fromHex(certification.signature),
    };
    expect(verifyKeyCertification(keys, cryptoFrom(node)).readingSpki).toHaveLength(91);
    const again = await powershare("--swtpm", tpm, "--out", out, "--json");
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ device, readingKey });
  });

  it("refuses another TPM in place of the one that made the identity", async () => {
    const { code, stderr } = await powershare("--swtpm", other, "--out", out);
    expect(code).toBe(3);
    expect(stderr).toContain("tpm.wrong-tpm");
  });

  it("says what to do when the CA cannot be reached, and never takes a secret from the command line", async () => {
    const secret = join(out, "registration.json");
    const ca = [
      "--ca-url",
      "https://localhost:9",
      "--ca-name",
      "ca",
      "--ca-certificate",
      secret,
      "--id",
      "h1",
    ];
    const { code, stderr } = await powershare(
      "--swtpm",
      tpm,
      "--out",
      out,
      ...ca,
      "--secret-file",
      secret,
    );
    expect(code).toBe(3);
    expect(stderr).toContain("fabric.ca-unavailable");
    const help = await powershare("--help");
    expect(help.stdout).not.toMatch(/--secret[ =<]/);
  });

  it.each([
    ["no TPM", ["--out", out]],
    ["half of the CA's options", ["--swtpm", "x", "--out", out, "--ca-url", "https://localhost:1"]],
    ["two TPMs", ["--swtpm", "x", "--tpm-device", "y", "--out", out]],
    ["no folder", ["--swtpm", "x"]],
  ])("is bad usage with %s", async (_name, args) => {
    expect((await powershare(...args)).code).toBe(2);
  });
});
