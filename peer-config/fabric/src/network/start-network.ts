import { existsSync, mkdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { checkFabricVersion, type FabricBinaries, fabricBinaries } from "../binaries.js";
import { FabricError } from "../errors.js";
import { type OrganisationName, type TopologyName, topologies } from "../topology.js";
import { createNetwork, resumeNetwork, untilEveryoneCanEndorse } from "./bring-up.js";
import { channelHeight } from "./channel.js";
import { readJson, writeJson } from "./files.js";
import { Fleet, type RunningProcess } from "./fleet.js";
import { type NetworkFiles, networkFiles } from "./layout.js";
import { type Organisation, openOrganisation } from "./organisation.js";
import { packageChaincode } from "./package.js";
import { loadPorts } from "./ports.js";
import type { Crash } from "./process.js";
import { ProcessRegister } from "./process-register.js";
import { processSpecs } from "./processes.js";
import { membersOf } from "./render.js";
import type { Site } from "./site.js";

export interface NetworkOptions {
  /** Folder of the network: ports, keys, ledgers, logs. Made where missing; with an earlier network's data, that one is started again. */
  readonly dir: string;
  /** Program that serves the chaincode (a Node module), one process per organisation. */
  readonly chaincodeMain: string;
  readonly topology: TopologyName;
  /** Takes what happens, a line each, for people. */
  readonly log: (message: string) => void;
  /** Told of every program that ends without being asked to, after the network is up. */
  readonly onCrash?: (crash: Crash) => void;
  /**
   * Told, at a first start, when the CAs answer: from then on others can be enrolled, while peers and
   * orderers are still to come.
   */
  readonly onIdentities?: (access: NetworkAddress) => void;
  /** Ends the start early; everything started is stopped. */
  readonly signal?: AbortSignal;
}

/** Where a network's organisations are found. */
export interface NetworkAddress {
  readonly channel: string;
  readonly chaincode: string;
  readonly organisations: Readonly<Record<OrganisationName, Organisation>>;
}

/** A network that is up: a transaction can be endorsed and ordered now. */
export interface Network extends NetworkAddress {
  /** Version of Fabric, e.g. `3.1.1`. */
  readonly fabricVersion: string;
  /** Every program that runs now. */
  processes(): RunningProcess[];
  /** Takes all peers away at once, as a power cut would. */
  stopPeers(): Promise<void>;
  /** Starts the peers again and waits until they endorse. */
  startPeers(): Promise<void>;
  /** Number of blocks ordered on the channel. */
  height(): Promise<number>;
  /** Ends all programs in order; the data stays. */
  stop(): Promise<void>;
}

const stamp = z.strictObject({ topology: z.string(), fabric: z.string(), chaincode: z.string() });

/**
 * Brings a network up natively on this machine: certificate authorities, Raft orderers, peers and chaincode of every
 * organisation, TLS everywhere, identities from the CAs. Takes some ten seconds the first time, half of it later.
 * Programs left behind by an earlier run of the same folder are ended first.
 * @throws FabricError with a `fabric.` code; nothing is left running then
 */
export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const binaries = fabricBinaries();
  const files = networkFiles(resolve(options.dir));
  const register = new ProcessRegister(files.processes);
  mkdirSync(files.dir, { recursive: true, mode: 0o700 });
  const { log } = options;
  await register.claim(log);
  const abort = new AbortController();
  let up = false;
  const onCrash = (crash: Crash) => {
    const message = describe(crash);
    log(message);
    if (up) options.onCrash?.(crash);
    else abort.abort(new FabricError("fabric.process-exited", message));
  };
  const setting = { binaries, files, register, log, onCrash, abort };
  const site = await prepare(options, setting).catch((error: unknown) => {
    register.release();
    throw error;
  });
  try {
    const fabricVersion = await checkFabricVersion(binaries);
    await bringUp(site, fabricVersion);
    up = true;
    log("the network is up");
    return open(site, fabricVersion);
  } catch (error) {
    const reason: unknown = site.signal.aborted ? site.signal.reason : error;
    abort.abort(reason);
    await site.fleet.stopAll();
    throw reason;
  }
}

interface Setting {
  readonly binaries: FabricBinaries;
  readonly files: NetworkFiles;
  readonly register: ProcessRegister;
  readonly log: (message: string) => void;
  readonly onCrash: (crash: Crash) => void;
  readonly abort: AbortController;
}

async function prepare(options: NetworkOptions, setting: Setting): Promise<Site> {
  const { binaries, files, register, log, onCrash, abort } = setting;
  const topology = topologies[options.topology];
  if (!existsSync(files.complete)) removeHalfMade(files, log);
  const names = topology.organisations.map(({ name }) => name);
  const members = membersOf(topology, await loadPorts(files.ports, names), files);
  const chaincodePackage = packageChaincode(
    `${topology.chaincode.name}_${topology.chaincode.version}`,
  );
  const chaincode = {
    main: resolve(options.chaincodeMain),
    packageId: chaincodePackage.packageId,
  };
  const specs = members.flatMap((member) =>
    Object.values(processSpecs(member, files, binaries, chaincode)),
  );
  const fleet = new Fleet(specs, register, onCrash);
  const signal = options.signal ? AbortSignal.any([options.signal, abort.signal]) : abort.signal;
  const onIdentities = () => options.onIdentities?.(addressOf(topology, members));
  return { topology, files, members, binaries, fleet, chaincodePackage, signal, log, onIdentities };
}

async function bringUp(site: Site, fabric: string): Promise<void> {
  const { topology, files, chaincodePackage } = site;
  const wanted = { topology: topology.name, fabric, chaincode: chaincodePackage.packageId };
  const made = readJson(files.complete, stamp);
  if (!made) {
    await createNetwork(site);
    writeJson(files.complete, wanted);
    return;
  }
  if (JSON.stringify(made) !== JSON.stringify(wanted)) {
    throw new FabricError(
      "fabric.data-mismatch",
      `${files.dir} holds a network of ${JSON.stringify(made)}, asked for is ${JSON.stringify(wanted)}`,
    );
  }
  await resumeNetwork(site);
}

/** A first start that did not come to its end has nothing worth keeping: no transaction was possible yet. */
function removeHalfMade(files: NetworkFiles, log: (message: string) => void): void {
  if (!existsSync(files.ports)) return;
  log(`removing what an unfinished first start left in ${files.dir}`);
  for (const path of [files.ports, files.organisations, files.channelDir, files.logs]) {
    rmSync(path, { recursive: true, force: true });
  }
}

function addressOf(topology: Site["topology"], members: Site["members"]): NetworkAddress {
  const organisation = (name: OrganisationName) => {
    const member = members.find(({ spec }) => spec.name === name);
    if (!member) throw new Error(`topology ${topology.name} has no organisation ${name}`);
    return openOrganisation(member);
  };
  return {
    channel: topology.channel,
    chaincode: topology.chaincode.name,
    organisations: {
      operator: organisation("operator"),
      utility: organisation("utility"),
      community: organisation("community"),
    },
  };
}

function open(site: Site, fabricVersion: string): Network {
  const { topology, members, fleet, log } = site;
  return {
    ...addressOf(topology, members),
    fabricVersion,
    processes: () => fleet.running(),
    stopPeers: async () => {
      await fleet.stop("peer", "SIGKILL");
      log("all peers are stopped");
    },
    startPeers: async () => {
      await fleet.start("peer");
      await untilEveryoneCanEndorse(site);
      log("all peers are back");
    },
    height: () => channelHeight(members, topology.channel),
    stop: async () => {
      await fleet.stopAll();
      log("the network is stopped");
    },
  };
}

function describe({ name, pid, exitCode, signal, lastLogLines }: Crash): string {
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${exitCode}`;
  return [`${name} (process ${pid}) ${how}; its last lines:`, ...lastLogLines].join("\n  ");
}
