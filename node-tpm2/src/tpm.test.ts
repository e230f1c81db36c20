import { describe, expect, it } from "vitest";
import { Writer } from "./bytes.js";
import { flushContext, getHandles, shutdown } from "./commands/lifecycle.js";
import { TpmError } from "./errors.js";
import { respond, type Script, ScriptedTransport } from "./testing/scripted-transport.js";
import { Tpm, type TpmOptions } from "./tpm.js";

const STARTUP = 0x144;
const SHUTDOWN = 0x145;
const GET_CAPABILITY = 0x17a;
const FLUSH_CONTEXT = 0x165;
const SUCCESS = 0x000;
const INITIALIZE = 0x100;

const handleList = (...handles: number[]) => {
  const body = new Writer().u8(0).u32(1).u32(handles.length);
  for (const handle of handles) body.u32(handle);
  return respond(SUCCESS, body.done());
};
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

async function open(script: Script, options: TpmOptions = {}, resourceManager = true) {
  const transport = new ScriptedTransport(script, resourceManager);
  const tpm = await Tpm.open(transport, { delay: async () => undefined, ...options });
  return { tpm, transport };
}

describe("opening", () => {
  it("starts the TPM up and takes it as well if it was started before", async () => {
    const { transport } = await open(() => respond(INITIALIZE));
    expect(transport.codes).toEqual([STARTUP]);
  });

  it("flushes objects and sessions that an earlier client left, where no resource manager does", async () => {
    const flushed: number[] = [];
    const script: Script = (code, command) => {
      const argument = new DataView(command.buffer).getUint32(command.length - 4);
      if (code === GET_CAPABILITY) {
        const first = new DataView(command.buffer).getUint32(14);
        return first === 0x80000000
          ? handleList(0x80000000, 0x80000002)
          : handleList(0x02000001, 0x03000000);
      }
      if (code === FLUSH_CONTEXT) flushed.push(argument);
      return respond(SUCCESS);
    };
    await open(script, {}, false);
    expect(flushed).toEqual([0x80000000, 0x80000002, 0x02000001, 0x03000000]);
  });

  it("fails with what the TPM said, and leaves no channel open", async () => {
    const transport = new ScriptedTransport(() => respond(0x101));
    expect(await failure(Tpm.open(transport))).toMatchObject({ code: "tpm.failure" });
    expect(transport.connected).toBe(false);
  });
});

describe("the queue", () => {
  it("runs commands in their order and never two at once", async () => {
    const order: number[] = [];
    const { tpm } = await open((_, command) => {
      order.push(command.length === 22 ? new DataView(command.buffer).getUint32(14) : 0);
      return command.length === 22 ? handleList() : respond(SUCCESS);
    });
    await Promise.all([1, 2, 3, 4].map((first) => tpm.run(getHandles(first, 1))));
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  it("refuses what exceeds its bound as tpm.busy and goes on with the rest", async () => {
    const { tpm } = await open(() => respond(SUCCESS), { maxQueued: 2 });
    const results = await Promise.all([1, 2, 3].map(() => failure(tpm.run(shutdown()))));
    expect(results).toEqual([undefined, undefined, expect.objectContaining({ code: "tpm.busy" })]);
    expect(await failure(tpm.run(shutdown()))).toBeUndefined();
  });

  it("goes on after a command that was refused", async () => {
    let refusals = 1;
    const { tpm } = await open((code) =>
      code === SHUTDOWN && refusals-- > 0 ? respond(0x921) : respond(SUCCESS),
    );
    expect(await failure(tpm.run(shutdown()))).toMatchObject({
      code: "tpm.locked",
      responseCode: 0x921,
    });
    expect(await failure(tpm.run(shutdown()))).toBeUndefined();
  });

  it("is shut for good by close(), after the commands already given", async () => {
    const { tpm, transport } = await open(() => respond(SUCCESS));
    const last = tpm.run(shutdown());
    await tpm.close();
    await expect(last).resolves.toBeUndefined();
    expect(await failure(tpm.run(shutdown()))).toMatchObject({ code: "tpm.closed" });
    expect(transport.connected).toBe(false);
  });
});

describe("a TPM that puts a command off", () => {
  it.each([0x922, 0x908, 0x90a])(
    "is asked again after 0x%s, with growing pauses",
    async (again) => {
      let refusals = 4;
      const pausesMs: number[] = [];
      const { tpm } = await open(
        (code) => (code === SHUTDOWN && refusals-- > 0 ? respond(again) : respond(SUCCESS)),
        {
          random: () => 0.5,
          delay: async (delayMs) => {
            pausesMs.push(delayMs);
          },
        },
      );
      await tpm.run(shutdown());
      expect(pausesMs).toEqual([15, 30, 60, 120]);
    },
  );

  it("is given up as tpm.busy after nine tries", async () => {
    const { tpm, transport } = await open((code) => respond(code === SHUTDOWN ? 0x922 : SUCCESS));
    expect(await failure(tpm.run(shutdown()))).toMatchObject({
      code: "tpm.busy",
      responseCode: 0x922,
    });
    expect(transport.codes.filter((code) => code === SHUTDOWN)).toHaveLength(9);
  });
});

describe("a channel that failed", () => {
  const timeout = new TpmError("tpm.timeout", "no answer");

  it("is opened anew for the next command, and handles of before are refused unsent", async () => {
    let failures = 1;
    const { tpm, transport } = await open((code) =>
      code === SHUTDOWN && failures-- > 0 ? timeout : respond(SUCCESS),
    );
    const before = { value: 0x80000000, generation: 1 };
    expect(await failure(tpm.run(shutdown()))).toBe(timeout);
    expect(await failure(tpm.run(flushContext(before)))).toMatchObject({ code: "tpm.reopened" });
    expect(await failure(tpm.run(flushContext({ ...before, generation: 2 })))).toBeUndefined();
    expect(transport.connections).toBe(2);
    expect(transport.codes).toEqual([STARTUP, SHUTDOWN, STARTUP, FLUSH_CONTEXT]);
  });

  it("is opened anew as well after an answer that cannot be read", async () => {
    let failures = 1;
    const { tpm, transport } = await open((code) =>
      code === SHUTDOWN && failures-- > 0 ? respond(SUCCESS, Uint8Array.of(1)) : respond(SUCCESS),
    );
    expect(await failure(tpm.run(shutdown()))).toMatchObject({ code: "tpm.malformed" });
    expect(await failure(tpm.run(shutdown()))).toBeUndefined();
    expect(transport.connections).toBe(2);
  });

  it.each([
    ["TPM_RC_INITIALIZE", INITIALIZE],
    ["TPM_RC_REFERENCE_H0", 0x910],
  ])("is opened anew when the TPM was reset underneath: %s", async (_, responseCode) => {
    let resets = 1;
    const { tpm, transport } = await open((code) =>
      code === SHUTDOWN && resets-- > 0 ? respond(responseCode) : respond(SUCCESS),
    );
    expect(await failure(tpm.run(shutdown()))).toMatchObject({ code: "tpm.reopened" });
    expect(await failure(tpm.run(shutdown()))).toBeUndefined();
    expect(transport.codes).toEqual([STARTUP, SHUTDOWN, STARTUP, SHUTDOWN]);
  });
});
