import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const command = fileURLToPath(new URL("../../bin/powershare.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "enrol-"));
afterAll(() => rmSync(folder, { recursive: true }));
const out = join(folder, "data");
writeFileSync(join(folder, "file"), "");

function enrol(...args: string[]) {
  const argv = [command, "enrol", ...args, "--json"];
  return spawnSync(process.execPath, argv, { encoding: "utf8", timeout: 30_000 });
}

const swtpm = ["--swtpm", join(folder, "none.sock")];

test.each([
  { name: "no TPM", args: ["--out", out], says: "expected --tpm-device or --swtpm" },
  {
    name: "two TPMs",
    args: [...swtpm, "--tpm-device", "/dev/tpmrm0", "--out", out],
    says: "cannot",
  },
  { name: "no folder", args: swtpm, says: "--out" },
  {
    name: "half a CA",
    args: [...swtpm, "--out", out, "--id", "h1"],
    says: "--secret-file together",
  },
  {
    name: "a CA without TLS",
    args: [...swtpm, "--out", out, "--ca-url", "http://ca"],
    says: "https",
  },
  { name: "a file as folder", args: [...swtpm, "--out", join(folder, "file")], says: "EEXIST" },
])("$name is bad usage: exit 2, before anything is made", ({ args, says }) => {
  const { status, stdout, stderr } = enrol(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain(says);
  expect(existsSync(out)).toBe(false);
});

test("an absent TPM is named with its remedy: exit 3", () => {
  const { status, stdout, stderr } = enrol(...swtpm, "--out", out);
  expect({ status, stdout }).toEqual({ status: 3, stdout: "" });
  expect(stderr).toMatch(/none\.sock .*\n {2}\[tpm\.unavailable\] \w+/);
});
