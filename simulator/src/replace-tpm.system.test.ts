import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { type Child, waitFor } from "./child.js";
import { certifyTpm, type Household } from "./household.js";
import { utilityId } from "./operator-desk.js";
import { enrolSoftwareClient } from "./software-client.js";
import { powershare } from "./testing/powershare.js";
import { startTestNeighbourhood, type TestNeighbourhood } from "./testing/shared-neighbourhood.js";
import { startTpm, tpmSocket } from "./tpm.js";

// What changes in a household's life, each by the words of two organisations on a real ledger: its certificate,
// its TPM with and without the old key, and its meter.
const withinMs = 60_000;
let street: TestNeighbourhood;
let household: Household;
let other: Household;
const newTpms: Child[] = [];

beforeAll(async () => {
  street = await startTestNeighbourhood("swap", [1, 2]);
  const [first, second] = street.neighbourhood.households;
  if (first === undefined || second === undefined) throw new Error("no households");
  [household, other] = [first, second];
});
afterAll(async () => {
  await Promise.all(newTpms.map((tpm) => tpm.stop()));
  await street.stop();
});

/** Folder of a new TPM for this household, in which it runs. */
async function newTpm({ directory }: Household): Promise<string> {
  const there = join(directory, "new");
  mkdirSync(there);
  newTpms.push(await startTpm("the new TPM", there, join(there, "tpm.log")));
  await certifyTpm(tpmSocket(there), street.neighbourhood.maker);
  return there;
}

/** Changes the configuration of an agent that is stopped. */
function configure({ directory }: Household, change: (config: Config) => object): void {
  const path = join(directory, "agent.yaml");
  const config = configuration.parse(parse(readFileSync(path, "utf8")));
  writeFileSync(path, stringify({ ...config, ...change(config) }));
}
const section = z.record(z.string(), z.unknown());
const configuration = z.looseObject({ ledger: section, registrar: section });
type Config = z.infer<typeof configuration>;

const certificateOf = ({ directory }: Household) =>
  readFileSync(join(directory, "data", "certificate.pem"), "utf8");
const intervals = ({ meterIds }: Household) =>
  meterIds.reduce((sum, id) => sum + street.watch.evidence.intervals(id), 0);

/** Waits until the ledger has accepted more of a household's meters. */
async function moreAccepted(of: Household, more = 2): Promise<void> {
  const before = intervals(of);
  const found = () => (intervals(of) >= before + more ? true : undefined);
  await waitFor(`evidence of ${of.spec.id}, see ${of.agent.logFile}`, found, {
    withinMs,
    everyMs: 200,
  });
}

test("an agent renews its certificate by itself, and goes on without a stop", async () => {
  await household.stopAgent();
  const before = certificateOf(household);
  configure(household, ({ registrar }) => ({ registrar: { ...registrar, renewFromDays: 366 } }));
  await household.agent.start();
  const renewed = () => (certificateOf(household) === before ? undefined : true);
  await waitFor("a new certificate", renewed, { withinMs, everyMs: 100 });
  const pid = household.agent.pid;
  await moreAccepted(household);
  expect(household.agent.pid).toBe(pid);
  const { health } = await household.agent.waitForOverview("well", () => true, withinMs);
  expect(health.ledger).toMatchObject({ state: "ok", code: null });
});

/** The request of a new TPM by file. */
function requestOf({ spec }: Household, there: string) {
  const at = ["--swtpm", tpmSocket(there), "--out", join(there, "data")];
  const declared = spec.meters.flatMap(({ profile, role, serialNumber }) => [
    "--meter",
    `${role}=${profile}:${serialNumber}`,
  ]);
  const file = join(there, "request.json");
  const made = powershare("enrol", ...at, ...declared, "--replaces", spec.id, "--request", file);
  expect(made.stderr, "request").toBe("");
  const { code } = z.object({ code: z.string() }).parse(made.answer);
  return { at, file, code };
}

async function registrarArgs(): Promise<string[]> {
  const { url, caFile, tokenFile } = await street.neighbourhood.registrar;
  return ["--registrar", url, "--registrar-ca", caFile, "--token-file", tokenFile];
}

/** The operator's approval by files, and what follows from it until the new device has its certificate. */
async function enrolled(of: Household, there: string, request: ReturnType<typeof requestOf>) {
  const registrar = await registrarArgs();
  const response = join(there, "credential.json");
  const files = ["--request", request.file, "--response", response];
  const decision = ["--participant", of.spec.id, "--code", request.code];
  expect(
    powershare("operator", "enrolments", "approve", ...files, ...decision, ...registrar),
  ).toMatchObject({ status: 0, stderr: "" });
  expect(powershare("enrol", ...request.at, "--response", response).status).toBe(0);
  const csr = join(there, "data", "certificate-request.json");
  const certificate = join(there, "certificate.json");
  const issue = ["operator", "enrolments", "issue", csr, "--response", certificate];
  expect(powershare(...issue, ...registrar)).toMatchObject({ status: 0, stderr: "" });
  expect(powershare("enrol", ...request.at, "--response", certificate).status).toBe(0);
}

/** The agent goes on with its store and the new identity. */
async function startWithNew(of: Household, there: string): Promise<void> {
  const dataDir = join(there, "data");
  const before = join(of.directory, "data");
  for (const name of readdirSync(before).filter((one) => one.startsWith("agent.db"))) {
    cpSync(join(before, name), join(dataDir, name));
  }
  configure(of, ({ ledger }) => ({
    dataDir,
    tpm: { swtpm: tpmSocket(there) },
    ledger: { ...ledger, certificate: join(dataDir, "certificate.pem") },
  }));
  await of.agent.start();
}

const participantOf = async ({ spec }: Household) =>
  await street.neighbourhood.desk.client.read("participants:ReadParticipant", {
    participant: spec.id,
  });
const newDevice = (there: string) =>
  z
    .object({ device: z.string() })
    .parse(JSON.parse(readFileSync(join(there, "data", "identity.json"), "utf8"))).device;

test("a household's old key and the operator give its place to another TPM; what the old one certified is not lost, and its key is worth nothing then", async () => {
  const { id } = household.spec;
  await household.stopAgent();
  let peer: unknown;
  configure(household, ({ ledger }) => {
    peer = ledger["endpoint"];
    return { ledger: { ...ledger, endpoint: "localhost:9" } };
  });
  await household.agent.start();
  await household.agent.waitForOverview(
    "intervals that the ledger has not",
    ({ health }) => health.store.unsentPackages >= 3,
    withinMs,
  );
  await household.stopAgent();
  configure(household, ({ ledger }) => ({ ledger: { ...ledger, endpoint: peer } }));

  const there = await newTpm(household);
  const request = requestOf(household, there);
  const old = [
    "--swtpm",
    tpmSocket(household.directory),
    "--out",
    join(household.directory, "data"),
  ];
  const { file, code } = request;
  const agree = () => powershare("agree-replacement", ...old, "--request", file, "--code", code);
  expect(agree()).toMatchObject({ status: 0, answer: { participant: id, effect: "done" } });
  await enrolled(household, there, request);

  expect(await participantOf(household)).toMatchObject({
    device: newDevice(there),
    formerDevices: [{}],
  });
  const refused = agree();
  expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining("[access.device]")]);

  await startWithNew(household, there);
  await moreAccepted(household, 4);
  await household.agent.waitForOverview(
    "all sent",
    ({ health }) => health.store.unsentPackages <= 2 && health.ledger.state === "ok",
    withinMs,
  );
  for (const meter of household.meterIds) expect(street.watch.evidence.faults(meter)).toEqual([]);
  const names = street.events.map(({ name }) => name);
  expect(names).toContain("DeviceReplacementAsked");
  expect(names).toContain("DeviceReplaced");
});

test("where the old key is lost, the operator asks and nobody but the household's utility confirms", async () => {
  const { network } = street;
  await other.agent.kill();
  await other.stopTpm();
  const there = await newTpm(other);
  const request = requestOf(other, there);
  const { file, code } = request;
  const decision = ["--participant", other.spec.id, "--code", code, "--without-household"];
  const response = ["--request", file, "--response", join(there, "early.json")];
  const early = powershare(
    "operator",
    "enrolments",
    "approve",
    ...response,
    ...decision,
    ...(await registrarArgs()),
  );
  expect([early.status, early.stderr]).toEqual([
    1,
    expect.stringContaining("[enrolment.consent-missing]"),
  ]);

  /** Of a client that the organisation's CA gave this role. */
  const ledgerFile = async (role: "utility" | "operator", participant: string) => {
    const organisation = network.organisations[role];
    const attributes = { role, microgrid: network.channel, participant };
    const id = `swap-${role}-client`;
    const { certificatePem, privateKeyPem } = await enrolSoftwareClient(organisation, {
      id,
      attributes,
    });
    const at = (name: string) => join(there, `${id}-${name}`);
    writeFileSync(at("cert.pem"), certificatePem);
    writeFileSync(at("key.pem"), privateKeyPem, { mode: 0o600 });
    const { mspId, peerEndpoint, peerTlsHostname, tlsRootCertificatePem } = organisation;
    const { channel, chaincode } = network;
    const access = { mspId, channel, chaincode, tlsRootCertificatePem };
    const peer = { endpoint: peerEndpoint, tlsHostname: peerTlsHostname };
    const own = { certificate: at("cert.pem"), key: at("key.pem") };
    writeFileSync(at("ledger.json"), JSON.stringify({ ...access, ...peer, ...own }));
    return at("ledger.json");
  };
  const confirm = (ledger: string, shown = code) =>
    powershare(
      "operator",
      "replacement",
      "confirm",
      "--ledger",
      ledger,
      "--participant",
      other.spec.id,
      "--request",
      file,
      "--code",
      shown,
    );
  const byOperator = confirm(await ledgerFile("operator", "operator"));
  expect([byOperator.status, byOperator.stderr]).toEqual([
    1,
    expect.stringContaining("[participants.replacement]"),
  ]);
  const utility = await ledgerFile("utility", utilityId);
  expect(confirm(utility, "0000-0000")).toMatchObject({ status: 1 });
  expect(await participantOf(other)).not.toMatchObject({ device: newDevice(there) });
  expect(confirm(utility)).toMatchObject({ status: 0, answer: { participant: other.spec.id } });
  await enrolled(other, there, request);
  expect(await participantOf(other)).toMatchObject({ device: newDevice(there) });
  await startWithNew(other, there);
  await moreAccepted(other);
  for (const meter of other.meterIds) expect(street.watch.evidence.faults(meter)).toEqual([]);
});

test("a meter that was exchanged counts from the day on which household and operator have confirmed it", async () => {
  const meters = ["operator", "meters"];
  const registrar = await registrarArgs();
  const epochs = z.array(z.looseObject({ meter: z.string(), state: z.string() }));
  const listed = () =>
    epochs
      .parse(powershare(...meters, "list", ...registrar).answer)
      .filter(({ participant }) => participant === household.spec.id);
  expect(listed()).toEqual([]);
  await street.neighbourhood.meters.open(
    { ...household.spec, seed: "the new meters" },
    join(household.directory, "line"),
  );
  const api = `http://127.0.0.1:${household.agent.port}`;
  const report = z.object({
    pending: z.array(
      z.object({
        meter: z.string(),
        role: z.string(),
        opening: z.object({ importWh: z.int(), exportWh: z.int() }),
      }),
    ),
  });
  const [pending] = await waitFor(
    "the question about the new meter",
    async () => {
      const found = report.parse(await (await fetch(`${api}/api/meters`)).json()).pending;
      const connection = found.filter(({ role }) => role === "connection");
      return connection.length > 0 ? connection : undefined;
    },
    { withinMs, everyMs: 500 },
  );
  if (pending === undefined) throw new Error("nothing pending");
  const { importWh, exportWh } = pending.opening;
  const answered = await fetch(`${api}/api/meters/decision`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: api },
    body: JSON.stringify({ meter: pending.meter, decision: "confirm", importWh, exportWh }),
  });
  expect(answered.status).toBe(204);
  await waitFor(
    "the operator to be asked",
    () => (listed().some(({ meter }) => meter === pending.meter) ? true : undefined),
    { withinMs, everyMs: 1000 },
  );
  expect(listed()).toEqual([expect.objectContaining({ state: "asked", meter: pending.meter })]);
  expect(street.watch.evidence.intervals(pending.meter)).toBe(0);
  const confirmed = powershare(...meters, "confirm", pending.meter, ...registrar);
  expect(confirmed).toMatchObject({ status: 0, answer: { state: "confirmed" } });
  await waitFor(
    `evidence of ${pending.meter}`,
    () => (street.watch.evidence.intervals(pending.meter) > 1 ? true : undefined),
    { withinMs, everyMs: 200 },
  );
  expect(street.watch.evidence.faults(pending.meter)).toEqual([]);
});
