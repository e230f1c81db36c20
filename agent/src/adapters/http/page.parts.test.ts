import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { AxeBuilder } from "@axe-core/playwright";
import type { FastifyInstance } from "fastify";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { MeterReport } from "../../ports/meters.js";
import type { Overview, Part } from "../../ports/overview.js";
import type { SignTestReport } from "../../ports/wiring.js";
import { noEvidence, noStatus, noWiring } from "../../testing/no-evidence.js";
import { httpServer, listen } from "./server.js";

const pageDir = fileURLToPath(new URL("../../../dist/web", import.meta.url));
/** Where the distributions put it; the set-up looks for the same names. */
const chromiumPath =
  ["chromium", "chromium-browser", "google-chrome"]
    .map((name) => `/usr/bin/${name}`)
    .find((path) => existsSync(path)) ?? "/usr/bin/chromium";
const working: Part = {
  state: "ok",
  since: "2026-06-01T10:00:00.000Z",
  code: null,
  message: null,
  remedy: null,
};

/** A meter that was reset two minutes ago, and what was read of it before that was clear. */
const questionable: MeterReport = {
  pending: [
    {
      meter: "eastron/sdm630:12345678.2",
      follows: "eastron/sdm630:12345678",
      place: "line1/1",
      role: "connection",
      reason: "registers",
      closing: { at: "2026-06-01T11:57:00.000Z", importWh: 54_321_987, exportWh: 1_234 },
      opening: { at: "2026-06-01T11:57:01.000Z", importWh: 12, exportWh: 0 },
      now: { at: "2026-06-01T11:59:58.000Z", importWh: 450, exportWh: 0 },
    },
  ],
  rejected: [
    {
      meter: "eastron/sdm630:12345678",
      code: "meter.register-went-back",
      meaning: "fell",
      from: "2026-06-01T11:57:01.000Z",
      to: "2026-06-01T11:57:09.000Z",
      count: 9,
      importWh: 12,
      exportWh: 0,
    },
    {
      meter: "eastron/sdm230:87654321",
      code: "meter.no-value",
      meaning: "none",
      from: "2026-06-01T09:00:00.000Z",
      to: "2026-06-01T09:00:00.000Z",
      count: 1,
      importWh: null,
      exportWh: null,
    },
  ],
};

/** A sunny noon; each test bends it. */
function noon(): Overview {
  return {
    at: "2026-06-01T12:00:01.000Z",
    participant: "h1",
    slotSeconds: 900,
    now: {
      at: "2026-06-01T12:00:00.000Z",
      gridPowerW: -1843.2,
      productionPowerW: 2610,
      consumptionPowerW: 766.8,
      voltageV: 231.4,
      stale: false,
    },
    today: {
      start: "2026-06-01T00:00:00.000Z",
      end: "2026-06-02T00:00:00.000Z",
      zone: "UTC",
      importWh: 1234,
      exportWh: 5321,
      productionWh: 8123,
      hours: [
        { start: "2026-06-01T11:00:00.000Z", importWh: 3, exportWh: 1450, productionWh: 2100 },
      ],
    },
    trades: [
      {
        slot: "2026-06-01T11:45:00Z",
        direction: "sold",
        partner: "h2",
        energyWh: 140,
        priceMicroPerKwh: 163_000,
        amountNano: "22820000",
        kind: "contract",
        state: "settled",
      },
    ],
    wallet: {
      at: "2026-06-01T11:50:00.000Z",
      coinsNano: "10002345678",
      escrowNano: "1350000",
      owedNano: "0",
      energyWh: "0",
      cashMicro: { EUR: "9500000" },
    },
    wiring: noWiring.overview(),
    health: {
      bus: working,
      tpm: working,
      store: { ...working, unsentPackages: 0, oldestUnsentAt: null },
      ledger: { ...working, height: 153, certificateEndsAt: "2027-06-01T00:00:00.000Z" },
      clock: { ...working, quality: "synchronised", keeper: "timesyncd", lastStep: null },
    },
    counts: {
      readings: 3512,
      rejected: 0,
      checkpoints: 190,
      intervals: 176,
      evidenceCommitted: 175,
    },
  };
}

let shown = noon();
/** A house that was found to have its cables exchanged. */
const exchanged: Overview["wiring"] = {
  state: "manipulated",
  verdict: null,
  heldNano: "22820000",
  missing: ["sign-test", "night", "day", "operator"],
  signTest: null,
  placements: [
    {
      meter: "eastron/sdm230:1",
      role: "generator",
      epoch: 2,
      since: "2026-06-01T11:00:00Z",
      opened: "declared",
      state: "manipulated",
      rules: ["connection-balance", "neighbour-production"],
    },
  ],
  held: [{ slot: "2026-06-01T11:30:00Z", amountNano: "12820000", outcome: "manipulated" }],
};
const begun: SignTestReport = {
  state: "waiting",
  fault: null,
  startedAt: "2026-06-01T12:00:00.000Z",
  endedAt: null,
  parts: [
    {
      meter: "connection",
      phase: 1,
      state: "waiting",
      fault: null,
      steps: 1,
      powerW: 2100,
      text: "L1 of the connection meter: 1 of at least 4 steps of 1 kW seen.",
      remedy: "",
    },
    {
      meter: "generator",
      phase: 1,
      state: "failed",
      fault: "reversed",
      steps: 4,
      powerW: -1200,
      text: "L1 of the generator meter: power runs the wrong way.",
      remedy: "Turn the clamp round.",
    },
  ],
};
let meters: MeterReport = { pending: [], rejected: [] };
const decided: unknown[] = [];
let server: FastifyInstance;
let address: string;
let browser: Browser;
const complaints: string[] = [];

beforeAll(async () => {
  if (!existsSync(pageDir)) throw new Error("the page is not built: npm run build");
  server = await httpServer({
    overview: () => shown,
    meters: () => meters,
    wiring: { ...noWiring, startSignTest: () => begun },
    bus: () => ({ meters: [] }),
    status: () => noStatus,
    evidence: noEvidence,
    decide: { decide: (...decision) => void decided.push(decision) },
    store: { packages: () => [] },
    device: undefined,
    archive: {
      folder: "",
      store: { usedBytes: () => 0, backup: async () => {} },
      csv: async function* () {},
    },
    pageDir,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  address = `http://127.0.0.1:${await listen(server, "127.0.0.1", 0)}/`;
  browser = await chromium.launch({
    executablePath: chromiumPath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"],
  });
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});
beforeEach(() => {
  shown = noon();
  meters = { pending: [], rejected: [] };
  decided.length = 0;
  complaints.length = 0;
});

async function open(
  options: { locale?: string; colorScheme?: "light" | "dark"; width?: number } = {},
): Promise<Page> {
  const { locale = "en-GB", colorScheme = "light", width = 390 } = options;
  const context = await browser.newContext({
    locale,
    colorScheme,
    viewport: { width, height: 844 },
    timezoneId: "Europe/Lisbon",
  });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(address);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

describe("the household's page in a browser", () => {
  it("answers at one glance: which way power flows and how much, without an error", async () => {
    const page = await open();
    expect(await page.locator(".headline").innerText()).toMatch(
      /↑\s*1\.84 kW\s*Exporting to the neighbourhood/,
    );
    const headline = await page.locator(".headline").boundingBox();
    expect(headline!.y + headline!.height).toBeLessThan(300);
    expect(complaints).toEqual([]);
  });

  it.each([
    { locale: "en-GB", colorScheme: "light", width: 390 },
    { locale: "pt-PT", colorScheme: "dark", width: 390 },
    { locale: "pt-PT", colorScheme: "light", width: 1280 },
    { locale: "en-GB", colorScheme: "dark", width: 320 },
  ] as const)("is accessible and fits: $locale, $colorScheme, $width px", async (look) => {
    meters = questionable;
    shown.wiring = exchanged;
    const page = await open(look);
    await page.getByRole("checkbox").waitFor();
    await page.locator("summary").last().click();
    await page.locator("#wiring ~ details summary").click();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    const overflow = await page.evaluate(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
    expect(overflow).toBe(0);
    expect(await page.locator("html").getAttribute("lang")).toBe(look.locale.slice(0, 2));
  });

  it("shows a trade, both wallets and what is set aside, to the digit", async () => {
    const page = await open();
    expect(await page.locator(".trades li").first().innerText()).toMatch(
      /Sold 140 Wh to h2\s*\+0\.022820\s*12:45:00 · 0\.163 coins\/kWh · settled/,
    );
    const wallets = page.getByRole("region", { name: "Wallets" });
    expect(await wallets.innerText()).toMatch(/10\.002346[\s\S]*0\.00135 set aside[\s\S]*€9\.50/);
  });

  it("never shows an old value as the present", async () => {
    shown.now = { ...shown.now!, at: "2026-06-01T11:53:01.000Z", stale: true };
    shown.health.bus = {
      ...working,
      state: "failed",
      code: "bus.timeout",
      message: "Meter 1 on line1 has not answered.",
      remedy: "Check the wires.",
    };
    const page = await open();
    const alert = await page.getByRole("alert").innerText();
    expect(alert).toMatch(/Last reading 12:53:01, 7 minutes ago/);
    expect(await page.getByRole("link", { name: "Needs a look" }).count()).toBe(1);
    expect(await page.locator("#state").innerText()).toMatch(
      /Check the wires\.[\s\S]*bus\.timeout/,
    );
  });

  it("says so when a value is not known, rather than zero", async () => {
    shown.now = null;
    shown.wallet = null;
    shown.trades = [];
    shown.today = { ...shown.today, importWh: 0, exportWh: 0, productionWh: null, hours: [] };
    const page = await open();
    const text = await page.locator("main").innerText();
    expect(text).toMatch(/No reading yet[\s\S]*balances are not known/);
    expect(text).not.toMatch(/\b0 W\b/);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations).toEqual([]);
  });

  it("asks about a meter that counts anew, and sends what it showed", async () => {
    meters = questionable;
    const page = await open();
    const card = page.getByRole("region", { name: "A question about your meter" });
    await card.waitFor();
    expect(await card.innerText()).toMatch(
      /Was it reset\?[\s\S]*54321\.987 kWh[\s\S]*0\.012 kWh[\s\S]*0\.450 kWh/,
    );
    const yes = page.getByRole("button", { name: "Yes, count on from there" });
    expect(await yes.isDisabled()).toBe(true);
    await page.getByLabel("I have compared these values with the meter's display").check();
    meters = { ...questionable, pending: [] };
    await yes.click();
    await card.waitFor({ state: "detached" });
    expect(decided).toEqual([
      ["eastron/sdm630:12345678.2", "confirm", { importWh: 12, exportWh: 0 }],
    ]);
    expect(complaints).toEqual([]);
  });

  it("shows what was not believed, when and why, in the reader's words", async () => {
    meters = questionable;
    const page = await open({ locale: "pt-PT" });
    await page.getByText("Mostrar: 2").click();
    const card = page.getByRole("region", { name: "Leituras não aceites" });
    expect(await card.innerText()).toMatch(
      /O contador mostrou menos do que antes\.[\s\S]*Leituras: 9[\s\S]*importação 0,012 kWh[\s\S]*meter\.register-went-back[\s\S]*não mostrou valor/,
    );
  });

  it("says what was found about the wiring, what waits and what went back, and what to do", async () => {
    shown.wiring = exchanged;
    const page = await open();
    const card = page.getByRole("region", { name: "Wiring" });
    expect(await card.innerText()).toMatch(
      /Manipulated[\s\S]*electrician[\s\S]*gives the grid more than its generator[\s\S]*neighbours' under the same sun[\s\S]*0\.02282 coins wait[\s\S]*0\.01282 coins of the latest sales went back/,
    );
  });

  it.each([
    ["waits", null, "paid when the wiring is proven"],
    ["went back", "manipulated" as const, "given back to the buyer"],
    ["was paid", "proven" as const, "settled"],
  ])("says in the list of trades of a sale that %s what became of it", async (_, outcome, text) => {
    const held = [{ slot: "2026-06-01T11:45:00Z", amountNano: "22820000", outcome }];
    shown.wiring = { ...noWiring.overview(), held };
    const page = await open();
    expect(await page.getByRole("region", { name: "Trades" }).innerText()).toContain(text);
  });

  it("guides through a sign test phase by phase", async () => {
    const page = await open();
    const card = page.getByRole("region", { name: "Wiring" });
    await card.getByText("Sign test", { exact: true }).click();
    await card.getByRole("button", { name: "Start the sign test" }).click();
    await card.getByText("House, phase 1").waitFor();
    expect(await card.innerText()).toMatch(
      /1 of 4 steps seen\. Switch at least 1 kW on phase 1[\s\S]*Generator, phase 1[\s\S]*Wrong\.\s*A meter seems to count the wrong way round/,
    );
    expect(complaints).toEqual([]);
  });

  it("keeps its script within 60 kB on the wire", () => {
    const scripts = readdirSync(`${pageDir}/assets`).filter((name) => name.endsWith(".js"));
    const bytes = scripts.map((name) => gzipSync(readFileSync(`${pageDir}/assets/${name}`)).length);
    expect(scripts.length).toBeGreaterThan(0);
    expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThan(60_000);
  });

  it("follows the present without being asked, and keeps a hostile name inert", async () => {
    const page = await open();
    shown = {
      ...noon(),
      at: "2026-06-01T12:00:05.000Z",
      participant: "<img src=x onerror=alert(1)>",
    };
    shown.now = { ...shown.now!, gridPowerW: 420 };
    await page.getByText("Importing from the grid").waitFor();
    expect(await page.locator(".household").innerText()).toBe("<img src=x onerror=alert(1)>");
    expect(await page.locator("img").count()).toBe(0);
  });
});
