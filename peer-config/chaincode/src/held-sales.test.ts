import { encodeArgs } from "@powershare/domain/ledger";
import { beforeEach, expect, test } from "vitest";
import { resetOf } from "./testing/epochs.js";
import { community, instantAfter, operator, slotAt, wiring } from "./testing/neighbourhood.js";
import { judgement, payment, report, signTest } from "./testing/placements.js";
import { Street } from "./testing/street.js";

/** Of 400 Wh at 150,000 micro-coin per kWh, in nano-coin. */
const price = "60000000";
const days = 86_400;

let street: Street;
beforeEach(async () => {
  street = await new Street().open();
});

async function expectConserved(): Promise<void> {
  expect(await street.audit()).toMatchObject({ coinsNano: "0", heldNano: "0", energyWh: "0" });
}

async function prove(): Promise<void> {
  for (const meter of [street.grid, street.roof]) {
    await street.report(meter, signTest("passed"));
    await street.judge(meter, judgement("right"));
  }
}

test("a sale of an unproven placement is settled and paid, and its seller waits", async () => {
  const slot = await street.trade();
  expect(await street.wallet("sun")).toMatchObject({ coinsNano: "0", heldNano: price });
  expect(await street.wallet("shade")).toMatchObject({ coinsNano: "9940000000", heldNano: "0" });
  const placements = [street.grid, street.roof].map(({ meter }) => ({ meter, epoch: 1 }));
  const payments = [{ from: "shade", reason: "trade", paidNano: price, unpaidNano: "0" }];
  expect(await street.held()).toMatchObject([{ participant: "sun", slot, placements, payments }]);
  const settled = street.ledger.events.find(({ name }) => name === "SlotSettled");
  expect(settled?.payload).toMatchObject({ held: [{ participant: "sun", slot, payments }] });
  await expectConserved();
  expect(await street.release()).toBe("already");
});

test("proof releases, once, to the seller, whoever asks for it", async () => {
  const slot = await street.trade();
  await prove();
  expect(await street.release(street.shade)).toBe("done");
  expect(await street.wallet("sun")).toMatchObject({ coinsNano: price, heldNano: "0" });
  expect(street.ledger.events.at(-1)).toMatchObject({
    name: "HeldResolved",
    payload: { participant: "sun", sales: [{ slot, outcome: "proven" }] },
  });
  expect(await street.release(street.sun)).toBe("already");
  expect(await street.held()).toEqual([]);
  await expectConserved();
  await street.trade();
  expect(await street.wallet("sun")).toMatchObject({ coinsNano: "120000000", heldNano: "0" });
});

test("of two releases in one block one counts", async () => {
  await street.trade();
  await prove();
  const args = encodeArgs("wallets:ReleaseHeld", { participant: "sun" });
  const both = await Promise.all(
    [street.sun, street.shade].map(({ identity }) =>
      street.ledger.endorse(identity, "wallets:ReleaseHeld", args),
    ),
  );
  expect(both.map((one) => street.ledger.commit(one))).toEqual(["VALID", "PHANTOM_READ_CONFLICT"]);
  expect(await street.wallet("sun")).toMatchObject({ coinsNano: price });
});

test("what is manipulated goes back to who paid, utility and neighbour each their own", async () => {
  await street.trade({ grid: { exportWh: 500 } });
  const before = await street.wallet("sun");
  // Of the 500 Wh 400 were sold to the neighbour; the utility has no coins, and owes nothing until the proof.
  expect(before.heldNano).toBe(price);
  expect(await street.held()).toMatchObject([
    { payments: [{ from: "shade" }, { from: "grid-co", paidNano: "0", unpaidNano: "5000000" }] },
  ]);
  await street.report(street.roof, signTest("failed"));
  expect(await street.release()).toBe("done");
  expect(await street.wallet("sun")).toMatchObject({ coinsNano: "0", heldNano: "0" });
  expect(await street.wallet("shade")).toMatchObject({ coinsNano: "10000000000" });
  expect((await street.wallet("grid-co")).owedNano).toEqual({});
  await expectConserved();
});

test("what a payer could not pay is due at the release, and owed where he still cannot", async () => {
  await street.trade({ grid: { exportWh: 500 } });
  await prove();
  await street.release();
  expect((await street.wallet("grid-co")).owedNano).toEqual({ sun: "5000000" });
  await expectConserved();
});

test("a utility that owes energy is paid from, and pays, like anybody", async () => {
  street = await new Street().open(wiring, 0);
  await street.trade({ grid: { exportWh: 500 }, other: { importWh: 900 } });
  expect(await street.wallet("grid-co")).toMatchObject({ coinsNano: "0", energyWh: "-400" });
  await prove();
  await street.release();
  expect(await street.wallet("grid-co")).toMatchObject({ owedNano: { sun: "25000000" } });
  await expectConserved();
});

test("35 days without a proof return a sale, and not a second less", async () => {
  await street.trade();
  street.ledger.at(instantAfter(900 + 35 * days));
  expect(await street.release()).toBe("already");
  street.ledger.at(instantAfter(900 + 35 * days + 1));
  expect(await street.release()).toBe("done");
  expect(street.ledger.events.at(-1)?.payload).toMatchObject({ sales: [{ outcome: "expired" }] });
  expect(await street.wallet("shade")).toMatchObject({ coinsNano: "10000000000" });
  await expectConserved();
});

test("operator and community decide on an epoch that nothing else can prove", async () => {
  await street.trade();
  await street.decide(street.grid, "right");
  await street.decide(street.roof, "right");
  await street.release();
  expect(await street.wallet("sun")).toMatchObject({ coinsNano: price, heldNano: "0" });
});

test("every placement must be proven: the connection point's alone is not enough", async () => {
  await street.trade();
  await street.decide(street.grid, "right");
  expect(await street.release()).toBe("already");
});

test("each epoch waits for its own proof", async () => {
  const first = await street.trade();
  const second = await street.trade({ grid: { epoch: 2 } });
  await street.decide(street.roof, "right");
  await street.decide(street.grid, "right", 2);
  expect(await street.release()).toBe("done");
  expect(street.ledger.events.at(-1)?.payload).toMatchObject({ sales: [{ slot: second }] });
  expect(await street.held()).toMatchObject([{ slot: first }]);
});

test("a proven seller whose agent reports a fault waits again, until it takes that back", async () => {
  await street.trade();
  await prove();
  await street.release();
  await street.trade();
  await street.report(street.grid, report("held", 2));
  await street.trade();
  expect(await street.wallet("sun")).toMatchObject({ coinsNano: "120000000", heldNano: price });
  await street.report(street.grid, report("ok", 3));
  await street.release();
  expect(await street.wallet("sun")).toMatchObject({ coinsNano: "180000000", heldNano: "0" });
});

test("a generator without evidence holds the sale for the epoch that its evidence will belong to", async () => {
  const { ledger, roof } = street;
  await expect(street.trade({ roof: null })).rejects.toHaveProperty(
    "code",
    "market.evidence-missing",
  );
  ledger.at(instantAfter(900 + 600));
  await ledger.submit(operator, "market:Settle", { slotStart: slotAt(0) });
  expect(await street.held()).toMatchObject([
    { placements: [{ epoch: 1 }, { meter: roof.meter, epoch: null }] },
  ]);
  await street.decide(street.grid, "right");
  expect(await street.release()).toBe("already");
  // It comes as a gap: cables may have been changed in it.
  await roof.send(ledger, [{ quality: "gap", slots: 2 }]);
  expect(await street.release()).toBe("already");
  await street.decide(roof, "manipulated");
  expect(await street.release()).toBe("done");
  expect(await street.wallet("shade")).toMatchObject({ coinsNano: "10000000000" });
});

test("a generator that was replaced answers for its time as before", async () => {
  const { ledger, sun, grid, roof, other } = street;
  await grid.send(ledger, [{ exportWh: 100 }]);
  for (const meter of [roof, other]) await meter.send(ledger, [{ importWh: 100 }]);
  const closing = { importWh: 100, exportWh: 0 };
  const epoch = { ...resetOf(sun, closing), meter: `${roof.meter}.2`, follows: roof.meter };
  const { meter, opening } = epoch;
  await ledger.submit(sun.identity, "metering:AskMeterEpoch", {
    epoch: { ...epoch, role: "generator" },
  });
  const confirmed = { participant: "sun", meter, closing, opening };
  await ledger.submit(operator, "metering:ConfirmMeterEpoch", confirmed);
  ledger.at(instantAfter(900 + 600));
  await ledger.submit(operator, "market:Settle", { slotStart: slotAt(0) });
  const [sale] = await street.held();
  expect(sale?.placements).toEqual([
    { meter: grid.meter, epoch: 1 },
    { meter: roof.meter, epoch: 1 },
    { meter, epoch: null },
  ]);
});

test("late energy waits for the epoch in which it was metered", async () => {
  const { ledger, grid, roof, other } = street;
  const settle = (slot: number) =>
    ledger.submit(operator, "market:Settle", { slotStart: slotAt(slot) });
  ledger.at(instantAfter(900 + 600));
  await settle(0);
  // It is settled with the third slot, in which it comes, and in which another epoch has begun.
  await grid.send(ledger, [{ exportWh: 100 }, {}]);
  for (const meter of [roof, other]) await meter.send(ledger, [{}, {}]);
  await settle(1);
  for (const meter of [grid, roof, other]) await meter.send(ledger, [{ epoch: 2 }]);
  await settle(2);
  const refs = [grid, roof].flatMap(({ meter }) => [1, 2].map((epoch) => ({ meter, epoch })));
  const [late, ...rest] = await street.held();
  expect(rest).toEqual([]);
  expect(late?.slot).toBe(slotAt(2));
  expect(late?.placements).toHaveLength(refs.length);
  expect(late?.placements).toEqual(expect.arrayContaining(refs));
  for (const epoch of [1, 2]) {
    for (const meter of [grid, roof]) await street.decide(meter, "right", epoch);
  }
  await street.release();
  expect((await street.wallet("grid-co")).owedNano).toEqual({ sun: "5000000" });
});

test("48 sales are resolved at a time", async () => {
  const { ledger, grid, roof, other } = street;
  const slots = Array.from({ length: 50 }, (_, slot) => slot);
  await grid.send(
    ledger,
    slots.map(() => ({ exportWh: 10 })),
  );
  for (const meter of [roof, other]) {
    await meter.send(
      ledger,
      slots.map(() => ({})),
    );
  }
  for (const slot of slots) {
    await ledger.submit(operator, "market:Settle", { slotStart: slotAt(slot) });
  }
  for (const meter of [grid, roof]) await street.decide(meter, "right");
  expect(await street.release()).toBe("done");
  expect(await street.held()).toHaveLength(2);
  expect(await street.release()).toBe("done");
  expect(await street.held()).toEqual([]);
  expect(await street.release()).toBe("already");
  await expectConserved();
});

test("a correction moves coins by the word of two, once, and what is missing is owed", async () => {
  await street.trade();
  const { ledger } = street;
  const correction = payment("shade", "grid-co", "9999999999");
  expect(
    await ledger.submit(operator, "wallets:AskCorrection", { id: "correct-1", correction }),
  ).toBe("done");
  expect(
    await ledger.submit(operator, "wallets:AskCorrection", { id: "correct-1", correction }),
  ).toBe("already");
  expect((await street.wallet("grid-co")).coinsNano).toBe("0");
  const confirm = () =>
    ledger.submit(community, "wallets:ConfirmCorrection", { id: "correct-1", correction });
  expect(await confirm()).toBe("done");
  expect(await confirm()).toBe("already");
  expect(await street.wallet("grid-co")).toMatchObject({ coinsNano: "9940000000" });
  expect((await street.wallet("shade")).owedNano).toEqual({ "grid-co": "59999999" });
  expect(await ledger.read(operator, "wallets:ListCorrections", {})).toMatchObject([
    { id: "correct-1", state: "confirmed" },
  ]);
  await expectConserved();
});
