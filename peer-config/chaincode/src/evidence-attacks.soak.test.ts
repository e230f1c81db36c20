import { expect, it } from "vitest";
import { AttackedLedger } from "./testing/attacked-ledger.js";
import {
  type EvidenceAttack,
  evidenceAttacks,
  tryEvidenceAttacks,
} from "./testing/evidence-attacks.js";

const count = Number(process.env["ATTACKS"] ?? 700);
const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 2 ** 31);

it(`refuses ${count} attacks of every family on the ledger (SOAK_SEED=${seed}, ATTACKS=${count})`, async () => {
  const scene = new AttackedLedger();
  await scene.begin();
  const lines = ["attacks on the ledger's evidence"];
  for (const family of Object.keys(evidenceAttacks) as EvidenceAttack[]) {
    const { refused, accepted } = await tryEvidenceAttacks(scene, family, count, seed);
    const codes = [...refused].sort(([, a], [, b]) => b - a).map(([code, n]) => `${code} ${n}`);
    lines.push(
      `${family.padEnd(20)} tried ${count}, accepted ${accepted.length}: ${codes.join(", ")}`,
    );
    expect([family, accepted]).toEqual([family, []]);
  }
  process.stdout.write(`${lines.join("\n")}\n`);
  expect(await scene.refusal(scene.next())).toBeUndefined();
});
