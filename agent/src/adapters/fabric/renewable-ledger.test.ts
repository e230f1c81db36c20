import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { SimHousehold } from "../../testing/sim-household.js";
import { SimLedger } from "../../testing/sim-ledger.js";
import { RenewableLedger } from "./renewable-ledger.js";

/** A client that remembers whether it was closed, and answers when it is told to. */
class SlowLedger extends SimLedger {
  closed = false;
  answer = (): void => {};

  override async height(): Promise<number> {
    await new Promise<void>((resolve) => {
      this.answer = resolve;
    });
    if (this.closed) throw new Error("closed under a call");
    return await super.height();
  }

  override async close(): Promise<void> {
    this.closed = true;
    await super.close();
  }
}

function setUp() {
  const { clock, registered } = new SimHousehold();
  const slow = () => new SlowLedger(clock, registered);
  const clients = [slow(), slow()] as const;
  return { clock, clients, ledger: new RenewableLedger(clients[0]) };
}

it("ends what is under way on the old client, and begins all else on the new one", async () => {
  const { clients, ledger } = setUp();
  const [before, after] = clients;
  after.emit("SlotSealed", { slot: "s" });
  const first = ledger.height();
  const exchanged = ledger.exchange(after);
  const second = ledger.height();
  await turn();
  expect(before.closed).toBe(false);
  after.answer();
  expect(await second).toBe(2);
  expect(before.closed, "a call is still under way").toBe(false);
  before.answer();
  expect(await first).toBe(1);
  await exchanged;
  expect([before.closed, after.closed]).toEqual([true, false]);
});

it("is exchanged also where a call under way fails", async () => {
  const { clients, ledger } = setUp();
  const [before, after] = clients;
  const call = ledger.height();
  before.down = true;
  const exchanged = ledger.exchange(after);
  before.answer();
  await expect(call).rejects.toMatchObject({ code: "ledger.unavailable" });
  await exchanged;
});

it("ends the events of the old client, so that their reader goes on with the new one", async () => {
  const { clients, clock, ledger } = setUp();
  const [before, after] = clients;
  for (const client of clients) client.emit("SlotSealed", { slot: "first" });
  after.emit("SlotSealed", { slot: "second" });
  const events = ledger.events(undefined)[Symbol.asyncIterator]();
  await events.next();
  const end = events.next();
  await ledger.exchange(after);
  await clock.advance(1_000);
  expect(await end).toMatchObject({ done: true });
  expect(before.closed).toBe(true);
  const next = await ledger.events(before.log[0])[Symbol.asyncIterator]().next();
  expect(next).toMatchObject({ value: { payload: { slot: "second" } } });
});

it("closes both clients when it is closed amid an exchange", async () => {
  const { clients, ledger } = setUp();
  const call = ledger.height().catch(() => undefined);
  const exchanged = ledger.exchange(clients[1]);
  await ledger.close();
  clients[0].answer();
  await Promise.all([call, exchanged]);
  expect(clients.map(({ closed }) => closed)).toEqual([true, true]);
});
