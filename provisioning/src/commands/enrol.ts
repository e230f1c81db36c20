import { createHash, X509Certificate } from "node:crypto";
import { chmod, mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { DeviceIdentity, IdentityBlobs, Tpm } from "node-tpm2";
import { readCertificates } from "../certificate.js";
import { readText } from "../input-file.js";
import { fail, print, say, UnreadableInput } from "../output.js";

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
  readonly url: string;
  readonly caName: string;
  readonly caCertificate: string;
  readonly id: string;
  readonly secretFile: string;
}

const example = `
Example:
  powershare enrol --tpm-device /dev/tpmrm0 --out /var/lib/powershare --id h1 --secret-file secret.txt \\
    --ca-url https://ca.example.org:7054 --ca-name ca-community --ca-certificate ca-tls.pem`;

/** `powershare enrol`: an identity in the TPM, and its certificate from the community's CA. */
export function registerEnrolCommands(program: Command): void {
  program
    .command("enrol")
    .summary("make this device's identity in its TPM and fetch its certificate")
    .description(
      "Make this device's identity in its TPM and, with an id and one-time secret from the operator, fetch its certificate. Writes identity.json, registration.json and certificate.pem into DIR. It may be repeated.",
    )
    .addOption(new Option("--tpm-device <path>", "TPM, e.g. /dev/tpmrm0").conflicts("swtpm"))
    .option("--swtpm <path>", "socket of a software TPM")
    .option("--ca-url <url>", "the community's CA, e.g. https://localhost:7054", httpsUrl)
    .option("--ca-name <name>", "which CA of that server")
    .option("--ca-certificate <file>", "certificate that the CA's TLS certificate chains to")
    .option("--id <id>", "enrolment id, as the operator registered it")
    .option("--secret-file <file>", "one-time secret; - reads it from standard input")
    .requiredOption("--out <dir>", "the agent's dataDir")
    .option("--json", "print the registration as JSON")
    .addHelpText("after", example)
    .action(async (options: EnrolOptions) => {
      try {
        await enrol(options);
      } catch (error) {
        fail(error);
      }
    });
}

async function enrol(options: EnrolOptions): Promise<void> {
  if ((options.tpmDevice ?? options.swtpm) === undefined) {
    throw new UnreadableInput("expected --tpm-device or --swtpm");
  }
  const ca = caOptions(options);
  await makeFolder(options.out);
  const { Tpm, openDevice, openIdentity, openSwtpm } = await import("node-tpm2");
  const transport =
    options.tpmDevice === undefined
      ? openSwtpm({ path: options.swtpm ?? "" })
      : openDevice(options.tpmDevice);
  const tpm = await Tpm.open(transport);
  try {
    const identity = await openIdentity(tpm, await identityBlobs(tpm, options.out));
    try {
      const registration = await writeRegistration(identity, options.out);
      if (ca !== undefined)
        await fetchCertificate(identity, ca, join(options.out, "certificate.pem"));
      if (options.json === true) print(JSON.stringify(registration));
      else print(`device ${registration.device}`);
    } finally {
      await identity.close();
    }
  } finally {
    await tpm.close();
  }
}

/** Undefined where no CA is to be asked. */
function caOptions(options: EnrolOptions): CaOptions | undefined {
  const { caUrl: url, caName, caCertificate, id, secretFile } = options;
  const all = [url, caName, caCertificate, id, secretFile];
  if (all.every((one) => one === undefined)) return undefined;
  if (!url || !caName || !caCertificate || !id || !secretFile) {
    throw new UnreadableInput(
      "expected --ca-url, --ca-name, --ca-certificate, --id and --secret-file together or not at all",
    );
  }
  return { url, caName, caCertificate, id, secretFile };
}

function httpsUrl(text: string): string {
  if (!URL.canParse(text) || new URL(text).protocol !== "https:") {
    throw new InvalidArgumentError("expected https://HOST:PORT");
  }
  return text;
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UnreadableInput(`--out ${path} cannot be made: ${reason}`, { cause });
  }
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
async function writeRegistration(identity: DeviceIdentity, out: string) {
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
  say(`registration for the operator: ${path}`);
  return registration;
}

/** Nothing to do where the certificate of this key is there already: the secret works only once. */
async function fetchCertificate(
  identity: DeviceIdentity,
  { caCertificate, secretFile, id, ...ca }: CaOptions,
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
  const tlsCertificatePem = (await readCertificates(caCertificate)).join("");
  const read = secretFile === "-" ? await text(process.stdin) : await readText(secretFile, 1);
  const secret = read.trim();
  if (secret === "") throw new UnreadableInput(`${secretFile}: expected the one-time secret`);
  const csrPem = await createCsr({
    commonName: id,
    publicKeySpki: identity.readingSpki,
    sign: async (tbs) => toDerLowS(await identity.sign(createHash("sha256").update(tbs).digest())),
  });
  const { certificatePem } = await enroll({ ...ca, tlsCertificatePem, id, secret, csrPem });
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
