import { CodedError, remedyFor } from "@powershare/domain/errors";
import { describe, expect, it } from "vitest";
import { lineText } from "./lines-text.js";
import { runChecks } from "./run-checks.js";
import { type Check, ill, well } from "./types.js";

const check = (id: string, run: Check["run"]): Check => ({ id, title: id, run });
const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe("checks", () => {
  it("tell their lines in their own order, whichever ends first, and never more than a few at once", async () => {
    let open = 0;
    let most = 0;
    const checks = Array.from({ length: 12 }, (_, index) =>
      check(`c${index}`, async () => {
        most = Math.max(most, ++open);
        await after((12 - index) * 2);
        open -= 1;
        return well("fine");
      }),
    );
    const told: string[] = [];
    const lines = await runChecks(checks, ({ id }) => told.push(id), { concurrency: 3 });
    expect(told).toEqual(checks.map(({ id }) => id));
    expect(lines.map(({ id }) => id)).toEqual(told);
    expect(most).toBe(3);
  });

  it.each([
    {
      name: "an error with a code is a finding",
      error: new CodedError("tpm.cleared", "gone"),
      looked: true,
      code: "tpm.cleared",
    },
    {
      name: "any other error is a look that failed",
      error: new Error("odd\n  thing"),
      looked: false,
      code: "device.unlooked",
    },
  ])("$name", async ({ error, looked, code }) => {
    const throws = check("it", async () => {
      throw error;
    });
    const [line] = await runChecks([throws]);
    expect(line).toMatchObject({ ok: false, looked, code });
    expect(line?.detail).not.toContain("\n");
    expect(line?.remedy).not.toBe("");
  });

  it("that do not end are given up at their deadline, and told so; the others go on", async () => {
    let told: unknown;
    const hangs = check("hangs", async (signal) => {
      signal.addEventListener("abort", () => {
        told = signal.reason;
      });
      return await new Promise(() => {});
    });
    const lines = await runChecks([hangs, check("next", async () => well("fine"))], undefined, {
      deadlineMs: 20,
      concurrency: 1,
    });
    expect(lines).toMatchObject([
      { looked: false, detail: "no result within 0.02 s" },
      { ok: true },
    ]);
    expect(told).toBeInstanceOf(Error);
  });
});

describe("a line as text", () => {
  const long = "a/very/long/path ".repeat(10).trim();
  const style = { columns: 80, colour: false };

  it("is one row where all is well, cut to the terminal", async () => {
    const [line] = await runChecks([
      check("a title that is longer than its column", async () => well(long)),
    ]);
    if (line === undefined) throw new Error("no line");
    const text = lineText(line, style, false);
    expect(text).not.toContain("\n");
    expect(text.length).toBeLessThan(80);
    expect(text).toMatch(/^ok .*…$/);
  });

  it("where it is not, has all that was seen, code and remedy, in rows that fit", async () => {
    const [line] = await runChecks([check("disk", async () => ill("store.full", long))]);
    if (line === undefined) throw new Error("no line");
    const rows = lineText(line, style, false).split("\n");
    for (const row of rows) expect(row.length).toBeLessThan(80);
    const said = rows.map((row) => row.trim()).join(" ");
    expect(said).toBe(`FAIL  disk ${long} [store.full] ${remedyFor("store.full")}`);
    expect(lineText(line, style, true)).toContain("[store.full] as above");
    expect(lineText(line, { ...style, colour: true }, false)).toContain("\u001b[31mFAIL");
  });
});
