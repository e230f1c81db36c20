import { existsSync } from "node:fs";
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { origin, type ServedDesk, serveDesk } from "../testing/served-desk.js";

const executablePath = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => existsSync(path));
const shots = process.env["PAGE_SHOTS"];
let served: ServedDesk;
let browser: Browser;
let url: string;

beforeAll(async () => {
  served = await serveDesk({ policy: "operator-decides" }, { requestsPerMinute: 1000 });
  const listening = await served.app.listen({ host: "127.0.0.1", port: 0 });
  url = listening;
  browser = await chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: [`--host-resolver-rules=MAP ${new URL(origin).host} ${new URL(listening).host}`],
  });
});
afterAll(async () => {
  await browser.close();
  await served.close();
});

/** A phone with a session. */
async function phone(locale: string, colorScheme: "light" | "dark" = "light") {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    ignoreHTTPSErrors: true,
    colorScheme,
    locale,
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("console", (message) => problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(error.message));
  const link = `${origin}/enter/${served.desk.operators.newLink("ana").token}`;
  await page.goto(link);
  await page.getByRole("button").click();
  await page.waitForURL(`${origin}/`);
  return { page, problems, close: () => context.close() };
}

async function expectGood(page: Awaited<ReturnType<typeof phone>>["page"], name: string) {
  if (shots !== undefined) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
  const wide = await page.evaluate("document.documentElement.scrollWidth");
  expect(wide, `${name} fits a phone`).toBeLessThanOrEqual(390);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))).toEqual(
    [],
  );
}

test("an operator approves a device on a phone, from the link to the list", async () => {
  const place = {
    fuseA: 63,
    phases: 3,
    sealNumber: "A-17",
    location: "Funchal, Rua do Carmo, third cabinet",
  };
  const { code } = await served.desk.registrar.submit(served.desk.device("d1").request({ place }));
  const { page, problems, close } = await phone("en-GB");
  await expectGood(page, "queue");
  await page.getByText(code).click();
  await expectGood(page, "detail");
  await page.getByLabel("Code, as the installer reads it out").fill(code.toLowerCase());
  await page.getByLabel("Participant").fill("h1");
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByText("approved, not yet fetched").waitFor();
  await expectGood(page, "approved");
  expect(served.desk.registrar.enrolments.ofParticipant("h1")?.decided_by).toBe("ana");
  expect(problems).toEqual([]);
  await close();
});

test("warnings stand out, also in Portuguese and in the dark", async () => {
  const device = served.desk.device("d2");
  const { endorsementCertificate: _none, ...rest } = device.request({ replaces: "h7" });
  const { id } = await served.desk.registrar.submit({ ...rest, certification: device.bind(rest) });
  const { page, problems, close } = await phone("pt-PT", "dark");
  await expectGood(page, "fila");
  await page.goto(`${origin}/enrolments/${id}`);
  await page.getByText("Fabricante desconhecido").waitFor();
  await page.getByLabel("Código, como o instalador o lê").fill("0000-0000");
  await page.getByRole("button", { name: "Aprovar" }).click();
  await page.getByRole("alert").waitFor();
  await expectGood(page, "aviso");
  // A refusal is an answer of the page, not a fault of it.
  expect(problems.filter((text) => !text.includes("409"))).toEqual([]);
  await close();
});

test("without a session there is nothing to see but the way in", async () => {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    ignoreHTTPSErrors: true,
  });
  const page = await context.newPage();
  expect((await page.goto(`${origin}/`))?.status()).toBe(401);
  await expectGood(page, "closed");
  expect(url).toContain("127.0.0.1");
  await context.close();
});
