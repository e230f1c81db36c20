import type {
  EnrolmentRequest,
  EnrolmentTicket,
  EnrolmentView,
} from "@powershare/domain/enrolment";
import type { InjectOptions } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { origin, type ServedDesk, serveDesk } from "../testing/served-desk.js";

interface Refused {
  readonly code: string;
}
const host = new URL(origin).host;
let served: ServedDesk;
let devices = 0;
beforeAll(async () => {
  served = await serveDesk({}, { requestsPerMinute: 200 });
});
afterAll(() => served.close());

const call = (options: InjectOptions) =>
  served.app.inject({ ...options, headers: { host, ...options.headers } });
const submit = (request: object) =>
  call({ method: "POST", url: "/api/enrolments", payload: request });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const request = (): EnrolmentRequest => served.desk.device(`device ${++devices}`).request();

describe("a device", () => {
  it("is queued, and sees its own enrolment with its own token", async () => {
    const answer = await submit(request());
    expect(answer.statusCode).toBe(201);
    const { id, token, code } = answer.json<EnrolmentTicket>();
    expect(code).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    const status = await call({
      method: "GET",
      url: `/api/enrolments/${id}`,
      headers: bearer(token),
    });
    expect(status.json<unknown>()).toEqual({ state: "waiting" });
  });

  it.each([
    ["no token", async () => ({})],
    [
      "the token of another",
      async () => bearer((await submit(request())).json<EnrolmentTicket>().token),
    ],
    ["an operator's token", async () => bearer(served.token)],
  ])("sees nothing with %s", async (_what, headers) => {
    const { id } = (await submit(request())).json<EnrolmentTicket>();
    const url = `/api/enrolments/${id}`;
    const status = await call({ method: "GET", url, headers: await headers() });
    expect([status.statusCode, status.json<Refused>().code]).toEqual([401, "enrolment.token"]);
  });

  it.each([
    ["no JSON", 400, "{"],
    ["another type", 415, "<request/>"],
    ["an unknown field", 400, { extra: 1 }],
    ["a field of another type", 400, { v: 2 }],
    ["too much", 413, { place: { note: "x".repeat(70_000) } }],
  ])("with %s is refused with a code: %i", async (what, status, change) => {
    const payload =
      typeof change === "string" ? change : JSON.stringify({ ...request(), ...change });
    const type = what === "another type" ? "application/xml" : "application/json";
    const headers = { "content-type": type };
    const answer = await call({ method: "POST", url: "/api/enrolments", payload, headers });
    expect([answer.statusCode, answer.json<Refused>().code]).toEqual([status, "enrolment.request"]);
  });

  it("is refused with its check's code", async () => {
    const answer = await submit({ ...request(), nonce: "00".repeat(16) });
    expect([answer.statusCode, answer.json<Refused>().code]).toEqual([
      422,
      "enrolment.attestation",
    ]);
  });
});

describe("many requests", () => {
  it("from one address are refused beyond the limit, and taken again later", async () => {
    const flooded = await serveDesk();
    const options = {
      method: "POST",
      url: "/api/enrolments",
      headers: { host },
      payload: {},
    } as const;
    const flood = async () => (await flooded.app.inject(options)).statusCode;
    const codes: number[] = [];
    for (let index = 0; index < 40; index++) codes.push(await flood());
    expect(codes.filter((code) => code === 429)).toHaveLength(10);
    flooded.desk.now = new Date(flooded.desk.now.getTime() + 2_000);
    expect(await flood()).toBe(400);
    await flooded.close();
  });

  it("of genuine devices fill the queue and no more", async () => {
    const small = await serveDesk({}, { waiting: 2, requestsPerMinute: 100 });
    const post = (label: string) =>
      small.app.inject({
        method: "POST",
        url: "/api/enrolments",
        headers: { host },
        payload: small.desk.device(label).request(),
      });
    const answers = [await post("a"), await post("b"), await post("c")];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 503]);
    expect(answers[2]?.json<Refused>().code).toBe("enrolment.queue-full");
    await small.close();
  });
});

describe("an operator", () => {
  it("sees the queue, approves, declines and revokes by its token", async () => {
    const { id, code } = (await submit(request())).json<EnrolmentTicket>();
    const list = await call({
      method: "GET",
      url: "/api/operator/enrolments?state=waiting",
      headers: bearer(served.token),
    });
    expect(list.json<EnrolmentView[]>().at(-1)).toMatchObject({
      id,
      code,
      maker: { trusted: true },
    });
    const payload = { code, participant: "h1", utility: "grid-co" };
    const url = `/api/operator/enrolments/${id}/approve`;
    const approved = await call({ method: "POST", url, headers: bearer(served.token), payload });
    expect(approved.json<unknown>()).toMatchObject({
      state: "approved",
      participant: "h1",
      decidedBy: "ana",
    });
    const revoke = "/api/operator/participants/h1/revoke";
    const headers = bearer(served.token);
    await call({ method: "POST", url: revoke, headers, payload: { reason: "device-lost" } });
    const view = await call({ method: "GET", url: `/api/operator/enrolments/${id}`, headers });
    expect(view.json<unknown>()).toMatchObject({
      state: "declined",
      reason: "revoked: device-lost",
    });
    expect(served.desk.ca.revoked).toEqual(["h1"]);
  });

  it.each([
    ["GET", "/api/operator/enrolments"],
    ["GET", `/api/operator/enrolments/${"0".repeat(32)}`],
    ["GET", `/api/operator/enrolments/${"0".repeat(32)}/status`],
    ["POST", `/api/operator/enrolments/${"0".repeat(32)}/approve`],
    ["POST", `/api/operator/enrolments/${"0".repeat(32)}/decline`],
    ["POST", `/api/operator/enrolments/${"0".repeat(32)}/certificate`],
    ["POST", "/api/operator/participants/h1/revoke"],
    ["POST", "/api/operator/links"],
  ] as const)(
    "is wanted for %s %s: no token, a wrong one and a device's are refused",
    async (method, url) => {
      const device = (await submit(request())).json<EnrolmentTicket>().token;
      const payloads: Record<string, object> = {
        approve: { code: "0000-0000", participant: "h1", utility: "u" },
        decline: { reason: "x" },
        certificate: { secret: "x", csrPem: "x" },
        revoke: { reason: "left" },
      };
      const payload = payloads[url.split("/").at(-1) ?? ""];
      for (const headers of [
        {},
        bearer("A".repeat(43)),
        bearer(device),
        { authorization: "Basic YTpi" },
      ]) {
        const answer = await call({ method, url, headers, ...(payload && { payload }) });
        expect([answer.statusCode, answer.json<Refused>().code]).toEqual([
          401,
          "enrolment.operator",
        ]);
      }
    },
  );
});

it("is not spoken to under another host name", async () => {
  for (const name of ["evil.example.org", "registrar.example.org", "127.0.0.1:8443"]) {
    const answer = await call({ method: "GET", url: "/healthz", headers: { host: name } });
    expect([answer.statusCode, answer.json<Refused>().code]).toEqual([403, "enrolment.origin"]);
  }
});

it("describes its API", async () => {
  const { paths } = (await call({ method: "GET", url: "/api/openapi.json" })).json<{
    paths: object;
  }>();
  expect(Object.keys(paths)).toContain("/api/enrolments/{id}/certificate");
});

it("logs calls by their route, without ids, tokens, addresses' queries or bodies", async () => {
  const { id, token } = (await submit(request())).json<EnrolmentTicket>();
  await call({ method: "GET", url: `/api/enrolments/${id}?secret=hush`, headers: bearer(token) });
  const link = (
    await call({ method: "POST", url: "/api/operator/links", headers: bearer(served.token) })
  ).json<{ url: string }>();
  await call({ method: "GET", url: new URL(link.url).pathname });
  const log = served.log.join("\n");
  expect(log).toContain("/api/enrolments/:id");
  expect(log).toContain("/enter/:token");
  for (const secret of [id, token, served.token, link.url.split("/").at(-1), "hush"]) {
    expect(log).not.toContain(secret);
  }
});
