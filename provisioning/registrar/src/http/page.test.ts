import type { InjectOptions } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { origin, type ServedDesk, serveDesk } from "../testing/served-desk.js";

const host = new URL(origin).host;
let served: ServedDesk;
let devices = 0;
beforeAll(async () => {
  served = await serveDesk({ policy: "operator-decides" });
});
afterAll(() => served.close());

const call = (options: InjectOptions) =>
  served.app.inject({ ...options, headers: { host, ...options.headers } });
const get = (url: string, headers = {}) => call({ method: "GET", url, headers });
const post = (url: string, fields: Record<string, string>, headers = {}) =>
  call({
    method: "POST",
    url,
    payload: new URLSearchParams(fields).toString(),
    headers: { origin, "content-type": "application/x-www-form-urlencoded", ...headers },
  });

const newLink = () =>
  new URL(`${origin}/enter/${served.desk.operators.newLink("ana").token}`).pathname;
async function signIn(): Promise<{ cookie: string }> {
  const { headers } = await post(newLink(), {});
  return { cookie: String(headers["set-cookie"]).split(";")[0] ?? "" };
}
const nextId = () => `h${++devices}`;
const newDevice = () => served.desk.device(`device ${nextId()}`);
const waiting = () => served.desk.registrar.submit(newDevice().request());

describe("an enrolment's page", () => {
  it("shows what the ledger will hold the household to: its meters' limits, battery and vehicle", async () => {
    const meter = { id: "eastron/sdm630:12345678", profile: "ab".repeat(32) };
    const { id } = await served.desk.registrar.submit(
      newDevice().request({
        meters: [{ ...meter, role: "connection", limitW: 27_600 }],
        equipment: { storage: "dc", ev: true },
      }),
    );
    const { body } = await get(`/enrolments/${id}`, await signIn());
    expect(body).toContain("<dd>connection: eastron/sdm630:12345678, at most 27600 W</dd>");
    expect(body).toContain("<dt>Battery</dt><dd>behind the panels&#39; inverter</dd>");
    expect(body).toContain("<dt>Electric vehicle</dt><dd>yes</dd>");
  });
});

describe("the page's session", () => {
  it("is opened by a link, once; looking at the link does not use it up", async () => {
    const link = newLink();
    expect((await get(link)).statusCode).toBe(200);
    expect((await get(link)).body).toContain("<form");
    const entered = await post(link, {});
    expect([entered.statusCode, entered.headers.location]).toEqual([303, "/"]);
    const cookie = String(entered.headers["set-cookie"]);
    expect(cookie).toMatch(
      /^__Host-session=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200$/,
    );
    expect((await get("/", { cookie: cookie.split(";")[0] })).statusCode).toBe(200);
    expect((await post(link, {})).statusCode).toBe(401);
  });

  it("ends with its time, with signing out, and with the operator", async () => {
    const first = await signIn();
    await post("/leave", {}, first);
    expect((await get("/", first)).statusCode).toBe(401);
    const second = await signIn();
    served.desk.now = new Date(served.desk.now.getTime() + 13 * 3_600_000);
    expect((await get("/", second)).statusCode).toBe(401);
  });

  it("a link is too old after ten minutes", async () => {
    const link = newLink();
    served.desk.now = new Date(served.desk.now.getTime() + 11 * 60_000);
    expect((await post(link, {})).statusCode).toBe(401);
  });

  it.each([
    ["none", {}],
    ["made up", { cookie: `__Host-session=${"A".repeat(43)}` }],
    ["not one at all", { cookie: "__Host-session=x; other=1" }],
  ])("%s shows nothing but how to get one", async (_what, headers) => {
    await waiting();
    const answer = await get("/", headers);
    expect(answer.statusCode).toBe(401);
    expect(answer.body).toContain("operator enrolments link");
    expect(answer.body).not.toContain("sdm630");
  });

  it("a link's token is no session, and a session no link", async () => {
    const link = newLink();
    expect(
      (await get("/", { cookie: `__Host-session=${link.split("/").at(-1)}` })).statusCode,
    ).toBe(401);
    const { cookie } = await signIn();
    expect((await post(`/enter/${cookie.split("=")[1]}`, {})).statusCode).toBe(401);
  });
});

describe("a change", () => {
  it.each([
    ["another page's", { origin: "https://evil.example.org" }],
    ["a page's without an origin", { origin: "null" }],
  ])("in %s name is refused", async (_what, wrong) => {
    const session = await signIn();
    const { id } = await waiting();
    const answer = await post(
      `/enrolments/${id}/decline`,
      { reason: "x" },
      { ...session, ...wrong },
    );
    expect(answer.statusCode).toBe(403);
    expect(served.desk.registrar.require(id).state).toBe("waiting");
  });

  it("approves with the code, and says what was wrong without it", async () => {
    const session = await signIn();
    const { id, code } = await waiting();
    const fields = {
      code: "ABCD-EFGH",
      participant: nextId(),
      node: "root",
      utility: "grid-co",
      source: "green",
    };
    const wrong = await post(`/enrolments/${id}/approve`, fields, session);
    expect([wrong.statusCode, wrong.body.includes("enrolment.code")]).toEqual([409, true]);
    const right = await post(`/enrolments/${id}/approve`, { ...fields, code }, session);
    expect(right.statusCode).toBe(303);
    expect(served.desk.registrar.require(id)).toMatchObject({
      state: "approved",
      decided_by: "ana",
    });
  });

  it("names the field that does not fit", async () => {
    const session = await signIn();
    const { id, code } = await waiting();
    const fields = {
      code,
      participant: "Not An Id",
      node: "root",
      utility: "grid-co",
      source: "green",
    };
    const answer = await post(`/enrolments/${id}/approve`, fields, session);
    expect([answer.statusCode, answer.body.includes("participant")]).toEqual([400, true]);
  });
});

describe("what it shows", () => {
  it("is escaped, framed by nobody, and runs no script", async () => {
    const attack = "<script>alert(1)</script>\"'&";
    const place = { note: attack };
    const { id } = await served.desk.registrar.submit(newDevice().request({ place }));
    const { body, headers } = await get(`/enrolments/${id}`, await signIn());
    expect(body).not.toContain("<script");
    expect(body).toContain("&#60;script&#62;");
    const csp = String(headers["content-security-policy"]);
    expect(csp).toContain("default-src 'none'");
    expect(csp).toContain("frame-ancestors 'none'");
    expect(headers["cache-control"]).toBe("no-store");
    expect(headers["referrer-policy"]).toBe("same-origin");
  });

  it("warns of an unknown maker, and takes such a chip only with a tick", async () => {
    const device = newDevice();
    const { endorsementCertificate: _none, ...rest } = device.request();
    const request = { ...rest, certification: device.bind(rest) };
    const { id, code } = await served.desk.registrar.submit(request);
    const session = await signIn();
    expect((await get("/", session)).body).toContain("Unknown maker");
    const fields = {
      code,
      participant: nextId(),
      node: "root",
      utility: "grid-co",
      source: "green",
    };
    expect((await post(`/enrolments/${id}/approve`, fields, session)).statusCode).toBe(422);
    const ticked = { ...fields, unknownMaker: "yes" };
    expect((await post(`/enrolments/${id}/approve`, ticked, session)).statusCode).toBe(303);
  });

  it("speaks Portuguese to those who do", async () => {
    for (const { id } of served.desk.registrar.enrolments.list(["waiting"])) {
      served.desk.registrar.decline(id, "over", "ana");
    }
    const { body } = await get("/", { ...(await signIn()), "accept-language": "pt-PT,en;q=0.8" });
    expect(body).toContain('<html lang="pt">');
    expect(body).toContain("Ninguém à espera.");
  });
});
