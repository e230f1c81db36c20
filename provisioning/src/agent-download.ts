import { CodedError, codeOf } from "@powershare/domain/errors";
import { z } from "zod";

/** Where an agent's page and API are unless configured otherwise. */
export const defaultAgentUrl = "http://127.0.0.1:8080";

const refusal = z.object({ error: z.string(), code: z.string().optional() });

/**
 * Asks the running agent for something large.
 * @throws CodedError with the agent's own code, or Error where it cannot be reached or refuses
 */
export async function downloadFromAgent(
  agentUrl: string,
  path: string,
): Promise<{ readonly body: ReadableStream<Uint8Array>; readonly length: number | undefined }> {
  const url = new URL(path, agentUrl);
  let response: Response;
  try {
    // The agent's local API takes this header for proof that no page of a browser asks.
    response = await fetch(url, { headers: { "powershare-command": "powershare" } });
  } catch (cause) {
    throw new Error(`no agent answers at ${agentUrl}: start it, or name its address with --url`, {
      cause,
    });
  }
  if (response.ok && response.body !== null) {
    const length = response.headers.get("content-length");
    return { body: response.body, length: length === null ? undefined : Number(length) };
  }
  const text = await response.text();
  const parsed = refusal.safeParse(asJson(text));
  const message = parsed.success ? parsed.data.error : `status ${response.status}`;
  const code = parsed.success ? codeOf({ code: parsed.data.code }) : undefined;
  if (code !== undefined) throw new CodedError(code, `the agent says: ${message}`);
  throw new Error(`the agent at ${agentUrl} refuses: ${message}`);
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
