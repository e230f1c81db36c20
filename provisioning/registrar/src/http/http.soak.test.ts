import type { InjectOptions } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Dice } from "../testing/scene.js";
import { origin, type ServedDesk, serveDesk } from "../testing/served-desk.js";

const seed = Number(process.env["SOAK_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const count = Number(process.env["ENROLMENT_ATTACKS"] ?? 500);
const dice = new Dice(seed);
const { host } = new URL(origin);
const many = 1_000_000_000;
let served: ServedDesk;
let waiting: { id: string; code: string };

beforeAll(async () => {
  const limits = { callsPerMinute: many, requestsPerMinute: many, requestsPerMinuteInAll: many };
  served = await serveDesk({}, limits);
  waiting = await served.desk.registrar.submit(served.desk.device("waiting").request());
});
afterAll(() => served.close());

const call = (options: InjectOptions) =>
  served.app.inject({ ...options, headers: { host, ...options.headers } });
const token = () =>
  Buffer.from(Array.from({ length: 32 }, () => dice.below(256))).toString("base64url");
const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
const form = { "content-type": "application/x-www-form-urlencoded", origin };

/** JSON that is not a request: other types, deep, long, with odd keys. */
function garbage(depth = 0): unknown {
  const forms: readonly (() => unknown)[] = [
    () => dice.below(2 ** 31),
    () => "x".repeat(dice.below(2000)),
    () => null,
    () => ["__proto__", "constructor", 1e300, -0],
    () => Array.from({ length: dice.below(5) }, () => (depth < 6 ? garbage(depth + 1) : 0)),
    () => ({ v: 1, nonce: depth < 6 ? garbage(depth + 1) : 0, ["__proto__"]: {}, meters: [] }),
  ];
  return dice.pick(forms)();
}

const families: readonly [
  string,
  readonly number[],
  () => InjectOptions | Promise<InjectOptions>,
][] = [
  [
    "bodies too large",
    [413],
    () => {
      const payload = {
        ...served.desk.device("large").request(),
        place: { note: "x".repeat(65_536 + dice.below(100_000)) },
      };
      return { method: "POST", url: "/api/enrolments", payload };
    },
  ],
  [
    "bodies that are no requests",
    [400, 413],
    () => ({
      method: "POST",
      url: dice.pick(["/api/enrolments", "/api/renewals", "/api/renewals/challenge"]),
      headers: { "content-type": "application/json" },
      payload: JSON.stringify(garbage()) ?? "",
    }),
  ],
  [
    "tokens guessed for an enrolment",
    [401],
    () => ({
      method: "GET",
      url: `/api/enrolments/${waiting.id}`,
      headers: bearer(dice.pick([token(), served.token, "x"])),
    }),
  ],
  [
    "operators' tokens guessed",
    [401],
    () => ({
      method: "POST",
      url: `/api/operator/enrolments/${waiting.id}/decline`,
      headers: bearer(dice.pick([token(), token().toLowerCase(), "", " "])),
      payload: { reason: "x" },
    }),
  ],
  [
    "links guessed, or used before",
    [401],
    async () => {
      const link = served.desk.operators.newLink("ana").token;
      await call({ method: "POST", url: `/enter/${link}`, headers: form });
      return { method: "POST", url: `/enter/${dice.pick([link, token()])}`, headers: form };
    },
  ],
  [
    "forms of other pages",
    [403],
    () => {
      const { session } = served.desk.operators.enter(served.desk.operators.newLink("ana").token);
      const from = dice.pick([
        "null",
        "https://evil.example.org",
        `${origin}.evil.org`,
        "",
        `http://${host}`,
      ]);
      return {
        method: "POST",
        url: `/enrolments/${waiting.id}/decline`,
        headers: { ...form, origin: from, cookie: `__Host-session=${session}` },
        payload: "reason=x",
      };
    },
  ],
  [
    "other host names",
    [403],
    () => ({
      method: "GET",
      url: dice.pick(["/", "/api/operator/enrolments", `/api/enrolments/${waiting.id}`]),
      headers: {
        host: dice.pick([
          "evil.org",
          `evil.org:${dice.below(65_536)}`,
          "localhost",
          `${host}.evil.org`,
        ]),
        ...bearer(served.token),
      },
    }),
  ],
];

test.each(families)("%s", async (name, statuses, prepare) => {
  let accepted = 0;
  for (let index = 0; index < count; index++) {
    const { statusCode } = await call(await prepare());
    if (!statuses.includes(statusCode)) accepted += 1;
  }
  process.stdout.write(`${name}: ${count} attempts, ${accepted} not refused, SOAK_SEED=${seed}\n`);
  expect(accepted).toBe(0);
  expect(served.desk.registrar.require(waiting.id).state).toBe("waiting");
});

test("a flood from many addresses, then from one", async () => {
  const flooded = await serveDesk();
  const post = (remoteAddress: string) =>
    flooded.app.inject({
      method: "POST",
      url: "/api/enrolments",
      headers: { host },
      payload: {},
      remoteAddress,
    });
  let passed = 0;
  for (let index = 0; index < 10 * count; index++) {
    const from =
      index < 5 * count ? `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}` : "10.9.9.9";
    if ((await post(from)).statusCode === 400) passed += 1;
  }
  process.stdout.write(`flood: ${10 * count} requests, ${passed} looked at (limit 300 a minute)\n`);
  expect(passed).toBe(300);
  await flooded.close();
});
