import { z } from "zod";

const withinMs = 3_000;
const part = z.object({
  meter: z.enum(["connection", "generator"]),
  state: z.enum(["waiting", "passed", "failed", "abstains"]),
  text: z.string(),
});
const signTest = z.object({ state: part.shape.state, parts: z.array(part) });
export type SignTestReport = z.infer<typeof signTest>;

/** Starts the sign test on an agent's page, as its button does. @throws where the agent refuses it or does not answer */
export async function startSignTest(port: number): Promise<void> {
  const origin = `http://127.0.0.1:${port}`;
  const response = await fetch(`${origin}/api/wiring/sign-test`, {
    method: "POST",
    headers: { origin },
    signal: AbortSignal.timeout(withinMs),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}

/** What the sign test has come to; undefined before one was started. @throws where the agent does not answer */
export async function readSignTest(port: number): Promise<SignTestReport | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}/api/wiring`, {
    signal: AbortSignal.timeout(withinMs),
  });
  return (
    z.object({ signTest: signTest.nullable() }).parse(await response.json()).signTest ?? undefined
  );
}
