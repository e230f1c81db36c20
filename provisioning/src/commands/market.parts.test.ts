import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const command = fileURLToPath(new URL("../../bin/powershare.js", import.meta.url));
const orders = {
  slot: { start: "2026-06-01T12:00:00Z", seconds: 900 },
  seed: "00",
  rule: "uniform",
  rulesVersion: 1,
  grid: { nodes: [{ id: "root" }] },
  utilities: [
    {
      id: "u1",
      node: "root",
      feedInMicroPerKwh: 50_000,
      retailMicroPerKwh: 250_000,
      energyWh: null,
    },
  ],
  orders: [
    {
      id: "o1",
      participant: "p1",
      node: "root",
      side: "sell",
      source: "green",
      steps: [{ energyWh: 10_000, limitMicroPerKwh: 60_000 }],
    },
    {
      id: "o2",
      participant: "p2",
      node: "root",
      side: "buy",
      steps: [{ energyWh: 4_000, limitMicroPerKwh: 200_000 }],
    },
  ],
};

let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "powershare-market-"));
  writeFileSync(file("orders.json"), JSON.stringify(orders));
  writeFileSync(file("result.json"), market("clear", file("orders.json"), "--json").stdout);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function market(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, "market", ...args], {
    encoding: "utf8",
    timeout: 30_000,
  });
  return { status, stdout, stderr };
}

function written(name: string, text: string): string {
  writeFileSync(file(name), text);
  return file(name);
}

describe("powershare market clear", () => {
  it("prints one JSON document", () => {
    const { status, stdout } = market("clear", file("orders.json"), "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      prices: { root: { buy: 60_000, sell: 60_000 } },
      fills: [
        { order: "o1", energyWh: 4_000, amountNano: "240000000" },
        { order: "o2", energyWh: 4_000, amountNano: "240000000" },
      ],
      totals: { tradedWh: 4_000, welfareNano: "560000000" },
    });
  });

  it("tells people the price, the volume, and who trades with whom", () => {
    const { status, stdout } = market("clear", file("orders.json"));
    expect(status).toBe(0);
    expect(stdout).toContain("root: 0.060000 coins/kWh\nAmong participants: 4000 Wh\n");
    expect(stdout).toContain("  p1 to p2: 4000 Wh for 0.240000 coins\n");
  });

  it.each([
    ["pay-as-bid", "root: each buyer pays his bid\n"],
    ["mcafee", "root: no trade\n"],
    ["mid-market-rate", "root: 0.150000 coins/kWh\n"],
  ])("clears by %s, and verifies it", (rule, line) => {
    const path = written(`${rule}.json`, JSON.stringify({ ...orders, rule }));
    expect(market("clear", path).stdout).toContain(line);
    const result = written(`${rule}-result.json`, market("clear", path, "--json").stdout);
    const { status, stdout } = market("verify", path, result);
    expect(status).toBe(0);
    expect(stdout).toContain(`Proven: this is what the rule ${rule} makes of the orders`);
    expect(market("verify", path, file("result.json")).status).toBe(1);
  });

  it.each([
    ["a missing file", () => file("nowhere.json"), /cannot read .*nowhere\.json/],
    [
      "no JSON",
      () => written("cut.json", '{\n  "slot": [1,]\n}'),
      /cut\.json:2:14: .*expected a value/,
    ],
    [
      "an unknown field",
      () => written("field.json", JSON.stringify({ ...orders, sloot: 1 })),
      /field\.json: \$: .*sloot[\s\S]*\[market\.format\]/,
    ],
    [
      "an order at no node",
      () =>
        written(
          "node.json",
          JSON.stringify({ ...orders, orders: [{ ...orders.orders[0], node: "Z" }] }),
        ),
      /\$\.orders\[0\]\.node: no node "Z"[\s\S]*\[market\.unknown-id\]/,
    ],
    [
      "a grid with edges",
      () =>
        written(
          "tree.json",
          JSON.stringify({
            ...orders,
            rule: "mcafee",
            grid: { nodes: [{ id: "root" }, { id: "A", parent: "root" }] },
          }),
        ),
      /\$\.grid\.nodes: 2 nodes; [\s\S]*\[market\.not-supported\]/,
    ],
    [
      "mid-market-rate without a utility",
      () =>
        written("rate.json", JSON.stringify({ ...orders, rule: "mid-market-rate", utilities: [] })),
      /\$\.utilities: none; [\s\S]*\[market\.not-supported\]/,
    ],
  ])("exits 2 for %s and says where", (_, path, message) => {
    const { status, stdout, stderr } = market("clear", path(), "--json");
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
  });
});

describe("powershare market verify", () => {
  it("exits 0 for a proven result", () => {
    const { status, stdout } = market("verify", file("orders.json"), file("result.json"), "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ proven: true, wrong: [] });
    expect(market("verify", file("orders.json"), file("result.json")).stdout).toMatch(/^Proven/);
  });

  it("exits 1 for a result that is not the orders' best, and says why", () => {
    const other = written(
      "other.json",
      JSON.stringify({ ...orders, orders: [orders.orders[0], { ...orders.orders[1], id: "o3" }] }),
    );
    const { status, stdout } = market("verify", other, file("result.json"));
    expect(status).toBe(1);
    expect(stdout).toMatch(/^Not proven:\n {2}fills\[1\]: "o2" is not in the orders' file\n/);
  });

  it("exits 2 for a file that is no result", () => {
    const { status, stderr } = market("verify", file("orders.json"), file("orders.json"));
    expect(status).toBe(2);
    expect(stderr).toMatch(/orders\.json: \$\./);
  });

  it("exits 2 where an argument is missing", () => {
    expect(market("verify", file("orders.json")).status).toBe(2);
  });
});
