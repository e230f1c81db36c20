import { spawnSync } from "node:child_process";
import * as node from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { recordEvidence, TestDevice } from "@powershare/domain/testing";
import { loadProfile } from "@powershare/firmware-profiles";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { intermediate, leaf, otherRoot } from "../testing/certificates.js";

const command = fileURLToPath(new URL("../../bin/powershare.js", import.meta.url));
const profile = loadProfile("eastron/sdm630").hash;
const recorded = recordEvidence(
  new TestDevice(node, "h1"),
  "h1",
  [{ id: "eastron/sdm630:12345678", role: "connection", profile }],
  { start: "2027-06-01T12:00:00Z", slotSeconds: 20, slots: 3 },
);
const certified = { ...recorded, device: { ...recorded.device, certificatePem: leaf } };

let folder: string;
const path = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "powershare-evidence-"));
  const [first, second, ...rest] = recorded.packages;
  const files = {
    "good.json": certified,
    "bare.json": recorded,
    "reordered.json": { ...recorded, packages: [second, first, ...rest], readings: [] },
    "shape.json": { ...recorded, packages: [{ ...first, meter: 7 }] },
  };
  for (const [name, file] of Object.entries(files)) {
    writeFileSync(path(name), JSON.stringify(file, null, 1));
  }
  writeFileSync(path("cut.json"), JSON.stringify(recorded, null, 1).slice(0, 60));
  writeFileSync(path("ca.pem"), intermediate);
  writeFileSync(path("other.pem"), otherRoot);
});
afterAll(() => rmSync(folder, { recursive: true }));

function verify(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const argv = [command, "evidence", "verify", ...args];
  return spawnSync(process.execPath, argv, { encoding: "utf8", timeout: 30_000 });
}

describe("powershare evidence verify", () => {
  it("says what a file proves, and exits 0", () => {
    const { status, stdout, stderr } = verify(path("good.json"), "--trust", path("ca.pem"));
    expect(stderr).toBe("");
    expect(stdout.split("\n").slice(0, 6)).toEqual([
      `${path("good.json")}: proven`,
      `  h1, device ${recorded.device.device}; the TPM vouches for its reading key`,
      "  certificate of CN=h1, trusted by CN=community ca",
      "  eastron/sdm630:12345678, connection: 3 intervals from 2027-06-01T12:00:00Z to 2027-06-01T12:01:00Z, import 60 Wh, export 0 Wh",
      "  3 checkpoints, TPM counter 256 to 258, 0 TPM resets",
      "  61 readings hash into them; 6 ends of intervals read from raw registers",
    ]);
    expect(status).toBe(0);
  });

  it("says the first thing wrong with its code, place and remedy, and exits 1", () => {
    const { status, stdout } = verify(path("bare.json"), path("reordered.json"));
    expect(stdout).toContain(`${path("bare.json")}: proven`);
    expect(stdout).toContain(`${path("reordered.json")}: NOT proven\n  /packages/1: `);
    expect(stdout).toMatch(/\[evidence\.sequence\] Ask ReadMeter/);
    expect(status).toBe(1);
  });

  it("prints one JSON document with --json", () => {
    const { status, stdout } = verify(path("bare.json"), path("reordered.json"), "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      proven: false,
      files: [
        { proven: true, counter: { first: "256", last: "258" }, boundaries: { decoded: 6 } },
        { proven: false, place: "/packages/1", code: "evidence.sequence" },
      ],
    });
    expect(status).toBe(1);
  });

  it.each([
    ["a certificate of another CA", "good.json", "other.pem", "nobody trusted issued"],
    ["no certificate at all", "bare.json", "ca.pem", "no certificate to be trusted"],
  ])("does not trust %s", (_, file, trust, why) => {
    const { status, stdout } = verify(path(file), "--trust", path(trust), "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      files: [
        {
          proven: false,
          place: "/device/certificatePem",
          code: "evidence.certificate",
          message: expect.stringContaining(why) as string,
        },
      ],
    });
    expect(status).toBe(1);
  });

  it.each([
    ["another shape", ["shape.json"], "at /packages/0/meter"],
    ["text that is no JSON", ["cut.json"], "cut.json:5:3: found the end of the file"],
    ["no such file", ["none.json"], "cannot read"],
    [
      "no CA certificate in the trust file",
      ["good.json", "--trust", "bare.json"],
      "expected CERTIFICATE blocks",
    ],
    ["no file", [], "missing required argument"],
  ])("exits 2 for %s, and says where", (_, names, why) => {
    const { status, stdout, stderr } = verify(
      ...names.map((name) => (name.startsWith("--") ? name : path(name))),
    );
    expect(stderr).toContain(why);
    expect(stdout).toBe("");
    expect(status).toBe(2);
  });
});
