import "./testing/quiet-log.js";
import { Shim } from "fabric-shim";
import { expect, test } from "vitest";
import { InFlight } from "./in-flight.js";
import { LedgerStub, TestState } from "./testing/ledger-stub.js";

const stub = new LedgerStub(new TestState(), {
  identity: { mspid: "CommunityMSP", idBytes: new Uint8Array(0) },
  name: "market:Seal",
  args: [],
  transactionId: "7a",
  timestamp: new Date(0),
}).asStub();

test("a stop waits for calls under way and refuses new ones", async () => {
  const finish: (() => void)[] = [];
  const call = () =>
    new Promise<ReturnType<typeof Shim.success>>((resolve) => {
      finish.push(() => resolve(Shim.success(Buffer.from("done"))));
    });
  const chaincode = new InFlight({ Init: call, Invoke: call });
  const underWay = [chaincode.Invoke(stub), chaincode.Invoke(stub)];
  let drained = false;
  const draining = chaincode.drain().then(() => {
    drained = true;
  });
  const refused = await chaincode.Invoke(stub);
  expect(refused).toMatchObject({ status: 500, message: /^ledger\.stopping: / });
  expect(finish).toHaveLength(2);
  finish[0]?.();
  await underWay[0];
  expect(drained).toBe(false);
  finish[1]?.();
  await draining;
  expect((await underWay[1])?.status).toBe(200);
});

test("with nothing under way a stop does not wait", async () => {
  const chaincode = new InFlight({
    Init: () => Promise.reject(new Error("failed")),
    Invoke: () => Promise.reject(new Error("failed")),
  });
  await expect(chaincode.Init(stub)).rejects.toThrow("failed");
  await chaincode.drain();
});
