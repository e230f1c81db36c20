import { describe, expect, it } from "vitest";
import { placesOf } from "./buses.js";
import { parseConfig } from "./config/load.js";
import type { BusConfig } from "./config/schema.js";

const meter = (unit: number, more = "") =>
  `      - { unit: ${unit}, profile: eastron/sdm630, role: ${unit === 1 ? "connection" : "generator"}, fuseA: 63, phases: 3${more} }`;

function busesOf(line: string, ...meters: string[]): BusConfig[] {
  const text = `participant: h1
dataDir: data
buses:
  - id: line1
    ${line}
    meters:
${meters.join("\n")}
tpm: { device: /dev/tpmrm0 }
ledger: { endpoint: "localhost:1", tlsHostname: h, tlsRootCertificate: a, mspId: M, certificate: b, channel: c, chaincode: p }
`;
  return parseConfig(text, "a.yaml").buses;
}

const overloaded = (line: string, ...meters: string[]) => {
  try {
    placesOf(busesOf(line, ...meters));
    return undefined;
  } catch (error) {
    return error;
  }
};

describe("a bus", () => {
  it("whose meters fit into their intervals is taken, each meter with its own", () => {
    const slow = meter(2, ", pollIntervalMs: 5000");
    const places = placesOf(busesOf("serial: /dev/ttyUSB0", meter(1), slow));
    expect(places).toMatchObject([
      { place: "line1/1", unit: 1, pollIntervalMs: 1_000, profile: { id: "eastron/sdm630" } },
      { place: "line1/2", unit: 2, pollIntervalMs: 5_000 },
    ]);
  });

  it("whose meters cannot be read in time is refused, with the arithmetic", () => {
    const line = "serial: /dev/ttyUSB0\n    pollIntervalMs: 500";
    const error = overloaded(line, meter(1), meter(2));
    expect(error).toMatchObject({ code: "config.bus-overloaded" });
    expect(String(error)).toMatch(/bus line1 cannot read its meters in time:/);
    expect(String(error)).toMatch(/unit 1 eastron\/sdm630: \d+ requests.* = \d+\.\d ms/);
    expect(String(error)).toMatch(/together \d+\.\d ms of 500 ms/);
    expect(String(error)).toMatch(/poll every \d+ ms or more/);
  });

  it("is judged by the share of its time, where meters have intervals of their own", () => {
    const line = "serial: /dev/ttyUSB0\n    baudRate: 2400";
    const often = meter(1, ", pollIntervalMs: 2000");
    expect(overloaded(line, often, meter(2, ", pollIntervalMs: 8000"))).toBeUndefined();
    const error = overloaded(line, often, meter(2, ", pollIntervalMs: 2001"));
    expect(error).toMatchObject({ code: "config.bus-overloaded" });
    expect(String(error)).toMatch(/unit 2 eastron\/sdm630: \d+\.\d ms every 2001 ms: \d+\.\d %/);
    expect(String(error)).toMatch(/together 1\d\d\.\d % of the bus's time/);
  });

  it("over Modbus TCP has no line to overload", () => {
    const line = "tcp: 192.168.1.20:502\n    pollIntervalMs: 100";
    expect(overloaded(line, meter(1), meter(2))).toBeUndefined();
  });
});
