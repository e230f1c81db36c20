import { codeOf } from "@powershare/domain/errors";
import type { Family } from "./attacks.js";
import type { Scene } from "./scene.js";

/**
 * Makes `count` attacks of a family.
 * @returns what was not refused as it should be: `accepted`, or with another code; empty where all is well
 */
export async function runFamily(family: Family, scene: Scene, count: number): Promise<string[]> {
  const wrong: string[] = [];
  for (let index = 0; index < count; index++) {
    const attack = await family.prepare(scene);
    try {
      await attack();
      wrong.push(`${index}: accepted`);
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined || !family.codes.includes(code))
        wrong.push(`${index}: ${String(error)}`);
    }
  }
  return wrong;
}

/** What no attack may change: the household's certificate, and how many the CA gave it. */
export function untouched({ desk, victims }: Scene): unknown {
  const { certificate, state, wrong_secrets: wrong } = desk.registrar.require(victims.ticket.id);
  return { certificate, state, wrong, issued: desk.ca.identities.get("h1")?.issued };
}
