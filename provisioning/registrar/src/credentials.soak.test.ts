import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Credential,
  type DeviceIdentity,
  type Endorsement,
  makeCredential,
  nameOf,
  openIdentity,
  openSwtpm,
  provisionIdentity,
  readEndorsement,
  Tpm,
  TpmResponseError,
} from "node-tpm2";
import { type RunningSwtpm, startSwtpm } from "node-tpm2/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Dice } from "./testing/scene.js";

const seed = Number(process.env["SOAK_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const count = Number(process.env["ENROLMENT_ATTACKS"] ?? 500);
const dice = new Dice(seed);

interface Chip {
  readonly swtpm: RunningSwtpm;
  readonly tpm: Tpm;
  readonly identity: DeviceIdentity;
  readonly endorsement: Endorsement;
}
let folder: string;
let device: Chip;
let other: Chip;

async function chip(name: string): Promise<Chip> {
  const options = { stateDir: join(folder, name), socketPath: join(folder, `${name}.sock`) };
  const swtpm = await startSwtpm(options);
  const tpm = await Tpm.open(openSwtpm({ path: swtpm.socketPath }));
  const endorsement = await readEndorsement(tpm);
  const identity = await openIdentity(tpm, await provisionIdentity(tpm));
  return { swtpm, tpm, identity, endorsement };
}
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "credentials-"));
  [device, other] = await Promise.all([chip("device"), chip("other")]);
});
afterAll(async () => {
  for (const { identity, swtpm, tpm } of [device, other]) {
    await identity.close();
    await tpm.close();
    await swtpm.stop();
  }
  await rm(folder, { recursive: true });
});

const secret = () => Uint8Array.from({ length: 32 }, () => dice.below(256));
const forDevice = () =>
  makeCredential(
    device.endorsement.publicArea,
    nameOf(device.identity.attestationPublic),
    secret(),
  );
const flip = (bytes: Uint8Array): Uint8Array => {
  const at = dice.below(bytes.length);
  return bytes.map((byte, index) => (index === at ? byte ^ (1 << dice.below(8)) : byte));
};

const families: readonly [string, () => [Chip, Credential]][] = [
  ["a credential on another TPM", () => [other, forDevice()]],
  [
    "a credential for an attestation key that is not in the TPM",
    () => {
      const name = Uint8Array.from([0, 0x0b, ...secret()]);
      return [device, makeCredential(device.endorsement.publicArea, name, secret())];
    },
  ],
  [
    "a credential for another key of the same TPM",
    () => {
      const name = nameOf(device.identity.readingPublic);
      return [device, makeCredential(device.endorsement.publicArea, name, secret())];
    },
  ],
  [
    "a credential with a bit changed",
    () => {
      const made = forDevice();
      const part = dice.pick(["blob", "encryptedSeed"] as const);
      return [device, { ...made, [part]: flip(made[part]) }];
    },
  ],
  [
    "halves of two credentials",
    () => [device, { ...forDevice(), encryptedSeed: forDevice().encryptedSeed }],
  ],
];

test.each(families)("%s gives nothing out", async (name, prepare) => {
  let given = 0;
  for (let index = 0; index < count; index++) {
    const [at, credential] = prepare();
    const refused = await at.identity.activateCredential(credential).then(
      () => false,
      (error: unknown) => {
        if (error instanceof TpmResponseError) return true;
        throw error;
      },
    );
    if (!refused) given += 1;
  }
  process.stdout.write(`${name}: ${count} attempts, ${given} not refused, SOAK_SEED=${seed}\n`);
  expect(given).toBe(0);
});

test("and each one that is the TPM's own does", async () => {
  for (let index = 0; index < 50; index++) {
    const hidden = secret();
    const { publicArea } = device.endorsement;
    const made = makeCredential(publicArea, nameOf(device.identity.attestationPublic), hidden);
    expect(await device.identity.activateCredential(made)).toEqual(hidden);
  }
});
