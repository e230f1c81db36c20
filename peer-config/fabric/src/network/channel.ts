import { readFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { z } from "zod";
import type { FabricBinaries } from "../binaries.js";
import { FabricError } from "../errors.js";
import type { Topology } from "../topology.js";
import { runCommand } from "./command.js";
import { writePrivate } from "./files.js";
import type { NetworkFiles } from "./layout.js";
import { HOST, type Member, renderConfigtx } from "./render.js";

const TIMEOUT_MS = 10_000;
const PARTICIPATION = "/participation/v1/channels";

/** Makes the channel's first block from the members' certificates. */
export async function createGenesisBlock(
  binaries: FabricBinaries,
  topology: Topology,
  members: readonly Member[],
  files: NetworkFiles,
): Promise<void> {
  writePrivate(`${files.channelDir}/configtx.yaml`, renderConfigtx(members));
  const args = ["-profile", "Neighbourhood", "-channelID", topology.channel];
  await runCommand(binaries.configtxgen, [...args, "-outputBlock", files.genesisBlock], {
    FABRIC_CFG_PATH: files.channelDir,
  });
}

/**
 * Has the member's orderer take part in the channel, by its channel participation API (what `osnadmin` calls).
 * @throws FabricError `fabric.command-failed` where it refuses or is not there yet
 */
export async function joinOrderer(member: Member, genesisBlock: string): Promise<void> {
  const boundary = "powershare-genesis-block";
  const body = Buffer.concat([
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="config-block"; filename="genesis.block"\r\n` +
        "Content-Type: application/octet-stream\r\n\r\n",
    ),
    readFileSync(genesisBlock),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  const { status, text } = await callAdmin(member, "POST", PARTICIPATION, {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body,
  });
  if (status !== 201) throw refused(member, "to join the channel", status, text);
}

/**
 * @returns number of blocks of the channel, from the first orderer that answers
 * @throws FabricError `fabric.command-failed` where none answers
 */
export async function channelHeight(members: readonly Member[], channel: string): Promise<number> {
  let failure: unknown;
  for (const member of members) {
    try {
      return await ordererHeight(member, channel);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function ordererHeight(member: Member, channel: string): Promise<number> {
  const { status, text } = await callAdmin(member, "GET", `${PARTICIPATION}/${channel}`);
  if (status !== 200) throw refused(member, `to say the height of ${channel}`, status, text);
  return z.object({ height: z.int() }).parse(JSON.parse(text)).height;
}

function refused({ spec }: Member, what: string, status: number, text: string): FabricError {
  return new FabricError(
    "fabric.command-failed",
    `the orderer of ${spec.name} refused ${what}: HTTP ${status} ${text.trim()}`,
  );
}

/** The admin API wants mutual TLS; the orderer's own TLS certificate is one its organisation's TLS CA made. */
function callAdmin(
  { spec, files, ports }: Member,
  method: "GET" | "POST",
  path: string,
  content?: { contentType: string; body: Uint8Array },
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) =>
      reject(
        new FabricError(
          "fabric.command-failed",
          `the orderer of ${spec.name} did not answer at ${HOST}:${ports.ordererAdmin}: ${cause.message}`,
          { cause },
        ),
      );
    const request = httpsRequest(
      {
        host: HOST,
        port: ports.ordererAdmin,
        method,
        path,
        ca: readFileSync(files.tlsCaCertificate),
        cert: readFileSync(files.orderer.tlsCertificate),
        key: readFileSync(files.orderer.tlsKey),
        headers: content
          ? { "content-type": content.contentType, "content-length": content.body.length }
          : {},
        signal: AbortSignal.timeout(TIMEOUT_MS),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", fail);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
      },
    );
    request.on("error", fail);
    request.end(content?.body);
  });
}
