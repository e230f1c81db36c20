import { createSocket } from "node:dgram";
import { once } from "node:events";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { askServer, sntpRequest, sntpTime } from "./sntp.js";

const cookie = 0x1234_5678_9abc_def0n;

/** A server's answer to the question, RFC 4330 section 4. */
function answer(
  utcMs: number,
  changes: { first?: number; stratum?: number; origin?: bigint } = {},
) {
  const packet = Buffer.alloc(48);
  packet.writeUInt8(changes.first ?? 0x24, 0);
  packet.writeUInt8(changes.stratum ?? 2, 1);
  packet.writeBigUInt64BE(changes.origin ?? cookie, 24);
  const sinceS = BigInt(Math.floor(utcMs / 1000)) + 2_208_988_800n;
  const fraction = (BigInt(utcMs % 1000) * 2n ** 32n + 999n) / 1000n;
  packet.writeBigUInt64BE(((sinceS << 32n) | fraction) & (2n ** 64n - 1n), 40);
  return packet;
}

describe("a time server's answer", () => {
  it.each([
    ["2026-06-01T12:00:00.250Z"],
    ["2036-02-07T06:28:15.999Z"],
    // The first second of NTP's next era.
    ["2036-02-07T06:28:16.001Z"],
    ["2040-01-01T00:00:00.000Z"],
  ])("gives %s", (instant) => {
    const utcMs = Date.parse(instant);
    expect(sntpTime(answer(utcMs), cookie)).toBe(utcMs);
  });

  const noonMs = Date.UTC(2026, 5, 1, 12);
  it.each([
    ["to another question", answer(noonMs, { origin: 1n })],
    ["from a server that is not synchronised", answer(noonMs, { first: 0xe4 })],
    ["that is a kiss of death", answer(noonMs, { stratum: 0 })],
    ["from a stratum that is none", answer(noonMs, { stratum: 16 })],
    ["that is a question itself", answer(noonMs, { first: 0x23 })],
    ["cut short", answer(noonMs).subarray(0, 47)],
  ])("is not taken where it is one %s", (_, packet) => {
    expect(sntpTime(packet, cookie)).toBeUndefined();
  });

  it("never upsets the reader", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(sntpTime(Buffer.from(bytes), cookie)).toBeUndefined();
      }),
    );
  });

  it("is had from a server, past packets that are none of its answers", async () => {
    const server = createSocket("udp4");
    server.on("message", (question, { port, address }) => {
      expect(question).toEqual(sntpRequest(cookie));
      server.send("noise", port, address);
      server.send(answer(noonMs, { origin: 7n }), port, address);
      server.send(answer(noonMs), port, address);
    });
    server.bind(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    expect(await askServer({ host: "127.0.0.1", port }, cookie, 10_000)).toBe(noonMs);
    server.close();
    expect(await askServer({ host: "127.0.0.1", port }, cookie, 50)).toBeUndefined();
  });
});
