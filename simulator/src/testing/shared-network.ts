import type { Server } from "node:http";
import { join } from "node:path";
import { type Network, startNetwork } from "@powershare/fabric";
import type { TestProject } from "vitest/node";
import { chaincodeMain } from "../run-demo.js";
import { createRunDirectory, removeRun } from "../run-directory.js";
import { serveNetwork } from "./network-control.js";

declare module "vitest" {
  interface ProvidedContext {
    /** Socket of the one network that all system tests share: see `connectNetwork`. */
    networkSocket: string;
  }
}

let directory: string | undefined;
let network: Network | undefined;
let server: Server | undefined;

/** Brings up one network for all system tests of a run. */
export async function setup(project: TestProject): Promise<void> {
  directory = await createRunDirectory();
  const log: string[] = [];
  try {
    network = await startNetwork({
      dir: join(directory, "network"),
      chaincodeMain,
      topology: "neighbourhood",
      log: (message) => log.push(message),
    });
  } catch (error) {
    throw new Error(`the network did not start:\n${log.join("\n")}`, { cause: error });
  }
  const socket = join(directory, "network.sock");
  server = await serveNetwork(network, socket);
  project.provide("networkSocket", socket);
}

export async function teardown(): Promise<void> {
  server?.close();
  await network?.stop();
  if (directory !== undefined) await removeRun(directory);
}
