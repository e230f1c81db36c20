import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Reader, Writer } from "./bytes.js";
import { password } from "./commands/command.js";
import { nvReadCounter } from "./commands/nv.js";
import { createPrimary, load } from "./commands/objects.js";
import { sign } from "./commands/signatures.js";
import { HIERARCHY } from "./constants.js";
import { openIdentity, provisionIdentity } from "./identity.js";
import type { IdentityBlobs } from "./identity-blobs.js";
import { COUNTER_INDEX, storageRootKey } from "./identity-templates.js";
import { publicToSpki } from "./public-area.js";
import { type RunningSwtpm, startSwtpm } from "./testing/index.js";
import { tpm2Tool } from "./testing/tpm2-tools.js";
import { verifies } from "./testing/verify.js";
import { withTpm as withSwtpm } from "./testing/with-tpm.js";
import type { Tpm } from "./tpm.js";

// Another implementation, tpm2-tools over tpm2-tss, must see the same keys, names and counter in the same TPM.
let dir: string;
let swtpm: RunningSwtpm;
let blobs: IdentityBlobs;
let counter: bigint;

const file = (name: string) => join(dir, name);
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const sized = (content: Uint8Array) => new Writer().sized(content).done();
const byAuth = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda";

const withTpm = <T>(use: (tpm: Tpm) => Promise<T>) => withSwtpm(swtpm.socketPath, use);
const tool = (commandLine: string) => tpm2Tool(swtpm.socketPath, dir, commandLine);

const nameIn = (output: string) => /name: ([0-9a-f]+)/.exec(output)?.[1];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tpm-tools-"));
  swtpm = await startSwtpm({ stateDir: file("state"), socketPath: file("tpm.sock") });
  await withTpm(async (tpm) => {
    blobs = await provisionIdentity(tpm);
    const identity = await openIdentity(tpm, blobs);
    await identity.checkpoint(Uint8Array.of(1));
    counter = await tpm.run(nvReadCounter(COUNTER_INDEX));
    await identity.close();
  });
  // TPMU_PUBLIC_ID in memory: two TPM2B_ECC_PARAMETER with room for 128 bytes, little-endian sizes.
  const unique = Buffer.alloc(260);
  unique.writeUInt16LE(32, 0);
  unique.writeUInt16LE(32, 130);
  await writeFile(file("unique"), unique);
  await tool(
    `tpm2_createprimary -C o -g sha256 -G ecc256:null:aes128cfb -u unique -a ${byAuth}|restricted|decrypt -c srk.ctx`,
  );
});

afterAll(async () => {
  await swtpm.stop();
  await rm(dir, { recursive: true });
});

describe("tpm2-tools on the same TPM", () => {
  it("makes the same storage root key from the same template", async () => {
    expect(nameIn(await tool("tpm2_readpublic -c srk.ctx"))).toBe(blobs.storageRootName);
  });

  it("makes the same attestation key", async () => {
    await tool(
      `tpm2_createprimary -C e -g sha256 -G ecc256:ecdsa-sha256:null -a ${byAuth}|restricted|sign -c ak.ctx`,
    );
    expect(nameIn(await tool("tpm2_readpublic -c ak.ctx"))).toBe(blobs.attestationName);
  });

  it("makes the same endorsement key by tpm2_createek, so ours is that of a maker's certificate", async () => {
    await tool("tpm2_createek -c ek.ctx -G ecc -u ek.pub");
    expect(nameIn(await tool("tpm2_readpublic -c ek.ctx"))).toBe(`000b${blobs.device}`);
  });

  it("reads the public area and value of the counter", async () => {
    const output = await tool("tpm2_nvreadpublic 0x01805053");
    expect(nameIn(output)).toBe(blobs.counterName);
    expect(output).toContain("friendly: authwrite|nt=0x1|authread|no_da|orderly|written");
    await tool("tpm2_nvread 0x01805053 -C 0x01805053 -s 8 -o counter.bin");
    expect((await readFile(file("counter.bin"))).readBigUInt64BE()).toBe(counter);
  });

  it("loads the reading key and signs with it, and only with its auth value", async () => {
    await writeFile(file("reading.pub"), sized(bytes(blobs.readingPublic)));
    await writeFile(file("reading.priv"), sized(bytes(blobs.readingPrivate)));
    await tool("tpm2_load -C srk.ctx -u reading.pub -r reading.priv -c reading.ctx");
    const message = Buffer.from("reading");
    await writeFile(file("digest"), createHash("sha256").update(message).digest());
    const signWith = (auth: string) =>
      tool(`tpm2_sign -c reading.ctx -p ${auth} -g sha256 -f plain -d -o signature digest`);
    await signWith(`hex:${blobs.readingAuth}`);
    const signature = await readFile(file("signature"));
    const spki = publicToSpki(bytes(blobs.readingPublic));
    expect(verifies(spki, message, signature, "der")).toBe(true);
    await expect(signWith("guess")).rejects.toThrow("0x9A2");
  });

  it("makes a key that this library loads and signs with", async () => {
    const keyAuth = "0102030405060708";
    await tool(
      `tpm2_create -C srk.ctx -g sha256 -G ecc256:ecdsa-sha256:null -a ${byAuth}|sign -p hex:${keyAuth} -u theirs.pub -r theirs.priv`,
    );
    const read = async (name: string) => new Reader(await readFile(file(name)), name).sized();
    const wrapped = {
      publicArea: await read("theirs.pub"),
      privateArea: await read("theirs.priv"),
    };
    await withTpm(async (tpm) => {
      const parent = await tpm.run(createPrimary(HIERARCHY.owner, storageRootKey));
      const { handle } = await tpm.run(load(parent.handle, wrapped));
      const message = Buffer.from("theirs");
      const digest = createHash("sha256").update(message).digest();
      const signature = await tpm.run(sign({ handle, auth: password(bytes(keyAuth)) }, digest));
      expect(verifies(publicToSpki(wrapped.publicArea), message, signature)).toBe(true);
    });
  });
});
