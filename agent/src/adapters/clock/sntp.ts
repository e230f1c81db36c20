import { createSocket } from "node:dgram";

const packetBytes = 48;
/** Seconds from 1900 to 1970. */
const ntpEpochS = 2_208_988_800;
/** NTP's 32-bit seconds begin anew in February 2036: smaller ones are of the next era. */
const eraS = 2 ** 32;

/** A client's question (RFC 4330, section 5): version 4, mode 3; the cookie comes back with the answer. */
export function sntpRequest(cookie: bigint): Buffer {
  const packet = Buffer.alloc(packetBytes);
  packet.writeUInt8(0x23, 0);
  packet.writeBigUInt64BE(cookie, 40);
  return packet;
}

/**
 * Reads the server's time, UTC in ms, from its answer: that at which the answer left.
 * @returns undefined where the packet is no answer to this question, or the server has no time itself
 */
export function sntpTime(packet: Buffer, cookie: bigint): number | undefined {
  if (packet.length < packetBytes || packet.readBigUInt64BE(24) !== cookie) return undefined;
  const first = packet.readUInt8(0);
  const stratum = packet.readUInt8(1);
  const synchronised = first >> 6 !== 3 && stratum >= 1 && stratum <= 15;
  if ((first & 7) !== 4 || !synchronised) return undefined;
  const seconds = packet.readUInt32BE(40);
  const fraction = packet.readUInt32BE(44);
  if (seconds === 0 && fraction === 0) return undefined;
  const sinceS = seconds < 2 ** 31 ? seconds + eraS : seconds;
  return (sinceS - ntpEpochS) * 1000 + Math.floor((fraction * 1000) / 2 ** 32);
}

/**
 * Asks a time server once.
 * @returns its UTC in ms, good to half the time the answer took; undefined if none came by the deadline
 */
export function askServer(
  server: { readonly host: string; readonly port?: number },
  cookie: bigint,
  deadlineMs: number,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(server.host.includes(":") ? "udp6" : "udp4");
    let ended = false;
    const end = (time: number | undefined): void => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      socket.close();
      resolve(time);
    };
    const timer = setTimeout(() => end(undefined), deadlineMs);
    socket.on("error", () => end(undefined));
    socket.on("message", (packet) => {
      const time = sntpTime(packet, cookie);
      if (time !== undefined) end(time);
    });
    socket.send(sntpRequest(cookie), server.port ?? 123, server.host, (error) => {
      if (error) end(undefined);
    });
  });
}
