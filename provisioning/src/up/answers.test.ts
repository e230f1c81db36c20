import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readAnswers } from "./answers.js";

const folder = mkdtempSync(join(tmpdir(), "up-answers-"));
const path = join(folder, "answers.yaml");
afterAll(() => rmSync(folder, { recursive: true }));

async function read(content: string): Promise<Record<string, string>> {
  writeFileSync(path, content);
  return Object.fromEntries(await readAnswers(path));
}

test("answers are as they would be typed, by their place", async () => {
  const yaml = `v: 1
language: pt
accepted: [clock]
meters:
  - { unit: 1, role: connection, displayImportKwh: "1234.0", displayAgrees: true, fuseA: 63 }
  - { unit: 1, line: /dev/ttyUSB1, role: none }
site: { ev: false, storage: dc, latitude: 38.7, sealNumber: null, pv: { peakW: 4000, azimuthDeg: 180, tiltDeg: null } }
wiring: { testNow: true }
`;
  expect(await read(yaml)).toMatchObject({
    language: "pt",
    "accepted/clock": "yes",
    "meters/1/displayImportKwh": "1234.0",
    "meters/1/displayAgrees": "yes",
    "meters/1/fuseA": "63",
    "meters//dev/ttyUSB1#1/role": "none",
    "site/ev": "no",
    "site/storage": "dc",
    "site/sealNumber": "-",
    "site/pv": "yes",
    "site/pv/peakW": "4000",
    "site/pv/tiltDeg": "-",
    "wiring/testNow": "yes",
  });
});

test("JSON does as well; no PV is an answer", async () => {
  expect(await read('{"v":1,"site":{"pv":null}}')).toMatchObject({ "site/pv": "no" });
});

test.each([
  ["an unknown key", "v: 1\nsite: { batery: none }", "at /site/batery: unknown key"],
  ["an unknown key of a meter", "v: 1\nmeters: [{unit: 1, role: none, fuse: 3}]", "/meters/0/fuse"],
  ["a wrong value", "v: 1\nsite: { storage: big }", "at /site/storage: "],
  ["another version", "v: 2", "at /v: "],
  ["no YAML", "v: 1\nsite: [", `${path}:2:`],
  ["a registrar without TLS", "v: 1\noperator: {registrar: 'http://r'}", "at /operator/registrar"],
  ["nothing at all", "", "at /: "],
])("%s is refused with its place", async (_, content, says) => {
  await expect(read(content)).rejects.toThrow(says);
});
