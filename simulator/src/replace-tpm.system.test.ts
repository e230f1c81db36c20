import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { Child } from "./child.js";
import { certifyTpm, type Household } from "./household.js";
import { startTestNeighbourhood, type TestNeighbourhood } from "./testing/shared-neighbourhood.js";
import { startTpm, tpmSocket } from "./tpm.js";

// The whole way of a new TPM into a household's place: both organisations' words on a real ledger.
const program = fileURLToPath(new URL("../../provisioning/bin/powershare.js", import.meta.url));
let street: TestNeighbourhood;
let household: Household;
let newTpm: Child;
let there: string;

beforeAll(async () => {
  street = await startTestNeighbourhood("swap", [1]);
  const [only] = street.neighbourhood.households;
  if (only === undefined) throw new Error("no household");
  household = only;
  await household.stopAgent();
  there = join(household.directory, "new");
  mkdirSync(there);
  newTpm = await startTpm("the new TPM", there, join(there, "tpm.log"));
  await certifyTpm(tpmSocket(there), street.neighbourhood.maker);
});
afterAll(async () => {
  await newTpm.stop();
  await street.stop();
});

function powershare(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args, "--json"], {
    encoding: "utf8",
    timeout: 60_000,
  });
  const answer = z
    .record(z.string(), z.unknown())
    .safeParse(stdout === "" ? {} : JSON.parse(stdout));
  return { status, stderr, answer: answer.data ?? {} };
}

test("a household's old key and the operator give its place to another TPM; the old key is worth nothing then", async () => {
  const registrar = await street.neighbourhood.registrar;
  const { id, meters } = household.spec;
  const [old, next] = [
    ["--swtpm", tpmSocket(household.directory), "--out", join(household.directory, "data")],
    ["--swtpm", tpmSocket(there), "--out", join(there, "data")],
  ];
  const declared = meters.flatMap(({ profile, role, serialNumber }) => [
    "--meter",
    `${role}=${profile}:${serialNumber}`,
  ]);
  const request = join(there, "request.json");
  const made = powershare("enrol", ...next, ...declared, "--replaces", id, "--request", request);
  expect(made.stderr, "request").toBe("");
  const code = z.string().parse(made.answer["code"]);
  const agree = () => powershare("agree-replacement", ...old, "--request", request, "--code", code);
  expect(agree()).toMatchObject({ status: 0, answer: { participant: id, effect: "done" } });

  const response = join(there, "credential.json");
  const token = ["--token-file", registrar.tokenFile];
  const at = ["--registrar", registrar.url, "--registrar-ca", registrar.caFile, ...token];
  const files = ["--request", request, "--response", response];
  const approve = [
    "operator",
    "enrolments",
    "approve",
    ...files,
    "--participant",
    id,
    "--code",
    code,
  ];
  expect(powershare(...approve, ...at)).toMatchObject({ status: 0, stderr: "" });
  expect(powershare("enrol", ...next, "--response", response).status).toBe(0);
  const csr = join(there, "data", "certificate-request.json");
  const certificate = join(there, "certificate.json");
  const issue = ["operator", "enrolments", "issue", csr, "--response", certificate];
  expect(powershare(...issue, ...at)).toMatchObject({ status: 0, stderr: "" });
  expect(powershare("enrol", ...next, "--response", certificate).status).toBe(0);

  const found = await street.neighbourhood.desk.client.read("participants:ReadParticipant", {
    participant: id,
  });
  const device = z
    .object({ device: z.string() })
    .parse(JSON.parse(readFileSync(join(there, "data", "identity.json"), "utf8"))).device;
  expect(found).toMatchObject({ device, formerDevices: [{}] });
  const refused = agree();
  expect(refused.status).not.toBe(0);
  expect(refused.stderr).toContain("names another device");
  const names = street.events.map(({ name }) => name);
  expect(names).toContain("DeviceReplacementAsked");
  expect(names).toContain("DeviceReplaced");
});
