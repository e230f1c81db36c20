import * as node from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CodedError } from "@powershare/domain/errors";
import {
  cryptoFrom,
  type EvidenceFile,
  parseEvidenceFile,
  verifyEvidenceFile,
} from "@powershare/domain/evidence";
import {
  type AttackName,
  attackFamilies,
  attackFile,
  attackScene,
} from "@powershare/domain/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type SecondAnswer, secondVerifier } from "../testing/python-verifier.js";
import { recordedHousehold } from "../testing/recorded-household.js";

const crypto = cryptoFrom(node);
const perFamily = Number(process.env["ATTACKS"] ?? 20);
const seed = Number(process.env["SOAK_SEED"] ?? 1);
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "powershare-second-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What ours says, in the words of the second. */
function ours(text: string): SecondAnswer {
  let file: EvidenceFile;
  try {
    file = parseEvidenceFile(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { unreadable: error.message };
  }
  const report = verifyEvidenceFile(file, crypto);
  if (!report.proven) return { proven: false, code: report.code, place: report.place };
  const { software, counter, participant, ...counts } = report;
  const { packages, checkpoints, resets, resetsWithoutBoot, readings, events } = counts;
  const { quotes, unexplained } = software;
  return {
    proven: true,
    proves: {
      participant: participant ?? null,
      packages,
      checkpoints,
      counter: { first: String(counter.first), last: String(counter.last) },
      resets,
      resetsWithoutBoot,
      readings,
      events,
      software: { quotes, unexplained },
    },
  };
}

/** The same answer but for the words. */
const worded = (answer: SecondAnswer) => ("unreadable" in answer ? { unreadable: "" } : answer);

/** Asks both verifiers about files. @returns their answers, once it is clear that they are the same */
function both(files: ReadonlyMap<string, unknown>): SecondAnswer[] {
  const texts = [...files].map(([name, file]) => [name, JSON.stringify(file)] as const);
  const paths = texts.map(([, text], index) => {
    const path = join(folder, `${index}.json`);
    writeFileSync(path, text);
    return path;
  });
  const second = secondVerifier(paths);
  const first = texts.map(([, text]) => ours(text));
  for (const [index, [name]] of texts.entries()) {
    expect([name, worded(second[index] ?? { unreadable: "none" })]).toEqual([
      name,
      worded(first[index] ?? { unreadable: "none" }),
    ]);
  }
  return first;
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value)) {
    return value.map((item: unknown, i) => (String(i) === key ? replaced(item, rest, by) : item));
  }
  const object = Object(value) as Record<string, unknown>;
  return { ...object, [key]: replaced(object[key], rest, by) };
}

describe("a second verifier, in Python, written from the page alone", () => {
  it("agrees with ours on the published vectors, the refused ones included", () => {
    const path = new URL("../../../docs/evidence-vectors.json", import.meta.url);
    const { file, refused } = JSON.parse(readFileSync(path, "utf8")) as {
      file: unknown;
      refused: { code: string; place: string; changes: { at: string; value: unknown }[] }[];
    };
    const changed = refused.map(({ changes }, index) => {
      const apply = (found: unknown, { at, value }: { at: string; value: unknown }) =>
        replaced(found, at.split("/").slice(1), value);
      return [`refused ${index}`, changes.reduce(apply, file)] as const;
    });
    const [whole, ...rest] = both(new Map([["file", file], ...changed]));
    expect(whole).toMatchObject({ proven: true });
    expect(rest).toEqual(refused.map(({ code, place }) => ({ proven: false, code, place })));
  });

  it("agrees on what a household exports: events, a new epoch of a meter, proofs of single readings", async () => {
    const files = await recordedHousehold();
    const answers = both(files);
    expect(answers.filter((answer) => !("proven" in answer) || !answer.proven)).toEqual([]);
    const alone = answers.filter((answer) => "proves" in answer && answer.proves["packages"] === 0);
    expect(alone.length).toBeGreaterThan(5);
  });

  it(`agrees on ${perFamily} attacks of each family, code and place (ATTACKS=${perFamily}, SOAK_SEED=${seed})`, () => {
    const scene = attackScene(node);
    const attacks = (Object.keys(attackFamilies) as AttackName[]).flatMap((family) =>
      Array.from({ length: perFamily }, (_, index) => {
        return [`${family} ${seed + index}`, attackFile(scene, family, seed + index)] as const;
      }),
    );
    const answers = both(new Map([["good", scene.good], ...attacks]));
    expect(answers[0]).toMatchObject({ proven: true });
    expect(answers.slice(1).filter((one) => "proven" in one && one.proven)).toEqual([]);
    expect(answers.length).toBe(1 + perFamily * Object.keys(attackFamilies).length);
  });

  it.each([
    ["a byte order mark", "\u{feff}", true],
    ["a bracket too many", "}", false],
    ["NaN", "NaN", false],
  ])("agrees on %s", (_, before, readable) => {
    const path = join(folder, "text.json");
    const { good } = attackScene(node);
    writeFileSync(path, before + JSON.stringify(good));
    expect("proven" in (secondVerifier([path])[0] ?? {})).toBe(readable);
  });
});
