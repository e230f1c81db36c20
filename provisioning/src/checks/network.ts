import { readFile } from "node:fs/promises";
import { connect as connectTcp, isIP } from "node:net";
import { connect as connectTls, type PeerCertificate } from "node:tls";
import { endpoint } from "../arguments.js";
import { type Check, type Finding, ill, well } from "./types.js";

export interface PeerOptions {
  readonly endpoint: string;
  readonly tlsHostname: string;
  readonly tlsRootCertificate: string;
}

/** Whether the peer answers and proves its name by TLS. Fabric's peers speak HTTP/2. */
export function peerCheck({
  endpoint: address,
  tlsHostname,
  tlsRootCertificate,
}: PeerOptions): Check {
  return {
    id: "peer",
    title: "Ledger's peer",
    run: async (signal) => {
      const ca = await readFile(tlsRootCertificate, "utf8").catch(() => undefined);
      if (ca === undefined) return ill("device.peer-tls", `${tlsRootCertificate} cannot be read`);
      const { host, port } = endpoint(address);
      return await greet(
        {
          host,
          port,
          servername: tlsHostname,
          ca,
          unreachable: "ledger.unavailable",
          untrusted: "device.peer-tls",
        },
        signal,
      );
    },
  };
}

/** Whether the registrar answers and is the operator's. */
export function registrarCheck(url: string, caFile: string): Check {
  return {
    id: "registrar",
    title: "Registrar",
    run: async (signal) => {
      const ca = await readFile(caFile, "utf8").catch(() => undefined);
      if (ca === undefined) return ill("enrolment.unavailable", `${caFile} cannot be read`);
      const { hostname: host, port } = new URL(url);
      const place = { host: host.replace(/^\[|\]$/g, ""), port: port === "" ? 443 : Number(port) };
      return await greet(
        {
          ...place,
          servername: host,
          ca,
          unreachable: "enrolment.unavailable",
          untrusted: "enrolment.unavailable",
        },
        signal,
      );
    },
  };
}

interface Greeting {
  readonly host: string;
  readonly port: number;
  readonly servername: string;
  readonly ca: string;
  readonly unreachable: "ledger.unavailable" | "enrolment.unavailable";
  readonly untrusted: "device.peer-tls" | "enrolment.unavailable";
}

async function greet(greeting: Greeting, signal: AbortSignal): Promise<Finding> {
  const { host, port, unreachable, untrusted } = greeting;
  const where = `${host}:${port}`;
  const reached = await failureOf((done) => connectTcp({ host, port, signal }, () => done()));
  if (reached !== undefined) return ill(unreachable, `${where}: ${reached}`);
  let certificate: PeerCertificate | undefined;
  const { servername, ca } = greeting;
  // An address is no name to ask for; it is looked for in the certificate all the same.
  const name = isIP(servername) === 0 ? { servername } : {};
  const refused = await failureOf((done) => {
    const socket = connectTls(
      { host, port, ...name, ca, ALPNProtocols: ["h2", "http/1.1"] },
      () => {
        certificate = socket.getPeerCertificate();
        done();
      },
    );
    signal.addEventListener("abort", () => socket.destroy(new Error("no answer in time")), {
      once: true,
    });
    return socket;
  });
  if (refused !== undefined) return ill(untrusted, `${where}: ${refused}`);
  return well(`${where} is ${servername}, until ${day(certificate?.valid_to)}`);
}

const day = (text = ""): string => new Date(text).toISOString().slice(0, 10);

type Socket = ReturnType<typeof connectTcp>;

/** @returns why no connection was made; undefined where it was */
function failureOf(open: (done: () => void) => Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = open(() => {
      resolve(undefined);
      socket.end();
    });
    socket.once("error", (error: Error & { code?: string }) => {
      socket.destroy();
      resolve(error.message || error.code || "no connection");
    });
  });
}
