import * as crypto from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { cryptoFrom } from "@powershare/domain/evidence";
import { JSONSerializer } from "fabric-contract-api";
import { Shim } from "fabric-shim";
import ChaincodeFromContract from "fabric-shim/lib/contract-spi/chaincodefromcontract.js";
import { contractClasses } from "./contracts.js";
import { InFlight } from "./in-flight.js";

/** How long a stop waits for calls under way, and then for their answers to leave. */
const drainMs = 10_000;
const lastAnswerMs = 50;

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") {
    process.stderr.write(`chaincode: environment variable ${name} is missing\n`);
    process.exit(2);
  }
  return value;
}

const chaincode = new InFlight(
  new ChaincodeFromContract(
    contractClasses({ crypto: cryptoFrom(crypto), now: Date.now }),
    { transaction: "jsonSerializer", serializers: { jsonSerializer: JSONSerializer } },
    {},
    "powershare",
    "0.1.0",
  ),
);
const server = Shim.server(chaincode, {
  ccid: required("CHAINCODE_ID"),
  address: required("CHAINCODE_SERVER_ADDRESS"),
  tlsProps: {
    key: readFileSync(required("CHAINCODE_TLS_KEY_FILE")),
    cert: readFileSync(required("CHAINCODE_TLS_CERT_FILE")),
    clientCACerts: readFileSync(required("CHAINCODE_CLIENT_CA_FILE")),
  },
});

async function stop(): Promise<void> {
  // The peer never ends its stream, so the server cannot be asked to finish: the calls are counted instead.
  await Promise.race([chaincode.drain(), delay(drainMs)]);
  await delay(lastAnswerMs);
  process.exit(0);
}
process.once("SIGTERM", () => void stop());
process.once("SIGINT", () => void stop());

await server.start();
