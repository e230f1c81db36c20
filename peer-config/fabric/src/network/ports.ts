import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";
import { z } from "zod";
import { FabricError } from "../errors.js";
import { readJson, writeJson } from "./files.js";

const portNames = [
  "ca",
  "caOperations",
  "orderer",
  "ordererAdmin",
  "ordererOperations",
  "peer",
  "peerOperations",
  "chaincode",
] as const;

/** Ports of one organisation's nodes, all on 127.0.0.1. */
export type OrganisationPorts = Readonly<Record<(typeof portNames)[number], number>>;
export type Ports = Readonly<Record<string, OrganisationPorts>>;

const port = z.int().min(1).max(65_535);
const portsFile = z.record(z.string(), z.record(z.enum(portNames), port));

// Below the range from which Linux takes ports of outgoing connections (32768 and above): a port that is kept
// for the next start must not be lent to somebody's browser in between.
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const MAX_TRIES = 1_000;

/**
 * Ports of a network: those kept in `file`, else free ones, chosen now and kept there. They stand in the channel's
 * configuration, so they stay the same for the network's life.
 * @throws FabricError `fabric.port-taken` where a kept port is in use by somebody else, or none is free
 */
export async function loadPorts(file: string, organisations: readonly string[]): Promise<Ports> {
  const kept = readJson(file, portsFile);
  const held: Server[] = [];
  try {
    if (kept) {
      for (const [organisation, ports] of Object.entries(kept)) {
        for (const [name, number] of Object.entries(ports)) {
          held.push(await hold(number, `${name} of ${organisation}`));
        }
      }
      return kept;
    }
    const chosen: Record<string, OrganisationPorts> = {};
    for (const organisation of organisations) chosen[organisation] = await choose(held);
    writeJson(file, chosen);
    return chosen;
  } finally {
    await Promise.all(held.map((server) => new Promise((done) => server.close(done))));
  }
}

/** All chosen ports are held until the last one is chosen, so that none is chosen twice. */
async function choose(held: Server[]): Promise<OrganisationPorts> {
  const next = async () => {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const number = randomInt(FIRST_PORT, LAST_PORT);
      const server = await listen(number);
      if (server instanceof Error) continue;
      held.push(server);
      return number;
    }
    throw new FabricError(
      "fabric.port-taken",
      `found no free port between ${FIRST_PORT} and ${LAST_PORT} on 127.0.0.1`,
    );
  };
  return {
    ca: await next(),
    caOperations: await next(),
    orderer: await next(),
    ordererAdmin: await next(),
    ordererOperations: await next(),
    peer: await next(),
    peerOperations: await next(),
    chaincode: await next(),
  };
}

async function hold(number: number, purpose: string): Promise<Server> {
  const server = await listen(number);
  if (!(server instanceof Error)) return server;
  throw new FabricError(
    "fabric.port-taken",
    `port ${number} on 127.0.0.1 (${purpose}) cannot be used: ${server.message}`,
    { cause: server },
  );
}

function listen(number: number): Promise<Server | Error> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen({ port: number, host: "127.0.0.1", exclusive: true }, () => resolve(server));
  });
}
