import { createHash, X509Certificate } from "node:crypto";
import { chmod, mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { type Command, Option } from "commander";
import type { DeviceIdentity, IdentityBlobs, Tpm } from "node-tpm2";
import { fail, print, say, UnreadableInput, usageError } from "../output.js";

interface EnrolOptions {
  readonly tpmDevice?: string;
  readonly swtpm?: string;
  readonly caUrl?: string;
  readonly caName?: string;
  readonly caCertificate?: string;
  readonly id?: string;
  readonly secretFile?: string;
  readonly out: string;
  readonly json?: boolean;
}

interface CaOptions {
  readonly caUrl: string;
  readonly caName: string;
  readonly caCertificate: string;
  readonly id: string;
  readonly secretFile: string;
}

/** `powershare enrol`: an identity in the TPM, and its certificate from the community's CA. */
export function registerEnrolCommands(program: Command): void {
  program
    .command("enrol")
    .description(
      "Makes this device's identity in its TPM and, with an id and one-time secret from the operator, fetches its certificate. Writes identity.json, registration.json and certificate.pem into DIR. It may be repeated.",
    )
    .addOption(new Option("--tpm-device <path>", "TPM, e.g. /dev/tpmrm0").conflicts("swtpm"))
    .option("--swtpm <path>", "socket of a software TPM")
    .option("--ca-url <url>", "the community's CA, e.g. https://localhost:7054")
    .option("--ca-name <name>", "which CA of that server")
    .option("--ca-certificate <file>", "certificate that the CA's TLS certificate chains to")
    .option("--id <id>", "enrolment id, as the operator registered it")
    .option("--secret-file <file>", "one-time secret; - reads it from standard input")
    .requiredOption("--out <dir>", "the agent's dataDir")
    .option("--json", "print the registration as JSON")
    .action(async (options: EnrolOptions) => {
      try {
        await enrol(options);
      } catch (error) {
        fail(error);
      }
    });
}

async function enrol(options: EnrolOptions): Promise<void> {
  const ca = caOptions(options);
  if ((options.tpmDevice ?? options.swtpm) === undefined || ca === "incomplete") {
    say(
      "powershare enrol: expected --tpm-device or --swtpm, and --ca-url, --ca-name, --ca-certificate, --id and --secret-file together or not at all",
    );
    process.exitCode = usageError;
    return;
  }
  const { Tpm, openDevice, openIdentity, openSwtpm } = await import("node-tpm2");
  const transport =
    options.tpmDevice === undefined
      ? openSwtpm({ path: options.swtpm ?? "" })
      : openDevice(options.tpmDevice);
  const tpm = await Tpm.open(transport);
  try {
    await mkdir(options.out, { recursive: true, mode: 0o700 });
    const identity = await openIdentity(tpm, await identityBlobs(tpm, options.out));
    try {
      await writeRegistration(identity, options);
      if (ca !== undefined)
        await fetchCertificate(identity, ca, join(options.out, "certificate.pem"));
    } finally {
      await identity.close();
    }
  } finally {
    await tpm.close();
  }
}

function caOptions(options: EnrolOptions): CaOptions | "incomplete" | undefined {
  const { caUrl, caName, caCertificate, id, secretFile } = options;
  const all = [caUrl, caName, caCertificate, id, secretFile];
  if (all.every((one) => one === undefined)) return undefined;
  if (!caUrl || !caName || !caCertificate || !id || !secretFile) return "incomplete";
  return { caUrl, caName, caCertificate, id, secretFile };
}

/** Those of an earlier run, which may be registered already, or new ones. */
async function identityBlobs(tpm: Tpm, out: string): Promise<IdentityBlobs> {
  const path = join(out, "identity.json");
  const known = await readIfThere(path);
  if (known !== undefined) {
    say(`${path} is kept`);
    try {
      // Its fields are checked when it is opened.
      return JSON.parse(known) as IdentityBlobs;
    } catch (cause) {
      throw new UnreadableInput(`${path}: expected the JSON that an earlier run wrote`, { cause });
    }
  }
  const { provisionIdentity } = await import("node-tpm2");
  const blobs = await provisionIdentity(tpm);
  await writeWhole(path, `${JSON.stringify(blobs, null, 2)}\n`, 0o600);
  return blobs;
}

/** What the operator needs to register this device on the ledger. Nothing in it is secret. */
async function writeRegistration(
  identity: DeviceIdentity,
  { out, json }: EnrolOptions,
): Promise<void> {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  const { attest, signature } = await identity.certifyReadingKey();
  const registration = {
    device: identity.device,
    attestationKey: hex(identity.attestationPublic),
    readingKey: hex(identity.readingPublic),
    certification: { attest: hex(attest), signature: hex(signature) },
    counterName: hex(await identity.counterName()),
  };
  const path = join(out, "registration.json");
  await writeWhole(path, `${JSON.stringify(registration, null, 2)}\n`, 0o644);
  if (json === true) print(JSON.stringify(registration));
  else print(`device ${registration.device}\nregistration for the operator: ${path}`);
}

/** Nothing to do where the certificate of this key is there already: the secret works only once. */
async function fetchCertificate(
  identity: DeviceIdentity,
  options: CaOptions,
  path: string,
): Promise<void> {
  const known = await readIfThere(path);
  if (known !== undefined && isFor(known, identity)) {
    say(`${path} is kept: it is for this device's key`);
    return;
  }
  const [{ createCsr, enroll }, { toDerLowS }] = await Promise.all([
    import("@powershare/fabric/ca"),
    import("node-tpm2"),
  ]);
  const { caUrl, caName, caCertificate, id, secretFile } = options;
  const tlsCertificatePem = await readInput(caCertificate);
  const secret = (
    secretFile === "-" ? await text(process.stdin) : await readInput(secretFile)
  ).trim();
  const csrPem = await createCsr({
    commonName: id,
    publicKeySpki: identity.readingSpki,
    sign: async (tbs) => toDerLowS(await identity.sign(createHash("sha256").update(tbs).digest())),
  });
  const { certificatePem } = await enroll({
    url: caUrl,
    caName,
    tlsCertificatePem,
    id,
    secret,
    csrPem,
  });
  await writeWhole(path, certificatePem, 0o644);
  say(`certificate: ${path}`);
}

function isFor(certificatePem: string, identity: DeviceIdentity): boolean {
  try {
    const { publicKey } = new X509Certificate(certificatePem);
    return publicKey.export({ type: "spki", format: "der" }).equals(identity.readingSpki);
  } catch {
    return false;
  }
}

async function readInput(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new UnreadableInput(`cannot read ${path}`, { cause });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new UnreadableInput(`cannot read ${path}`, { cause: error });
  }
}

/** The new file or the old one, never half of it, also at a power cut. */
async function writeWhole(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(temporary, mode);
  await rename(temporary, path);
  const folder = await open(dirname(path));
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
