import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const command = fileURLToPath(new URL("../../bin/powershare.js", import.meta.url));
const fixture = (name: string) =>
  fileURLToPath(new URL(`../../fixtures/tamper/${name}`, import.meta.url));
const site: unknown = JSON.parse(readFileSync(fixture("site.json"), "utf8"));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "powershare-tamper-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function written(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const siteWith = (members: object) =>
  written("site.json", JSON.stringify({ ...(site as object), ...members }));

function replay(siteFile: string, readings: string, ...more: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [command, "tamper", "replay", "--site", siteFile, readings, ...more],
    { encoding: "utf8", timeout: 30_000 },
  );
  return { status, stdout, stderr };
}

describe("powershare tamper replay", () => {
  it("exits 0 for a home that is wired right", () => {
    const { status, stdout, stderr } = replay(fixture("site.json"), fixture("clean.csv"), "--json");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ verdicts: [], final: { verdict: "ok" }, days: 21 });
  });

  it("exits 1 where the cables were exchanged, and says so to people", () => {
    const { status, stdout } = replay(fixture("site.json"), fixture("swapped.csv"));
    expect(status).toBe(1);
    expect(stdout).toContain("swapped");
    expect(stdout).toContain("Have an electrician");
  });

  it("takes neighbours from a file beside the site's", () => {
    const header = "ts_utc,seconds,household,production_wh";
    written("neighbours.csv", `${header}\n2017-03-01T20:00:00Z,3600,n1,2000\n`);
    const withNeighbours = () => siteWith({ neighbours: "neighbours.csv" });
    expect(replay(withNeighbours(), fixture("clean.csv")).status).toBe(0);
    const missing = replay(siteWith({ neighbours: "none.csv" }), fixture("clean.csv"));
    expect(missing.status).toBe(2);
    expect(missing.stderr).toContain(`cannot read ${join(folder, "none.csv")}`);
    written("neighbours.csv", `${header}\n2017-03-01T20:00:00Z,3600,n1,-\n`);
    const wrong = replay(withNeighbours(), fixture("clean.csv"));
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain('neighbours.csv:2:30: found "-" in production_wh');
  });

  it("warns of a channel that the site declares and no row has", () => {
    const { status, stderr } = replay(
      siteWith({ channels: ["production", "grid"] }),
      fixture("clean.csv"),
    );
    expect(status).toBe(0);
    expect(stderr).toContain("no reading of grid, which the site declares");
  });

  const sites: [string, () => string, string][] = [
    [
      "no JSON",
      () => written("site.json", "{\n  latitude: 1"),
      'site.json:2:3: found "latitude: 1"',
    ],
    ["a member outside its range", () => siteWith({ latitude: 91 }), "site.json: $.latitude: "],
    [
      "a wrong member further in",
      () => siteWith({ pv: { peakW: "4000" } }),
      "site.json: $.pv.peakW: ",
    ],
    [
      "a channel that is none",
      () => siteWith({ channels: ["solar"] }),
      "site.json: $.channels.0: ",
    ],
    ["a missing member", () => siteWith({ storage: undefined }), "site.json: $.storage: "],
  ];
  it.each(sites)("exits 2 for a site with %s", (_, make, message) => {
    const { status, stdout, stderr } = replay(make(), fixture("clean.csv"), "--json");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(message);
  });

  it("exits 2 for readings that cannot be read, with line and column", () => {
    const readings = written(
      "bad.csv",
      "ts_utc,seconds,production_wh\n2017-03-01T20:00:00Z,3600,x\n",
    );
    const { status, stderr } = replay(fixture("site.json"), readings);
    expect(status).toBe(2);
    expect(stderr).toContain('bad.csv:2:27: found "x" in production_wh');
    expect(stderr).toContain("[wiring.readings]");
  });

  it("exits 2 without a site", () => {
    const { status } = spawnSync(process.execPath, [command, "tamper", "replay", "x.csv"]);
    expect(status).toBe(2);
  });
});
