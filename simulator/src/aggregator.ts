import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { Child } from "./child.js";
import { type NetworkAccess, operatorAttributes } from "./operator-desk.js";
import { enrolSoftwareClient } from "./software-client.js";

const program = fileURLToPath(
  new URL("../../operator/bin/powershare-aggregator.js", import.meta.url),
);

/**
 * Starts the operator's aggregator as a process, with an identity of its own.
 * @param name enrolment id, new on the network
 * @throws CodedError `simulator.process-failed`
 */
export async function startAggregator(
  { channel, chaincode, organisations: { operator } }: NetworkAccess,
  name: string,
  under: string,
): Promise<Child> {
  const directory = join(under, "aggregator");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = (path: string, content: string): string => {
    writeFileSync(join(directory, path), content, { mode: 0o600 });
    return path;
  };
  const { certificatePem, privateKeyPem } = await enrolSoftwareClient(operator, {
    id: name,
    attributes: operatorAttributes(channel),
  });
  const config = {
    dataDir: "data",
    ledger: {
      endpoint: operator.peerEndpoint,
      tlsHostname: operator.peerTlsHostname,
      tlsRootCertificate: file("peer-tls.pem", operator.tlsRootCertificatePem),
      mspId: operator.mspId,
      channel,
      chaincode,
      certificate: file("client.pem", certificatePem),
      key: file("client-key.pem", privateKeyPem),
    },
  };
  file("aggregator.yaml", stringify(config));
  return await Child.start({
    name: "aggregator",
    command: process.execPath,
    args: ["--max-old-space-size=64", program, "--config", join(directory, "aggregator.yaml")],
    logFile: join(directory, "aggregator.log"),
  });
}
