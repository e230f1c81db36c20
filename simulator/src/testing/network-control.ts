import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { json } from "node:stream/consumers";
import type { Network } from "@powershare/fabric";
import { z } from "zod";
import type { NetworkAccess } from "../operator-desk.js";

// The network's processes are held by the one who set the tests up; test workers reach it over a socket.
const keyPair = z.object({ certificatePem: z.string(), privateKeyPem: z.string() });
const organisation = z.object({
  mspId: z.string(),
  caUrl: z.string(),
  caName: z.string(),
  caTlsCertificatePem: z.string(),
  peerEndpoint: z.string(),
  peerTlsHostname: z.string(),
  tlsRootCertificatePem: z.string(),
  admin: keyPair,
  registrar: keyPair,
});
const organisations = z.object({
  operator: organisation.extend({ name: z.literal("operator") }),
  utility: organisation.extend({ name: z.literal("utility") }),
  community: organisation.extend({ name: z.literal("community") }),
});
const description = z.object({
  channel: z.string(),
  chaincode: z.string(),
  fabricVersion: z.string(),
  organisations,
});
const client = z.object({
  organisation: z.enum(["operator", "utility", "community"]),
  client: z.object({
    id: z.string(),
    type: z.literal("client"),
    attributes: z.record(z.string(), z.string()),
    maxEnrollments: z.literal(1),
  }),
});

/** Lets other processes of this user use and disturb the network, over a Unix socket. */
export async function serveNetwork(network: Network, socketPath: string): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    carryOut(network, incoming).then(
      (answer) => outgoing.end(JSON.stringify(answer ?? null)),
      (error: unknown) => {
        outgoing.statusCode = 500;
        outgoing.end(JSON.stringify(error instanceof Error ? error.message : String(error)));
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return server;
}

async function carryOut(network: Network, incoming: IncomingMessage): Promise<unknown> {
  switch (incoming.url) {
    case "/description": {
      const { channel, chaincode, fabricVersion } = network;
      return { channel, chaincode, fabricVersion, organisations: network.organisations };
    }
    case "/height":
      return await network.height();
    case "/stop-peers":
      return await network.stopPeers();
    case "/start-peers":
      return await network.startPeers();
    case "/register": {
      const wanted = client.parse(await json(incoming));
      return await network.organisations[wanted.organisation].register(wanted.client);
    }
    case undefined:
    default:
      throw new RangeError(`no such call: ${incoming.url}`);
  }
}

/** The network behind a socket, as if it were held here. */
export async function connectNetwork(socketPath: string): Promise<NetworkAccess> {
  const { organisations: found, ...rest } = description.parse(
    await call(socketPath, "description"),
  );
  const withRegister = <T extends { readonly name: "operator" | "utility" | "community" }>(
    o: T,
  ) => ({
    ...o,
    register: async (wanted: z.infer<typeof client>["client"]) =>
      z
        .string()
        .parse(await call(socketPath, "register", { organisation: o.name, client: wanted })),
  });
  return {
    ...rest,
    organisations: {
      operator: withRegister(found.operator),
      utility: withRegister(found.utility),
      community: withRegister(found.community),
    },
    height: async () => z.int().parse(await call(socketPath, "height")),
    stopPeers: async () => void (await call(socketPath, "stop-peers")),
    startPeers: async () => void (await call(socketPath, "start-peers")),
  };
}

function call(socketPath: string, path: string, body?: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { socketPath, path: `/${path}`, method: "POST", timeout: 120_000 },
      (incoming) => {
        json(incoming).then(
          (answer) =>
            incoming.statusCode === 200 ? resolve(answer) : reject(new Error(String(answer))),
          reject,
        );
      },
    );
    outgoing.once("error", reject);
    outgoing.once("timeout", () => outgoing.destroy(new Error(`${path}: no answer`)));
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
