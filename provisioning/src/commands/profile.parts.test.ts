import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const fromRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const profiles = fromRoot("firmware-profiles/profiles/eastron");
const folder = mkdtempSync(join(tmpdir(), "profile-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command. */
function powershare(...args: string[]): Promise<Outcome> {
  const file = fromRoot("provisioning/bin/powershare.js");
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

function written(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe("powershare profile", () => {
  test("list names all profiles", async () => {
    const { code, stdout } = await powershare("profile", "list", "--json");
    expect(code).toBe(0);
    const { profiles } = JSON.parse(stdout) as { profiles: object[] };
    expect(profiles).toContainEqual(
      expect.objectContaining({
        id: "eastron/sdm630",
        captures: "constructed",
        transports: ["rtu"],
      }),
    );
  });

  test("decode prints one JSON document with all values of the golden capture", async () => {
    const capture = join(profiles, "sdm630.capture");
    const args = ["profile", "decode", "eastron/sdm630", "--capture", capture, "--json"];
    const { code, stdout } = await powershare(...args);
    expect(code).toBe(0);
    const expected = readFileSync(join(profiles, "sdm630.expected.json"), "utf8");
    expect(JSON.parse(stdout)).toEqual(JSON.parse(expected));
  });

  test("decode exits 1 where a frame does not decode, and says which line", async () => {
    const ask = "> 01 04 00 00 00 02 71 CB";
    const capture = written("bad.capture", `${ask}\n< 01 04 04 43 66 33 33 5A 00\n`);
    const args = ["profile", "decode", "eastron/sdm630", "--capture", capture];
    const { code, stdout } = await powershare(...args, "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      values: {},
      errors: [{ line: 2, code: "frame.crc" }],
    });
    const people = await powershare(...args);
    expect(people).toMatchObject({ code: 1, stdout: "" });
    expect(people.stderr).toContain(`${capture}:2: [frame.crc]`);
  });

  test.each([
    {
      name: "an unparsable capture",
      file: () => written("x", "nonsense\n"),
      says: /x: line 1: expected .*, found "nonsense"/,
    },
    { name: "an empty capture", file: () => written("y", "# tcp\n"), says: /y: expected at least/ },
    { name: "a missing capture", file: () => join(folder, "none"), says: /cannot read .*none/ },
    { name: "a folder", file: () => folder, says: /cannot read/ },
  ])("decode exits 2 on $name", async ({ file, says }) => {
    const args = ["profile", "decode", "eastron/sdm630", "--capture", file(), "--json"];
    const { code, stderr, stdout } = await powershare(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(says);
  });

  test("an unknown profile is refused with near names", async () => {
    const { code, stderr } = await powershare("profile", "show", "eastron/smd630");
    expect(code).toBe(2);
    expect(stderr).toContain("eastron/sdm630");
    expect(stderr).toContain("[profile.unknown]");
  });

  test("validate tells a valid, an invalid and an unreadable profile apart", async () => {
    const sound = join(profiles, "sdm230.yaml");
    expect(await powershare("profile", "validate", sound)).toMatchObject({ code: 0 });
    const text = readFileSync(sound, "utf8");
    const invalid = written("invalid.yaml", text.replace("unit: Hz", "unit: V"));
    const judged = await powershare("profile", "validate", invalid, "--json");
    expect(judged.code).toBe(1);
    expect(JSON.parse(judged.stdout)).toMatchObject({
      valid: false,
      problems: [expect.stringContaining("registers.7.unit")],
    });
    const broken = await powershare("profile", "validate", written("broken.yaml", "a: [\n"));
    expect(broken.code).toBe(2);
    expect(broken.stderr).toMatch(/line \d+/);
  });

  test("ends quietly where its reader has seen enough", () => {
    const command = `"${process.execPath}" "${fromRoot("provisioning/bin/powershare.js")}"`;
    const script = `${command} profile show eastron/sdm630 | head -c 1; exit \${PIPESTATUS[0]}`;
    const { status, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test("says that its output cannot be written", () => {
    const command = `"${process.execPath}" "${fromRoot("provisioning/bin/powershare.js")}"`;
    const script = `${command} profile list > /dev/full`;
    const { status, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    expect(status).toBe(3);
    expect(stderr).toContain("cannot write the output: ENOSPC");
  });

  test("plan prints requests and their time on the wire", async () => {
    const { code, stdout } = await powershare("profile", "plan", "eastron/sdm630", "--json");
    expect(code).toBe(0);
    const requests = [{ address: 0 }, { address: 52 }, { address: 234 }, { address: 342 }];
    expect(JSON.parse(stdout)).toMatchObject({
      baudRate: 9600,
      plans: [{ pollClass: "fast", values: 52, wireTimeMs: 333.3, requests }, {}, {}],
    });
  });

  test("plan says whether a meter's bus fits its interval, with the sum, and exits 1 where not", async () => {
    const fits = await powershare("profile", "plan", "eastron/sdm630", "--interval", "1000");
    expect(fits.code).toBe(0);
    expect(fits.stdout).toContain("together 333.3 ms of 1000 ms: 33.3 % at 9600 Bd");
    const args = ["profile", "plan", "eastron/sdm630", "--interval", "300", "--json"];
    const { code, stdout } = await powershare(...args);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ bus: { fits: false, pollIntervalMs: 300 } });
  });

  test("plan and show work for a SunSpec profile without a device", async () => {
    const plan = await powershare("profile", "plan", "sunspec/meter");
    expect(plan).toMatchObject({ code: 0, stderr: "" });
    expect(plan.stdout).toContain("shortest chain of models");
    const show = await powershare("profile", "show", "sunspec/meter");
    expect(show.stdout).toContain("SunSpec: models 201, 202, 203, 204, from 40000, 50000, 0");
  });
});
