import { readFileSync } from "node:fs";
import * as grpc from "@grpc/grpc-js";
import { discovery, msp, peer } from "@hyperledger/fabric-protos";
import { toLowS } from "../ca/index.js";
import { FabricError } from "../errors.js";
import type { Topology } from "../topology.js";
import { retryUntil } from "./command.js";
import { identityOf, readKeyPair } from "./identities.js";
import { HOST, type Member } from "./render.js";

const CALL_MS = 5_000;
const PAUSE_MS = 100;

/**
 * Waits until the member's peer knows whom to ask for the endorsements that a transaction needs. Ports and health
 * checks do not tell: gossip must have met, and every peer must have told the others that it has the chaincode.
 * Asks Fabric's discovery service, as the gateway does for every transaction.
 * @throws FabricError `fabric.not-ready` at the deadline, with Fabric's last answer
 */
export async function untilEndorsable(
  member: Member,
  { channel, chaincode }: Topology,
  { deadlineMs, signal }: { deadlineMs: number; signal: AbortSignal },
): Promise<void> {
  const { spec, files, ports } = member;
  const credentials = grpc.credentials.createSsl(readFileSync(files.tlsCaCertificate));
  const client = new discovery.DiscoveryClient(`${HOST}:${ports.peer}`, credentials);
  try {
    const request = await endorsersQuery(member, channel, chaincode.name);
    await retryUntil({ deadlineMs, pauseMs: PAUSE_MS, signal }, () => discover(client, request));
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new FabricError(
      "fabric.not-ready",
      `the peer of ${spec.name} finds no endorsers after ${deadlineMs / 1000} s: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  } finally {
    client.close();
  }
}

/** Asks, as the member's administrator, which peers can endorse a call of the chaincode. */
async function endorsersQuery(
  { spec, files }: Member,
  channel: string,
  chaincode: string,
): Promise<discovery.SignedRequest> {
  const admin = identityOf(readKeyPair(files.adminMspDir));
  const identity = new msp.SerializedIdentity();
  identity.setMspid(spec.mspId);
  identity.setIdBytes(Buffer.from(admin.certificatePem));
  const authentication = new discovery.AuthInfo();
  authentication.setClientIdentity(identity.serializeBinary());

  const call = new peer.ChaincodeCall();
  call.setName(chaincode);
  const interest = new peer.ChaincodeInterest();
  interest.setChaincodesList([call]);
  const endorsers = new discovery.ChaincodeQuery();
  endorsers.setInterestsList([interest]);
  const query = new discovery.Query();
  query.setChannel(channel);
  query.setCcQuery(endorsers);

  const request = new discovery.Request();
  request.setAuthentication(authentication);
  request.setQueriesList([query]);
  const payload = request.serializeBinary();
  const signed = new discovery.SignedRequest();
  signed.setPayload(payload);
  signed.setSignature(toLowS(await admin.sign(payload)));
  return signed;
}

function discover(
  client: discovery.DiscoveryClient,
  request: discovery.SignedRequest,
): Promise<void> {
  return new Promise((resolve, reject) => {
    client.discover(request, { deadline: Date.now() + CALL_MS }, (error, response) => {
      if (error || !response) return reject(error ?? new Error("no answer"));
      const [result] = response.getResultsList();
      if (result?.hasCcQueryRes()) return resolve();
      reject(new Error(result?.getError()?.getContent() ?? "an answer of another kind"));
    });
  });
}
