import { type EvidenceFile, evidenceFile, parseEvidenceFile } from "@powershare/domain/evidence";
import { downloadFromAgent } from "./agent-download.js";

/** An evidence file of the running agent. @throws as downloadFromAgent; Error where it is none */
export async function evidenceFromAgent(agentUrl: string, path: string): Promise<EvidenceFile> {
  return await parsedFromAgent(agentUrl, path, parseEvidenceFile);
}

/** The running agent's part of its evidence files: its public keys. @throws as evidenceFromAgent */
export async function deviceFromAgent(agentUrl: string): Promise<EvidenceFile["device"]> {
  const { device } = evidenceFile.shape;
  return await parsedFromAgent(agentUrl, "/api/evidence/device", (value) => device.parse(value));
}

async function parsedFromAgent<T>(
  agentUrl: string,
  path: string,
  parse: (value: unknown) => T,
): Promise<T> {
  const { body } = await downloadFromAgent(agentUrl, path);
  const text = await new Response(body).text();
  try {
    return parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`the agent at ${agentUrl} sent no evidence: is it of another version?`, {
      cause,
    });
  }
}
