import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig, parseConfig } from "./load.js";

const good = `participant: h1
dataDir: data
buses:
  - id: line1
    serial: /dev/ttyUSB0
    baudRate: 9600
    parity: none
    pollIntervalMs: 1000
    meters:
      - { unit: 1, profile: eastron/sdm630, role: connection, serialNumber: "12345678", fuseA: 63, phases: 3 }
      - { unit: 2, profile: eastron/sdm230, role: generator, fuseA: 32, phases: 1 }
tpm: { device: /dev/tpmrm0 }
slots: { seconds: 900, boundaryToleranceMs: 9000, checkpointSeconds: 60 }
ledger:
  endpoint: localhost:7051
  tlsHostname: localhost
  tlsRootCertificate: tls.pem
  mspId: CommunityMSP
  certificate: certificate.pem
  channel: neighbourhood
  chaincode: powershare
market:
  sell: { enabled: true, minMicroPerKwh: 80000 }
  buy: { enabled: true, maxMicroPerKwh: 220000 }
http: { host: 127.0.0.1, port: 8080 }
log: { level: info }
`;

describe("configuration", () => {
  it("takes the documented file, with paths relative to its folder", () => {
    const config = parseConfig(good, "/etc/powershare/agent.yaml");
    expect(config.dataDir).toBe("/etc/powershare/data");
    expect(config.ledger.certificate).toBe("/etc/powershare/certificate.pem");
    expect(config.buses[0]?.serial).toBe("/dev/ttyUSB0");
    expect(config.ledger.retryMaxMs).toBe(300_000);
  });

  it.each([
    ["serial: { adapter: A50285BI }", { serial: { adapter: "A50285BI" } }],
    ['serial: { adapter: "1a86:7523" }', { serial: { adapter: "1a86:7523" } }],
    ["tcp: 192.168.1.20:502", { tcp: { host: "192.168.1.20", port: 502 } }],
    ['tcp: "[fe80::1]:502"', { tcp: { host: "fe80::1", port: 502 } }],
    ["rtuOverTcp: gateway.local:4196", { rtuOverTcp: { host: "gateway.local", port: 4196 } }],
  ])("takes a bus by %s", (line, place) => {
    const { buses } = parseConfig(good.replace("serial: /dev/ttyUSB0", line), "a.yaml");
    expect(buses[0]).toMatchObject(place);
    const rest = Object.entries({
      serial: undefined,
      tcp: undefined,
      rtuOverTcp: undefined,
      ...place,
    });
    expect(rest.filter(([, value]) => value !== undefined)).toHaveLength(1);
  });

  it("fills in what is left out", () => {
    const lean = good.replace(/^(slots|http|log|market| {2}sell| {2}buy):.*\n/gm, "");
    expect(parseConfig(lean, "a.yaml")).toMatchObject({
      slots: { seconds: 900, boundaryToleranceMs: 9000, checkpointSeconds: 60 },
      market: { sell: { enabled: false }, buy: { enabled: false } },
      http: { host: "127.0.0.1", port: 8080 },
    });
  });

  it.each([
    [
      "an unknown key",
      "participant: h1",
      "participant: h1\ncolour: red",
      "config.invalid",
      "a.yaml:2: colour: unknown key",
    ],
    [
      "an unknown key deep inside",
      "  mspId:",
      "  mspid: x\n  mspId:",
      "config.invalid",
      "a.yaml:18: ledger.mspid: unknown key",
    ],
    [
      "a wrong type",
      "baudRate: 9600",
      "baudRate: fast",
      "config.invalid",
      "a.yaml:6: buses[0].baudRate: ",
    ],
    ["a missing key", "participant: h1\n", "", "config.invalid", "participant: "],
    [
      "a missing serial port",
      "    serial: /dev/ttyUSB0\n",
      "",
      "config.invalid",
      "a.yaml:4: buses[0].serial: exactly one of serial, tcp and rtuOverTcp",
    ],
    [
      "two transports of one bus",
      "    serial: /dev/ttyUSB0\n",
      "    serial: /dev/ttyUSB0\n    tcp: 192.168.1.20:502\n",
      "config.invalid",
      "a.yaml:6: buses[0].tcp: exactly one of",
    ],
    [
      "two buses on one line",
      "tpm: ",
      "  - { id: line2, serial: /dev/ttyUSB0, meters: [{ unit: 3, profile: eastron/sdm230, role: generator, fuseA: 32, phases: 1 }] }\ntpm: ",
      "config.invalid",
      "a line of its own for each bus",
    ],
    [
      "an adapter by nothing",
      "serial: /dev/ttyUSB0",
      "serial: { adaptor: A50285BI }",
      "config.invalid",
      "a.yaml:5: buses[0].serial: a path, or { adapter: ",
    ],
    [
      "a gateway without port",
      "serial: /dev/ttyUSB0",
      "rtuOverTcp: gateway.local",
      "config.invalid",
      "a.yaml:5: buses[0].rtuOverTcp: host:port",
    ],
    [
      "a port that there is not",
      "serial: /dev/ttyUSB0",
      "tcp: gateway.local:70000",
      "config.invalid",
      "a.yaml:5: buses[0].tcp: a port from 1 to 65535",
    ],
    [
      "a serial number without quotes",
      '"12345678"',
      "12345678",
      "config.invalid",
      "a.yaml:10: buses[0].meters[0].serialNumber: ",
    ],
    [
      "both kinds of TPM",
      "{ device: /dev/tpmrm0 }",
      "{ device: a, swtpm: b }",
      "config.invalid",
      "a.yaml:12: tpm: either",
    ],
    [
      "two meters with one unit id",
      "unit: 2",
      "unit: 1",
      "config.invalid",
      "a.yaml:9: buses[0].meters: a unit id of its own",
    ],
    [
      "no connection point",
      "role: connection",
      "role: generator",
      "config.invalid",
      "exactly one meter with role connection",
    ],
    [
      "an endpoint without port",
      "localhost:7051",
      "localhost",
      "config.invalid",
      "a.yaml:15: ledger.endpoint: host:port",
    ],
    ["broken YAML", "tpm: {", "tpm: [", "config.invalid", "a.yaml:12: not YAML"],
    [
      "a page for everybody",
      "host: 127.0.0.1",
      "host: 0.0.0.0",
      "config.http-exposed",
      "0.0.0.0 can be reached",
    ],
    [
      "a page on the LAN",
      "host: 127.0.0.1",
      "host: 192.168.1.5",
      "config.http-exposed",
      "192.168.1.5",
    ],
  ] as const)("says where and what for %s", (_name, from, to, code, message) => {
    const text = good.replace(from, to);
    const parse = (): unknown => parseConfig(text, "a.yaml");
    expect(parse).toThrow(expect.objectContaining({ code }));
    expect(parse).toThrow(message);
  });

  it("says all that is wrong at once", () => {
    const text = good.replace("participant: h1", "participant: H1").replace("9600", "1");
    expect(() => parseConfig(text, "a.yaml")).toThrow(/participant.*\n.*baudRate/);
  });

  it("refuses a file or a certificate that cannot be read", () => {
    const folder = mkdtempSync(join(tmpdir(), "powershare-config-"));
    const path = join(folder, "agent.yaml");
    expect(() => loadConfig(path)).toThrow(expect.objectContaining({ code: "config.unreadable" }));
    writeFileSync(path, good);
    expect(() => loadConfig(path)).toThrow(expect.objectContaining({ code: "config.invalid" }));
    expect(() => loadConfig(path)).toThrow("ledger.tlsRootCertificate");
    writeFileSync(join(folder, "tls.pem"), "none\n");
    expect(() => loadConfig(path)).toThrow("ledger.tlsRootCertificate: no certificate");
    rmSync(folder, { recursive: true });
  });
});
