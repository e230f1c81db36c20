import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Writer } from "./bytes.js";
import { command } from "./commands/command.js";
import { getHandles, getProperties } from "./commands/lifecycle.js";
import { nvReadPublic } from "./commands/nv.js";
import { createPrimary } from "./commands/objects.js";
import { HANDLE_RANGE, HIERARCHY, PROPERTY } from "./constants.js";
import { openIdentity, provisionIdentity } from "./identity.js";
import { attestationKey, COUNTER_INDEX } from "./identity-templates.js";
import { type RunningSwtpm, startSwtpm } from "./testing/index.js";
import { Tpm } from "./tpm.js";
import { openSwtpm } from "./transports/socket.js";

let dir: string;
let swtpm: RunningSwtpm;
let tpm: Tpm;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tpm-"));
  swtpm = await startSwtpm({ stateDir: join(dir, "state"), socketPath: join(dir, "tpm.sock") });
});
afterAll(async () => {
  await swtpm.stop();
  await rm(dir, { recursive: true });
});
beforeEach(async () => {
  tpm = await Tpm.open(openSwtpm({ path: swtpm.socketPath }));
});
afterEach(() => tpm.close());

/** TPM2_StartAuthSession of a plain HMAC session (TPM 2.0 Part 3, clause 11.1); leaves the session loaded. */
const startSession = command({
  name: "TPM2_StartAuthSession",
  code: 0x176,
  handles: [HIERARCHY.null, HIERARCHY.null],
  parameters: new Writer()
    .sized(new Uint8Array(16))
    .sized(new Uint8Array())
    .u8(0x00)
    .u16(0x0010)
    .u16(0x000b)
    .done(),
  returnsHandle: true,
  parse: (reader, handle) => {
    reader.sized();
    return handle;
  },
});
const primary = createPrimary(HIERARCHY.endorsement, attestationKey);
const loaded = async (first: number) => (await tpm.run(getHandles(first, 8))).values;

describe("a software TPM", () => {
  it("tells who made it, from a parsed property list", async () => {
    const { values } = await tpm.run(getProperties(PROPERTY.manufacturer, 1));
    expect(values).toEqual([[PROPERTY.manufacturer, Buffer.from("IBM\0").readUInt32BE()]]);
  });

  it("gets the same primary key from the same template each time", async () => {
    const [first, second] = [await tpm.run(primary), await tpm.run(primary)];
    expect(second.name).toEqual(first.name);
    expect(second.handle).not.toEqual(first.handle);
  });

  it("names the refusal of a fourth object, and is emptied by the next client", async () => {
    for (let count = 0; count < 3; count += 1) await tpm.run(primary);
    await tpm.run(startSession);
    await expect(tpm.run(primary)).rejects.toMatchObject({
      code: "tpm.response",
      responseCode: 0x902,
      responseName: "TPM_RC_OBJECT_MEMORY",
    });
    await tpm.close();

    tpm = await Tpm.open(openSwtpm({ path: swtpm.socketPath }));
    expect(await loaded(HANDLE_RANGE.transient)).toEqual([]);
    expect(await loaded(HANDLE_RANGE.loadedSession)).toEqual([]);
  });

  it("that cannot start says why", async () => {
    const socketPath = join(dir, "absent", "tpm.sock");
    const started = startSwtpm({ stateDir: join(dir, "second"), socketPath });
    await expect(started).rejects.toThrow(/swtpm did not start: .*Could not/s);
  });

  it("names a handle that is not there", async () => {
    await expect(tpm.run(nvReadPublic(0x01805054))).rejects.toMatchObject({
      code: "tpm.response",
      responseName: "TPM_RC_HANDLE (handle 1)",
    });
  });

  it("does not answer a second client, which gives up as tpm.timeout and says why", async () => {
    const second = Tpm.open(openSwtpm({ path: swtpm.socketPath }), { commandTimeoutMs: 100 });
    await expect(second).rejects.toMatchObject({ code: "tpm.timeout" });
    await expect(second).rejects.toThrow("one client at a time");
    await expect(loaded(HANDLE_RANGE.transient)).resolves.toEqual([]);
  });

  it("that is reset with its channel left open is started again, and the identity goes on", async () => {
    const blobs = await provisionIdentity(tpm);
    const identity = await openIdentity(tpm, blobs);
    await promisify(execFile)("swtpm_ioctl", ["--unix", `${swtpm.socketPath}.ctrl`, "-i"]);
    await expect(identity.sign(new Uint8Array(32))).resolves.toHaveLength(64);
    await promisify(execFile)("swtpm_ioctl", ["--unix", `${swtpm.socketPath}.ctrl`, "-i"]);
    await expect(tpm.run(nvReadPublic(COUNTER_INDEX))).rejects.toMatchObject({
      code: "tpm.reopened",
    });
    await expect(identity.checkpoint(Uint8Array.of(1))).resolves.toBeDefined();
  });

  it("that is gone is tpm.unavailable, and serves again when it is back", async () => {
    const identity = await openIdentity(tpm, await provisionIdentity(tpm));
    await swtpm.stop();
    await expect(identity.sign(new Uint8Array(32))).rejects.toMatchObject({
      code: "tpm.unavailable",
    });
    await expect(identity.sign(new Uint8Array(32))).rejects.toMatchObject({
      code: "tpm.unavailable",
    });
    swtpm = await startSwtpm({ stateDir: join(dir, "state"), socketPath: swtpm.socketPath });
    await expect(identity.sign(new Uint8Array(32))).resolves.toHaveLength(64);
  });
});
