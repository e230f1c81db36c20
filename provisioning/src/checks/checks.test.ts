import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { remedyFor } from "@powershare/domain/errors";
import { simulatedMaker } from "node-tpm2/testing";
import { afterAll, describe, expect, it } from "vitest";
import { certificateCheck } from "./certificate.js";
import { clockCheck } from "./clock.js";
import { dataDirCheck, diskCheck, nodeCheck } from "./machine.js";
import { peerCheck } from "./network.js";
import { serialCheck } from "./serial.js";
import { serviceCheck } from "./service.js";
import type { Check } from "./types.js";

const folder = mkdtempSync(join(tmpdir(), "checks-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const codeIn = async (check: Check): Promise<string> => {
  const { ok, code, detail } = await check.run(AbortSignal.timeout(5_000));
  expect(detail).not.toBe("");
  if (code !== undefined) expect(remedyFor(code)).not.toBe("");
  return ok ? "ok" : (code ?? "no code");
};

const dataDir = (name: string, mode: number, keysMode?: number): string => {
  mkdirSync(at(name));
  if (keysMode !== undefined) {
    writeFileSync(at(`${name}/identity.json`), "{}");
    chmodSync(at(`${name}/identity.json`), keysMode);
  }
  chmodSync(at(name), mode);
  return at(name);
};
writeFileSync(at("file"), "");

it.each([
  { name: "Node 18", check: nodeCheck("18.20.4"), finds: "device.node-version" },
  { name: "Node 20.18", check: nodeCheck("20.18.3"), finds: "device.node-version" },
  { name: "Node 20.19", check: nodeCheck("20.19.0"), finds: "ok" },
  { name: "Node 24", check: nodeCheck("24.0.0"), finds: "ok" },
  { name: "a disk in memory", check: diskCheck("/dev/shm/none"), finds: "device.disk" },
  { name: "a closed folder", check: dataDirCheck(dataDir("closed", 0o700)), finds: "ok" },
  { name: "a folder to be made", check: dataDirCheck(at("none/yet")), finds: "ok" },
  { name: "an open folder", check: dataDirCheck(dataDir("open", 0o755)), finds: "device.data-dir" },
  {
    name: "keys that others may read",
    check: dataDirCheck(dataDir("keys", 0o700, 0o644)),
    finds: "device.data-dir",
  },
  { name: "a file for a folder", check: dataDirCheck(at("file")), finds: "device.data-dir" },
  { name: "no port", check: serialCheck(at("ttyUSB9")), finds: "bus.port-missing" },
  { name: "a file for a port", check: serialCheck(at("file")), finds: "bus.port-missing" },
  {
    name: "no peer",
    check: peerCheck({
      endpoint: "127.0.0.1:9",
      tlsHostname: "p",
      tlsRootCertificate: at("file"),
    }),
    finds: "ledger.unavailable",
  },
])("$name: $finds", async ({ check, finds }) => {
  expect(await codeIn(check)).toBe(finds);
});

describe("the clock", () => {
  it.each([
    { quality: "synchronised", finds: "ok" },
    { quality: "holdover", finds: "clock.holdover" },
    { quality: "unknown", finds: "clock.unknown" },
    { quality: "synchronised", contradictions: ["rtc by 60 s"], finds: "clock.sources-disagree" },
  ] as const)("%j", async ({ finds, ...status }) => {
    const check = clockCheck(async () => ({ keeper: "timesyncd", syncedAgoMs: 60_000, ...status }));
    expect(await codeIn(check)).toBe(finds);
  });
});

describe("the certificate", () => {
  const nowMs = Date.parse("2026-11-22T12:00:00Z");
  const keyOf = () =>
    generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({
      type: "spki",
      format: "der",
    });
  const [own, other] = [keyOf(), keyOf()];
  const write = (from: string, to: string): void => {
    const der = simulatedMaker("CA").certify(own, { from: new Date(from), to: new Date(to) });
    const text = Buffer.from(der).toString("base64");
    writeFileSync(
      at("own.pem"),
      `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`,
    );
  };
  it.each([
    { name: "as it should be", from: "2026-06-01", to: "2027-06-01", finds: "ok" },
    { name: "expired", from: "2025-06-01", to: "2026-11-22", finds: "device.certificate-ends" },
    {
      name: "with 5 days left",
      from: "2026-06-01",
      to: "2026-11-27",
      finds: "device.certificate-ends",
    },
    { name: "from the future", from: "2026-12-01", to: "2027-12-01", finds: "clock.unknown" },
    {
      name: "of somebody else",
      from: "2026-06-01",
      to: "2027-06-01",
      participant: "h2",
      finds: "device.certificate",
    },
    {
      name: "for another key",
      from: "2026-06-01",
      to: "2027-06-01",
      key: other,
      finds: "device.certificate",
    },
  ])("$name: $finds", async ({ from, to, participant = "simulated TPM", key = own, finds }) => {
    write(from, to);
    const readingSpki = async () => key;
    const options = { path: at("own.pem"), participant, nowMs: () => nowMs, readingSpki };
    expect(await codeIn(certificateCheck(options))).toBe(finds);
  });

  it("whose key cannot be looked at now is judged by the rest", async () => {
    write("2026-06-01", "2027-06-01");
    const readingSpki = () => Promise.reject(new Error("no TPM"));
    const options = { path: at("own.pem"), participant: "simulated TPM", nowMs: () => nowMs };
    const { ok, detail } = await certificateCheck({ ...options, readingSpki }).run(
      AbortSignal.timeout(1_000),
    );
    expect([ok, detail]).toEqual([true, "by CA, 190 days left"]);
  });

  it.each(["file", "none"])("that is none (%s) is missing", async (name) => {
    const readingSpki = async () => undefined;
    const options = { path: at(name), participant: "h1", nowMs: () => nowMs, readingSpki };
    expect(await codeIn(certificateCheck(options))).toBe("device.certificate");
  });
});

describe("the service", () => {
  const answer = (load: string, active: string, enabled: string): string =>
    `LoadState=${load}\nActiveState=${active}\nUnitFileState=${enabled}\nNRestarts=3\n`;
  it.each([
    { name: "running", shows: answer("loaded", "active", "enabled"), finds: "ok" },
    { name: "failed", shows: answer("loaded", "failed", "enabled"), finds: "device.service" },
    { name: "not enabled", shows: answer("loaded", "active", "disabled"), finds: "device.service" },
    { name: "not there", shows: answer("not-found", "inactive", ""), finds: "device.service" },
  ])("$name: $finds", async ({ shows, finds }) => {
    expect(await codeIn(serviceCheck({ unit: "a.service", show: async () => shows }))).toBe(finds);
  });
});
