import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createGenesisBlock, joinOrderer } from "./channel.js";
import { retryUntil } from "./command.js";
import { untilEndorsable } from "./endorsement-probe.js";
import { writePrivate } from "./files.js";
import { enrolMember } from "./identities.js";
import { lifecycle } from "./lifecycle.js";
import { isRaftLeader } from "./probes.js";
import { type Member, renderCa, writeNodeConfiguration } from "./render.js";
import type { Site } from "./site.js";

/** From gossip's and Raft's first words to the first endorsed transaction: 2 s here, more on a slow board. */
const DEADLINE_MS = 60_000;
const JOIN_RETRY = { deadlineMs: 20_000, pauseMs: 200 };

/** Brings up a network from nothing to a committed chaincode. */
export async function createNetwork(site: Site): Promise<void> {
  const { fleet, files, members, log, signal, topology, binaries } = site;
  const secrets = members.map(() => randomBytes(24).toString("base64url"));
  for (const [index, member] of members.entries()) writeCa(member, secrets[index] ?? "");
  await fleet.start("ca");
  log(`${members.length} certificate authorities answer`);

  await Promise.all(members.map((member, index) => enrolMember(member, secrets[index] ?? "")));
  writeNodeConfiguration(members);
  writePrivate(files.chaincodePackage, site.chaincodePackage.bytes);
  log("identities are enrolled");
  site.onIdentities();
  signal.throwIfAborted();

  const genesis = createGenesisBlock(binaries, topology, members, files);
  await Promise.all([
    Promise.all([genesis, fleet.start("orderer")]).then(() => joinOrderers(site)),
    Promise.all([genesis, fleet.start("peer")]).then(() => joinPeers(site)),
    fleet.start("chaincode"),
  ]);
  await commitChaincode(site);
  await untilEveryoneCanEndorse(site);
}

/** Starts a network that has been up before: Fabric finds its channel and chaincode in its data. */
export async function resumeNetwork(site: Site): Promise<void> {
  const { fleet, members } = site;
  writeNodeConfiguration(members);
  await Promise.all((["ca", "orderer", "peer", "chaincode"] as const).map((k) => fleet.start(k)));
  site.log("all programs serve again");
  await Promise.all([untilOrdered(site), untilEveryoneCanEndorse(site)]);
}

/** Waits until the gateway of every organisation's peer can gather enough endorsements. */
export async function untilEveryoneCanEndorse({ members, topology, signal }: Site): Promise<void> {
  const deadline = { deadlineMs: DEADLINE_MS, signal };
  await Promise.all(members.map((member) => untilEndorsable(member, topology, deadline)));
}

/** Waits until Raft has a leader. */
async function untilOrdered({ members, topology, signal }: Site): Promise<void> {
  await retryUntil({ deadlineMs: DEADLINE_MS, pauseMs: 100, signal }, async () => {
    const leads = members.map(({ ports }) =>
      isRaftLeader(ports.ordererOperations, topology.channel),
    );
    if (!(await Promise.all(leads)).includes(true)) throw new Error("Raft has no leader");
  });
}

function writeCa(member: Member, secret: string): void {
  const { ca, tlsCa } = renderCa(member, secret);
  const { caHome } = member.files;
  writePrivate(join(caHome, "fabric-ca-server-config.yaml"), ca);
  writePrivate(join(caHome, "tlsca", "fabric-ca-server-config.yaml"), tlsCa);
}

async function joinOrderers({ members, files, signal, log }: Site): Promise<void> {
  await Promise.all(
    members.map((member) =>
      retryUntil({ ...JOIN_RETRY, signal }, () => joinOrderer(member, files.genesisBlock)),
    ),
  );
  log(`${members.length} orderers have joined the channel`);
}

async function joinPeers(site: Site): Promise<void> {
  const { members, log } = site;
  const commands = lifecycleOf(site);
  await Promise.all(
    members.map((member) => commands.joinPeer(member).then(() => commands.install(member))),
  );
  log(`${members.length} peers have joined the channel and installed the chaincode`);
}

async function commitChaincode(site: Site): Promise<void> {
  const { members, log, chaincodePackage } = site;
  const commands = lifecycleOf(site);
  await Promise.all(members.map((member) => commands.approve(member, chaincodePackage.packageId)));
  await commands.commit(members);
  log(`the chaincode is approved by ${members.length} organisations and committed`);
}

function lifecycleOf({ binaries, topology, files, signal }: Site) {
  return lifecycle(binaries, topology, files, signal);
}
