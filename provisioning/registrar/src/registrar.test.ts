import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EnrolmentRequest } from "@powershare/domain/enrolment";
import { CodedError } from "@powershare/domain/errors";
import { afterEach, describe, expect, it } from "vitest";
import { Desk, type DeskOptions } from "./testing/desk.js";
import { SimulatedCa } from "./testing/simulated-ca.js";
import { SimulatedLedger } from "./testing/simulated-ledger.js";
import type { SoftDevice } from "./testing/soft-device.js";

const desks: Desk[] = [];
const open = (options: DeskOptions = {}): Desk => {
  const desk = new Desk(options);
  desks.push(desk);
  return desk;
};
afterEach(() => {
  for (const desk of desks.splice(0)) desk.close();
});
const days = (desk: Desk, count: number) => {
  desk.now = new Date(desk.now.getTime() + count * 86_400_000);
};

describe("an approval", () => {
  it("registers on the ledger and at the CA, and tells the device what only its TPM can read", async () => {
    const ledger = new SimulatedLedger();
    const desk = open({ ledger });
    const device = desk.device("d1");
    const { ticket } = await desk.enrol(device, "h1");
    expect(ledger.registered).toMatchObject([{ id: "h1", kind: "resident", utility: "grid-co" }]);
    const { device: id } = desk.registrar.require(ticket.id);
    expect(desk.ca.identities.get("h1")?.attributes).toEqual({
      role: "resident",
      microgrid: "test-grid",
      participant: "h1",
      device: id,
    });
    const status = desk.registrar.statusOf(desk.registrar.require(ticket.id));
    expect(status).toMatchObject({ state: "issued", participant: "h1" });
    expect(JSON.stringify(status)).not.toContain(desk.ca.secretOf("h1"));
  });

  it("that the ledger refuses puts the request back into the queue, with the reason", async () => {
    const ledger = new SimulatedLedger();
    const desk = open({ ledger });
    const ticket = await desk.registrar.submit(desk.device("d1").request());
    ledger.refuses = new CodedError("participants.taken", "the meter is a neighbour's");
    await expect(desk.approve(ticket, "h1")).rejects.toMatchObject({ code: "participants.taken" });
    const found = desk.registrar.require(ticket.id);
    expect(found).toMatchObject({ state: "waiting", reason: "the meter is a neighbour's" });
    expect(desk.ca.identities.size).toBe(0);
    await desk.approve(ticket, "h1");
    expect(desk.registrar.require(ticket.id).state).toBe("approved");
  });

  it.each([
    ["CA", (desk: Desk) => desk.ca],
    ["ledger", (_desk: Desk, ledger: SimulatedLedger) => ledger],
  ])(
    "while the %s is away is kept, over a restart too, and carried out later",
    async (_what, part) => {
      const folder = mkdtempSync(join(tmpdir(), "restart-"));
      const ledger = new SimulatedLedger();
      const before = new Desk({ folder, ledger });
      const ticket = await before.registrar.submit(before.device("d1").request());
      part(before, ledger).away = true;
      await expect(before.approve(ticket, "h1")).rejects.toBeInstanceOf(CodedError);
      expect(before.registrar.require(ticket.id).state).toBe("approving");
      expect(before.registrar.statusOf(before.registrar.require(ticket.id))).toEqual({
        state: "waiting",
      });
      before.close();
      part(before, ledger).away = false;
      const after = open({ folder, ledger, ca: before.ca, seed: "after" });
      expect((await after.registrar.tick()).size).toBe(0);
      expect(after.registrar.require(ticket.id).state).toBe("approved");
      rmSync(folder, { recursive: true });
    },
  );

  it("whose answer from the CA is lost is carried out again, with another secret", async () => {
    const desk = open();
    const device = desk.device("d1");
    const ticket = await desk.registrar.submit(device.request());
    desk.ca.lostAnswers = 1;
    await expect(desk.approve(ticket, "h1")).rejects.toMatchObject({ code: "enrolment.ca" });
    const lost = desk.ca.secretOf("h1");
    await desk.registrar.tick();
    const secret = desk.ca.secretOf("h1");
    expect(secret).not.toBe(lost);
    const csrPem = await device.csr("h1");
    expect(await desk.registrar.certify(ticket.id, { secret, csrPem })).toBeDefined();
  });
});

describe("a certificate", () => {
  it("that was issued and lost on the way is the same when asked for again", async () => {
    const desk = open();
    const { ticket, secret, csrPem, certificate } = await desk.enrol(desk.device("d1"), "h1");
    expect(await desk.registrar.certify(ticket.id, { secret, csrPem })).toEqual(certificate);
    expect(desk.ca.identities.get("h1")?.issued).toBe(1);
  });

  it("that the CA issued before a crash is fetched anew for the right secret, and only for that", async () => {
    const desk = open();
    const device = desk.device("d1");
    const ticket = await desk.registrar.submit(device.request());
    await desk.approve(ticket, "h1");
    const secret = desk.ca.secretOf("h1");
    const csrPem = await device.csr("h1");
    // As if the registrar had died between the CA's answer and its own commit.
    await desk.ca.enrol({ id: "h1", secret, csrPem });
    await expect(
      desk.registrar.certify(ticket.id, { secret: "guess", csrPem }),
    ).rejects.toMatchObject({
      code: "enrolment.secret",
    });
    expect(await desk.registrar.certify(ticket.id, { secret, csrPem })).toBeDefined();
  });

  it("asked for twice at once is issued once", async () => {
    const desk = open();
    const device = desk.device("d1");
    const ticket = await desk.registrar.submit(device.request());
    await desk.approve(ticket, "h1");
    const body = { secret: desk.ca.secretOf("h1"), csrPem: await device.csr("h1") };
    const both = await Promise.all([1, 2].map(() => desk.registrar.certify(ticket.id, body)));
    expect(both[0]).toEqual(both[1]);
    expect(desk.ca.identities.get("h1")?.issued).toBe(1);
  });

  it("is out of reach after five wrong secrets", async () => {
    const desk = open();
    const device = desk.device("d1");
    const ticket = await desk.registrar.submit(device.request());
    await desk.approve(ticket, "h1");
    const csrPem = await device.csr("h1");
    for (let guess = 0; guess < 5; guess++) {
      const body = { secret: `guess ${guess}`, csrPem };
      await expect(desk.registrar.certify(ticket.id, body)).rejects.toBeInstanceOf(CodedError);
    }
    const secret = desk.ca.secretOf("h1");
    await expect(desk.registrar.certify(ticket.id, { secret, csrPem })).rejects.toMatchObject({
      code: "enrolment.closed",
    });
  });
});

describe("time", () => {
  it("closes what was not decided or not fetched in seven days", async () => {
    const desk = open();
    const waiting = await desk.registrar.submit(desk.device("d1").request());
    const approved = await desk.registrar.submit(desk.device("d2").request());
    await desk.approve(approved, "h2");
    const { ticket: issued } = await desk.enrol(desk.device("d3"), "h3");
    days(desk, 7);
    await desk.registrar.tick();
    const states = [waiting, approved, issued].map(({ id }) => desk.registrar.require(id).state);
    expect(states).toEqual(["expired", "expired", "issued"]);
    const again = await desk.registrar.submit(desk.device("d1").request({ place: { fuseA: 63 } }));
    expect(again.id).not.toBe(waiting.id);
  });

  it("makes a renewal due, by the TPM's word over a fresh challenge; before, and where the answer was lost, the same comes again", async () => {
    const desk = open();
    const device = desk.device("d1");
    const { ticket, certificate } = await desk.enrol(device, "h1");
    const { device: id } = desk.registrar.require(ticket.id);
    const renew = async () => {
      const { challenge } = desk.registrar.challenge(id);
      const certification = device.certify(Buffer.from(challenge, "hex"));
      const csrPem = await device.csr("h1");
      return await desk.registrar.renew({ v: 1, device: id, challenge, certification, csrPem });
    };
    expect(await renew()).toEqual(certificate);
    days(desk, 306);
    const [renewed, lost] = await Promise.all([renew(), renew()]);
    expect(renewed.certificatePem).not.toBe(certificate.certificatePem);
    expect(lost).toEqual(renewed);
    expect(await renew()).toEqual(renewed);
    expect(desk.ca.identities.get("h1")?.issued).toBe(2);
  });

  it("makes a challenge too old after five minutes", async () => {
    const desk = open();
    const device = desk.device("d1");
    const { ticket } = await desk.enrol(device, "h1");
    const { device: id } = desk.registrar.require(ticket.id);
    days(desk, 306);
    const { challenge } = desk.registrar.challenge(id);
    days(desk, 6 / 1440);
    const certification = device.certify(Buffer.from(challenge, "hex"));
    const csrPem = await device.csr("h1");
    const renewal = desk.registrar.renew({ v: 1, device: id, challenge, certification, csrPem });
    await expect(renewal).rejects.toMatchObject({ code: "enrolment.renewal" });
  });
});

describe("revocation", () => {
  it("suspends on the ledger, revokes at the CA, and ends renewals", async () => {
    const ledger = new SimulatedLedger();
    const desk = open({ ledger });
    const { ticket } = await desk.enrol(desk.device("d1"), "h1");
    await desk.registrar.revoke("h1", "key-compromised", "ana");
    expect(ledger.statuses).toEqual(["h1 suspended key-compromised"]);
    expect(desk.ca.revoked).toEqual(["h1"]);
    const { device } = desk.registrar.require(ticket.id);
    expect(() => desk.registrar.challenge(device)).toThrow(
      expect.objectContaining({ code: "enrolment.renewal" }),
    );
  });

  it("reaches the ledger first: what is not suspended there is not said to be revoked", async () => {
    const ledger = new SimulatedLedger();
    const desk = open({ ledger });
    const { ticket } = await desk.enrol(desk.device("d1"), "h1");
    ledger.away = true;
    await expect(desk.registrar.revoke("h1", "left", "ana")).rejects.toMatchObject({
      code: "ledger.unavailable",
    });
    expect(desk.registrar.require(ticket.id).state).toBe("issued");
    expect(desk.ca.revoked).toEqual([]);
  });
});

describe("the replacement of a TPM", () => {
  async function broken() {
    const ledger = new SimulatedLedger();
    const desk = open({ ledger });
    const old = await desk.enrol(desk.device("old"), "h1");
    const device = desk.device("new");
    const request = device.request({ replaces: "h1" });
    const ticket = await desk.registrar.submit(request);
    return { ledger, desk, old, device, request, ticket };
  }
  const keysOf = (request: EnrolmentRequest, desk: Desk, id: string) => ({
    device: desk.registrar.require(id).device,
    attestationKey: request.attestationPublic,
    readingKey: request.readingPublic,
    certification: request.certification,
    counterName: request.counterName,
  });
  const finish = async (desk: Desk, device: SoftDevice, id: string) => {
    const body = { secret: desk.ca.secretOf("h1"), csrPem: await device.csr("h1") };
    return await desk.registrar.certify(id, body);
  };

  it("needs the household's word on the ledger, and revokes the old certificates", async () => {
    const { ledger, desk, old, device, request, ticket } = await broken();
    await expect(desk.approve(ticket, "h1")).rejects.toMatchObject({
      code: "enrolment.consent-missing",
    });
    expect(ledger.replacements.size, "the operator did not ask in its place").toBe(0);
    ledger.ask("h1", keysOf(request, desk, ticket.id), "household");
    await desk.approve(ticket, "h1");
    expect(ledger.replacements.get("h1")?.state).toBe("confirmed");
    expect(desk.ca.revoked).toEqual(["h1"]);
    expect(desk.registrar.require(old.ticket.id).state).toBe("declined");
    await finish(desk, device, ticket.id);
    expect(desk.ca.identities.get("h1")?.attributes["device"]).toBe(
      desk.registrar.require(ticket.id).device,
    );
  });

  it("or, where the old key is lost, the operator's and the utility's", async () => {
    const { ledger, desk, device, ticket } = await broken();
    const approve = () => desk.approve(ticket, "h1", { withoutHousehold: true });
    await expect(approve()).rejects.toMatchObject({ code: "enrolment.consent-missing" });
    await expect(approve()).rejects.toMatchObject({ code: "enrolment.consent-missing" });
    expect(ledger.replacements.get("h1")).toMatchObject({ askedBy: "operator", state: "asked" });
    ledger.confirm("h1");
    await approve();
    await finish(desk, device, ticket.id);
  });

  it("is not done for other keys than those agreed on", async () => {
    const { ledger, desk, request, ticket } = await broken();
    const other = desk.device("thief").request({ replaces: "h1" });
    const agreed = { ...keysOf(request, desk, ticket.id), readingKey: other.readingPublic };
    ledger.ask("h1", agreed, "household");
    await expect(desk.approve(ticket, "h1")).rejects.toMatchObject({
      code: "enrolment.consent-missing",
    });
    expect(desk.ca.revoked).toEqual([]);
  });
});

it("a newer request of a device takes the older one's place; one for its chip by another key does not", async () => {
  const desk = open();
  const device = desk.device("d1");
  const first = await desk.registrar.submit(device.request());
  const second = await desk.registrar.submit(device.request());
  expect(desk.registrar.require(first.id).state).toBe("declined");
  const pretender = desk.device("pretender");
  const claim = {
    ...pretender.request(),
    endorsementPublic: device.request().endorsementPublic,
    endorsementCertificate: device.request().endorsementCertificate,
  };
  const { certification: _old, ...rest } = claim;
  await desk.registrar.submit({ ...rest, certification: pretender.bind(rest) });
  const found = desk.registrar.require(second.id);
  expect(found.state).toBe("waiting");
  expect(desk.registrar.enrolments.isContested(found)).toBe(true);
});

it("keeps no secret and no token in its files", async () => {
  const folder = mkdtempSync(join(tmpdir(), "leaks-"));
  const desk = new Desk({ folder, ca: new SimulatedCa(() => new Date()) });
  const { ticket, secret } = await desk.enrol(desk.device("d1"), "h1");
  const others = mkdtempSync(join(tmpdir(), "operators-"));
  const [tokenFile = ""] = desk.operators.keepOnly(["ana"], others);
  const operator = readFileSync(tokenFile, "utf8").trim();
  const link = desk.operators.newLink("ana").token;
  const bytes = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), "latin1"))
    .join("");
  expect(bytes, "the scan sees what is there").toContain(ticket.code);
  for (const hidden of [secret, ticket.token, link, operator]) expect(bytes).not.toContain(hidden);
  desk.close();
  rmSync(folder, { recursive: true });
  rmSync(others, { recursive: true });
});
