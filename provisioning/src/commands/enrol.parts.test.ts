import { spawn, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { enrolmentView } from "@powershare/domain/enrolment";
import { RegistrarClient } from "@powershare/registrar-client";
import { openSwtpm, Tpm } from "node-tpm2";
import {
  equipWithCertificate,
  type RunningSwtpm,
  simulatedMaker,
  startSwtpm,
} from "node-tpm2/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { withDevice } from "../enrolment/device.js";
import { DeviceFiles } from "../enrolment/device-files.js";
import { renewDevice } from "../enrolment/enrol-device.js";
import { type RunningRegistrar, startRegistrar } from "../testing/running-registrar.js";

const command = fileURLToPath(new URL("../../bin/powershare.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "enrol-"));
const at = (name: string) => join(folder, name);
const out = at("data");
writeFileSync(at("file"), "");
writeFileSync(at("bad.json"), '{"v":1}');
const meter = ["--meter", "connection=eastron/sdm630:12345678"];

const parsed = (text: string): unknown => (text === "" ? undefined : JSON.parse(text));
const jsonIn = (path: string) =>
  z.record(z.string(), z.unknown()).parse(parsed(readFileSync(path, "utf8")));
const textIn = (path: string, field: string): string => z.string().parse(jsonIn(path)[field]);
const containing = (text: string): unknown => expect.stringContaining(text);

function enrol(...args: string[]) {
  const argv = [command, "enrol", ...args, "--json"];
  return spawnSync(process.execPath, argv, { encoding: "utf8", timeout: 30_000 });
}

afterAll(() => rmSync(folder, { recursive: true }));

const none = ["--swtpm", at("none.sock")];
test.each([
  { name: "no TPM", args: ["--out", out, ...meter], says: "expected --tpm-device or --swtpm" },
  {
    name: "two TPMs",
    args: [...none, "--tpm-device", "/dev/tpmrm0", "--out", out],
    says: "cannot",
  },
  { name: "no registrar", args: [...none, "--out", out, ...meter], says: "expected --registrar" },
  {
    name: "no meter at the connection",
    args: [...none, "--out", out, "--meter", "generator=eastron/sdm230:1"],
    says: "expected --meter connection",
  },
  {
    name: "a registrar without TLS",
    args: [...none, "--out", out, "--registrar", "http://r"],
    says: "https",
  },
  {
    name: "a response that is none",
    args: [...none, "--out", out, "--response", at("bad.json")],
    says: "bad.json",
  },
  {
    name: "a file as folder",
    args: [...none, ...meter, "--request", at("r"), "--out", at("file")],
    says: "EEXIST",
  },
])("$name is bad usage: exit 2, before anything is made", ({ args, says }) => {
  const { status, stdout, stderr } = enrol(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain(says);
  expect(existsSync(out)).toBe(false);
});

test("an absent TPM is named with its remedy: exit 3", () => {
  const { status, stdout, stderr } = enrol(
    ...none,
    ...meter,
    "--request",
    at("r"),
    "--out",
    at("absent"),
  );
  expect({ status, stdout }).toEqual({ status: 3, stdout: "" });
  expect(stderr).toMatch(/none\.sock .*\n {2}\[tpm\.unavailable\] \w+/);
});

describe("with a registrar", () => {
  let registrar: RunningRegistrar;
  const tpms: RunningSwtpm[] = [];
  const secrets: string[] = [];

  /** A certified chip of its own. */
  async function chip(name: string, maker = registrar.maker): Promise<string> {
    const tpm = await startSwtpm({ stateDir: at(name), socketPath: at(`${name}.sock`) });
    tpms.push(tpm);
    const client = await Tpm.open(openSwtpm({ path: tpm.socketPath }));
    await equipWithCertificate(client, maker);
    await client.close();
    return tpm.socketPath;
  }
  const registrarArgs = () => ["--registrar", registrar.url, "--registrar-ca", registrar.caFile];
  const operator = (...args: string[]) => {
    const argv = [command, "operator", "enrolments", ...args, ...registrarArgs()];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...argv, "--token-file", registrar.tokenFile, "--json"],
      { encoding: "utf8", timeout: 30_000 },
    );
    return { status, stderr, answer: parsed(stdout) };
  };
  /** The device's command, running. */
  function enrolling(name: string, swtpm: string) {
    const args = [
      "--swtpm",
      swtpm,
      "--out",
      at(`${name}.data`),
      ...registrarArgs(),
      ...meter,
      "--json",
    ];
    const child = spawn(process.execPath, [command, "enrol", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    child.stdout.on("data", (chunk) => (text += String(chunk)));
    child.stderr.on("data", (chunk) => (text += String(chunk)));
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const code = async (): Promise<string> => {
      for (;;) {
        const found = /code (\S+):/.exec(text)?.[1];
        if (found !== undefined) return found;
        if (child.exitCode !== null) throw new Error(text);
        await delay(20);
      }
    };
    return { child, ended, code, text: () => text };
  }
  const waitingId = (code: string): string =>
    z
      .array(enrolmentView)
      .parse(operator("list").answer)
      .find((view) => view.code === code)?.id ?? "";

  beforeAll(async () => {
    registrar = await startRegistrar();
  });
  afterAll(async () => {
    await Promise.all(tpms.map((tpm) => tpm.stop()));
    await registrar.stop();
  });

  test("a device is enrolled when the operator approved its code; killed registrars and devices go on", async () => {
    const swtpm = await chip("h1");
    const first = enrolling("h1", swtpm);
    const code = await first.code();
    first.child.kill("SIGKILL");
    await first.ended;
    await registrar.kill();
    await registrar.start();
    const id = waitingId(code);
    const wrong = operator("approve", id, "--participant", "h1", "--code", "0000-0000");
    expect([wrong.status, wrong.stderr]).toEqual([1, containing("[enrolment.code]")]);
    const approved = operator("approve", id, "--participant", "h1", "--code", code.toLowerCase());
    expect(approved).toMatchObject({ status: 0, answer: { state: "approved", participant: "h1" } });
    await registrar.kill();
    await registrar.start();
    const second = enrolling("h1", swtpm);
    expect(await second.ended, second.text()).toBe(0);
    expect(await second.code()).toBe(code);
    const certificate = new X509Certificate(readFileSync(at("h1.data/certificate.pem")));
    const text = certificate.raw.toString("latin1");
    const device = textIn(at("h1.data/identity.json"), "device");
    expect(certificate.subject).toContain("CN=h1");
    for (const attribute of [
      `"device":"${device}"`,
      '"microgrid":"test-grid"',
      '"participant":"h1"',
      '"role":"resident"',
    ]) {
      expect(text).toContain(attribute);
    }
    expect(existsSync(at("h1.data/enrolment.json"))).toBe(false);
    const again = enrolling("h1", swtpm);
    expect(await again.ended, "it may be repeated").toBe(0);
  });

  test("what the operator declines ends with the reason: exit 1", async () => {
    const device = enrolling("declined", await chip("declined"));
    const id = waitingId(await device.code());
    expect(operator("decline", id, "--reason", "seal is missing").status).toBe(0);
    expect(await device.ended).toBe(1);
    expect(device.text()).toMatch(/seal is missing\n {2}\[enrolment\.declined\]/);
  });

  test("a chip of an unknown maker is refused before anybody looks at it", async () => {
    const device = enrolling("forged", await chip("forged", simulatedMaker("Test maker")));
    expect(await device.ended).toBe(1);
    expect(device.text()).toContain("[enrolment.maker]");
  });

  test("by files: request, credential, certificate request, certificate; and none of another device", async () => {
    const [swtpm, otherTpm] = [await chip("files"), await chip("other")];
    const here = ["--swtpm", swtpm, "--out", at("files.data")];
    const there = ["--swtpm", otherTpm, "--out", at("other.data")];
    const { stdout } = enrol(...here, ...meter, "--request", at("request.json"));
    const code = z.object({ code: z.string() }).parse(parsed(stdout)).code;
    expect(enrol(...there, ...meter, "--request", at("other.json")).status).toBe(0);
    const files = ["--request", at("request.json"), "--response", at("credential.json")];
    const approved = () => operator("approve", ...files, "--participant", "h2", "--code", code);
    expect(approved()).toMatchObject({ stderr: "", status: 0, answer: { code } });
    expect(approved(), "it may be repeated").toMatchObject({ status: 0 });
    const stolen = enrol(...there, "--response", at("credential.json"));
    expect([stolen.status, stolen.stderr]).toEqual([1, containing("[enrolment.response]")]);
    const credential = jsonIn(at("credential.json"));
    const device = textIn(at("other.data/registration.json"), "device");
    const otherCode = textIn(at("other.data/enrolment.json"), "code");
    writeFileSync(
      at("relabelled.json"),
      JSON.stringify({ ...credential, device, code: otherCode }),
    );
    const relabelled = enrol(...there, "--response", at("relabelled.json"));
    expect([relabelled.status, relabelled.stderr]).toEqual([3, containing("TPM_RC_")]);

    expect(enrol(...here, "--response", at("credential.json")).status).toBe(0);
    const csr = at("files.data/certificate-request.json");
    expect(operator("issue", csr, "--response", at("certificate.json")).status).toBe(0);
    expect(enrol(...there, "--response", at("certificate.json")).status).toBe(1);
    expect(enrol(...here, "--response", at("certificate.json")).status).toBe(0);
    expect(existsSync(at("files.data/certificate.pem"))).toBe(true);
    secrets.push(textIn(csr, "secret"));
    const swapped = {
      ...jsonIn(csr),
      csrPem: "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
    };
    writeFileSync(at("swapped.json"), JSON.stringify(swapped));
    const again = operator("issue", at("swapped.json"), "--response", at("no.json"));
    expect([again.status, again.stderr]).toEqual([1, containing("[enrolment.csr]")]);
  });

  test("a certificate is renewed by the TPM's word when it is due, and not before", async () => {
    const files = await DeviceFiles.open(at("h1.data"));
    const client = new RegistrarClient({
      url: registrar.url,
      caPem: readFileSync(registrar.caFile, "utf8"),
    });
    await withDevice({ swtpm: at("h1.sock") }, files, async (device) => {
      expect(await renewDevice({ device, files, client, withinDays: 30 })).toBe(false);
      await expect(renewDevice({ device, files, client, withinDays: 400 })).rejects.toMatchObject({
        code: "enrolment.renewal",
      });
    });
  });

  test("a registrar with another certificate is not spoken to", async () => {
    const [key, cert] = [
      readFileSync(join(registrar.folder, "tls-key.pem")),
      readFileSync(join(registrar.folder, "tls.pem")),
    ];
    let heard = 0;
    const impostor = createServer({ key, cert }, (_request, response) => {
      heard += 1;
      response.end("{}");
    });
    await new Promise<void>((resolve) => impostor.listen(0, "127.0.0.1", resolve));
    const address = impostor.address();
    const port = typeof address === "object" ? address?.port : 0;
    const url = `https://localhost:${port}`;
    const client = new RegistrarClient({ url, caPem: simulatedMaker("another CA").certificatePem });
    await expect(client.challenge("00".repeat(32))).rejects.toMatchObject({
      code: "enrolment.unavailable",
    });
    expect(heard).toBe(0);
    impostor.close();
  });

  test("a revoked participant's device gets nothing more", async () => {
    expect(operator("revoke", "h2", "--reason", "device-lost").status).toBe(0);
    const { answer } = operator("list", "--state", "issued");
    const issued = z.array(enrolmentView).parse(answer);
    expect(issued.map(({ participant }) => participant)).toEqual(["h1"]);
  });

  test("no secret and no token lies in the registrar's files or its log", async () => {
    const everything = readdirSync(registrar.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith(".token"))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
    const token = readFileSync(registrar.tokenFile, "utf8").trim();
    const text = `${everything.join("\n")}\n${registrar.log()}`;
    expect(text, "the scan sees what is there").toContain("h1");
    expect(secrets).toHaveLength(1);
    for (const secret of [...secrets, token]) expect(text).not.toContain(secret);
    expect(registrar.log()).not.toMatch(/[A-Za-z0-9_-]{43}/);
  });
});
