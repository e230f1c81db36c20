import { CodedError } from "../errors/index.js";
import { parseEvidenceFile } from "../evidence/evidence-file.js";
import type { Crypto } from "../evidence/types.js";
import { verifyEvidenceFile } from "../evidence/verify-file.js";
import type { AttackScene } from "./attack-scene.js";
import { type AttackName, attackFamilies } from "./attacks.js";
import { seeded } from "./seeded.js";

export interface AttackCount {
  readonly family: AttackName;
  readonly tried: number;
  /** By the code that refused them. */
  readonly refused: ReadonlyMap<string, number>;
  /** The seeds of those that were not refused. */
  readonly accepted: readonly number[];
}

/** The code that refuses a file, or undefined where it is proven. */
export function refusalOf(file: unknown, crypto: Crypto): string | undefined {
  try {
    const report = verifyEvidenceFile(parseEvidenceFile(JSON.parse(JSON.stringify(file))), crypto);
    return report.proven ? undefined : report.code;
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
}

/** The file that a family makes of a seed. */
export const attackFile = (scene: AttackScene, family: AttackName, seed: number): unknown =>
  attackFamilies[family](scene, seeded(seed));

/** Tries so many of a family, from a seed on. */
export function tryAttacks(
  scene: AttackScene,
  family: AttackName,
  count: number,
  seed: number,
): AttackCount {
  const refused = new Map<string, number>();
  const accepted: number[] = [];
  for (let at = seed; at < seed + count; at++) {
    const code = refusalOf(attackFile(scene, family, at), scene.device.crypto);
    if (code === undefined) accepted.push(at);
    else refused.set(code, (refused.get(code) ?? 0) + 1);
  }
  return { family, tried: count, refused, accepted };
}

/** One line of a table of attacks. */
export function attackLine({ family, tried, refused, accepted }: AttackCount): string {
  const codes = [...refused].sort(([, a], [, b]) => b - a).map(([code, n]) => `${code} ${n}`);
  return `${family.padEnd(20)} tried ${tried}, accepted ${accepted.length}: ${codes.join(", ")}`;
}
