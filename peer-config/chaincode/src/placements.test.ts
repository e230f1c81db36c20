import { encodeArgs } from "@powershare/domain/ledger";
import { expect, test } from "vitest";
import { resetOf } from "./testing/epochs.js";
import { judgeWiring, operator, slotAt, wiring } from "./testing/neighbourhood.js";
import { judgement, report, signTest } from "./testing/placements.js";
import { ReplacedDevice } from "./testing/replaced-device.js";
import { MeterLife, Street } from "./testing/street.js";

const night = { importWh: 80 };
const sunny = (slot: number) => ({ exportWh: slot % 96 < 24 || slot % 96 > 78 ? 400 : 0 });

test("without wiring in the settings no placement is followed", async () => {
  const street = await new Street().open(null);
  await street.trade();
  expect(await street.placements(street.grid)).toEqual([]);
  expect(await street.held()).toEqual([]);
});

test.each([
  ["the first evidence", [{}], {}, ["commissioned"]],
  ["a gap", [{}, { quality: "gap", slots: 3 }, {}], {}, ["commissioned", "gap"]],
  [
    "a gap after a gap",
    [{}, { quality: "gap" }, { quality: "gap" }],
    {},
    ["commissioned", "gap", "gap"],
  ],
  ["the agent's own word", [{}, {}, { epoch: 2 }, { epoch: 2 }], {}, ["commissioned", "declared"]],
  ["a word that skips some", [{}, { epoch: 9 }], {}, ["commissioned", "declared"]],
  ["a clock that stepped", [{}, { quality: "unsynchronised" }], {}, ["commissioned"]],
  ["a TPM that was reset", [{}, {}], { resetCount: 3 }, ["commissioned", "tpm-reset"]],
  ["a machine that restarted", [{}, { epoch: 2 }], { resetCount: 3 }, ["commissioned", "declared"]],
] as const)("%s opens placement epochs", async (_, counted, tpm, opened) => {
  const street = await new Street().open();
  const [first, ...rest] = counted;
  await street.grid.send(street.ledger, [first]);
  if (rest.length > 0) await street.grid.send(street.ledger, rest, tpm);
  const placements = await street.placements(street.grid);
  expect(placements.map((one) => one.opened)).toEqual(opened);
  expect(placements.map(({ epoch }) => epoch)).toEqual(opened.map((_, index) => index + 1));
});

test("a gap belongs to the epoch that it opens", async () => {
  const street = await new Street().open();
  await street.grid.send(street.ledger, [{}, { quality: "gap", slots: 3 }, {}]);
  const [, second] = await street.placements(street.grid);
  expect(second).toMatchObject({ since: slotAt(1), state: "unproven", evidence: "open" });
  const evidence = await street.ledger.read(operator, "metering:ReadEvidence", {
    slotStart: slotAt(3),
  });
  expect(evidence).toMatchObject([{ placement: 2 }]);
});

test("another device's key opens an epoch, and a meter that counts anew begins with one", async () => {
  const street = await new Street().open();
  const { ledger, sun, shade } = street;
  ledger.at(slotAt(1));
  await ledger.submit(shade.identity, "metering:SubmitEvidence", {
    package: shade.household.evidence(shade.meter, [{ importWh: 1, exportWh: 0 }]),
  });
  const replaced = new ReplacedDevice(shade, "new");
  const asked = { participant: "shade", device: replaced.device };
  await ledger.submit(shade.identity, "participants:AskDeviceReplacement", asked);
  await ledger.submit(operator, "participants:ConfirmDeviceReplacement", asked);
  ledger.at(slotAt(2));
  await ledger.submit(replaced.identity, "metering:SubmitEvidence", {
    package: replaced.evidence(shade, { importWh: 1, exportWh: 0 }),
  });
  expect((await street.placements(street.other)).map(({ opened }) => opened)).toEqual([
    "commissioned",
    "device-replaced",
  ]);

  await street.grid.send(ledger, [{ importWh: 6 }]);
  const epoch = resetOf(sun, { importWh: 10, exportWh: 20 });
  await ledger.submit(sun.identity, "metering:AskMeterEpoch", { epoch });
  const { meter, closing, opening } = epoch;
  await ledger.submit(operator, "metering:ConfirmMeterEpoch", {
    participant: "sun",
    meter,
    closing,
    opening,
  });
  // The closing interval is a gap by its nature, and opens none.
  await street.grid.send(ledger, [{ importWh: 4, exportWh: 20, quality: "gap" }]);
  const anew = new MeterLife(sun, "connection", meter);
  await anew.send(ledger, [{ exportWh: 1, quality: "gap" }]);
  expect((await street.placements(street.grid)).map(({ opened }) => opened)).toEqual([
    "commissioned",
  ]);
  expect((await street.placements(anew)).map(({ opened }) => opened)).toEqual(["meter-epoch"]);
});

test("a night and a day prove, with the aggregator's word, and the event tells it", async () => {
  const street = await new Street().open();
  await street.pass(52, night, sunny);
  for (const meter of [street.grid, street.roof]) {
    expect(await street.placements(meter)).toMatchObject([
      { evidence: "passed", state: "unproven" },
    ]);
    expect(await street.judge(meter, judgement("right", 52))).toBe("done");
    expect(await street.judge(meter, judgement("right", 52))).toBe("already");
    expect(await street.placements(meter)).toMatchObject([{ state: "proven" }]);
  }
  const told = street.ledger.events.flatMap((event) =>
    event.name === "EvidenceAccepted" ? (event.payload.placements ?? []) : [],
  );
  expect(told.map(({ evidence }) => evidence)).toEqual(["open", "open", "passed", "passed"]);
});

test("what comes hours later proves nothing, for its time is the household's word", async () => {
  const street = await new Street().open();
  await street.pass(52, night, sunny, 52);
  expect(await street.placements(street.grid)).toMatchObject([{ evidence: "open" }]);
  expect(await street.placements(street.roof)).toMatchObject([{ evidence: "open" }]);
});

test("where the aggregator only advises, evidence proves", async () => {
  const street = await new Street().open({ ...wiring, aggregator: "advisory" });
  await street.pass(52, night, sunny);
  expect(await street.placements(street.roof)).toMatchObject([{ state: "proven" }]);
});

test("a generator that gives by night is held, and with a second judge manipulated", async () => {
  const street = await new Street().open();
  await street.pass(40, night, () => ({ exportWh: 60 }));
  expect(await street.placements(street.roof)).toMatchObject([
    { evidence: "failed", rule: "night-production", state: "held" },
  ]);
  await street.judge(street.roof, judgement("held", 40));
  expect(await street.placements(street.roof)).toMatchObject([{ state: "manipulated" }]);
});

test("the proof of one epoch is none for the next", async () => {
  const street = await new Street().open();
  await street.pass(52, night, sunny);
  await street.judge(street.grid, judgement("right", 52));
  await street.grid.send(street.ledger, [{ epoch: 2 }]);
  expect((await street.placements(street.grid)).map(({ state }) => state)).toEqual([
    "proven",
    "unproven",
  ]);
});

test("a report takes credit away and gives back its own, and a sign test that it leaves out stays", async () => {
  const street = await new Street().open();
  await street.grid.send(street.ledger, [{}, {}, {}, {}]);
  await street.judge(street.grid, judgement("right"));
  await street.report(street.grid, signTest("passed", 1));
  expect(await street.placements(street.grid)).toMatchObject([{ state: "proven" }]);
  await street.report(street.grid, report("held", 2));
  expect(await street.placements(street.grid)).toMatchObject([{ state: "held" }]);
  await street.report(street.grid, report("ok", 3));
  expect(await street.placements(street.grid)).toMatchObject([{ state: "proven" }]);
});

test("evidence waits for no judge, nor a settlement for evidence of later slots", async () => {
  const street = await new Street().open();
  const { ledger, sun, grid, roof, other } = street;
  for (const meter of [grid, roof, other]) await meter.send(ledger, [{ exportWh: 10 }]);
  const key = { meter: grid.meter, epoch: 1 };
  const judged = encodeArgs("metering:JudgePlacement", {
    participant: "sun",
    ...key,
    judgement: judgement("right"),
  });
  const told = encodeArgs("metering:ReportWiring", { ...key, report: signTest("passed") });
  const settled = [slotAt(0)];
  ledger.at(slotAt(2));
  const next = (meter: MeterLife) => [JSON.stringify(meter.package([{}]))];
  const evidence = await ledger.endorse(sun.identity, "metering:SubmitEvidence", next(grid));
  const word = await ledger.endorse(operator, "metering:JudgePlacement", judged);
  const report = await ledger.endorse(sun.identity, "metering:ReportWiring", told);
  const later = await ledger.endorse(sun.identity, "metering:SubmitEvidence", next(roof));
  const settlement = await ledger.endorse(operator, "market:Settle", settled);
  expect([word, evidence, later].map((one) => ledger.commit(one))).toEqual([
    "VALID",
    "VALID",
    "VALID",
  ]);
  // Each word's event says the state that all words come to, so they are put in a row; so is who pays by it.
  expect(ledger.commit(report)).toBe("MVCC_READ_CONFLICT");
  expect(ledger.commit(settlement)).toBe("MVCC_READ_CONFLICT");
  const again = await ledger.endorse(operator, "market:Settle", settled);
  for (const meter of [grid, roof]) await meter.send(ledger, [{}]);
  expect(ledger.commit(again)).toBe("VALID");
});

test("where wiring was not judged for a while, no old word counts for what comes after", async () => {
  const street = await new Street().open();
  await street.grid.send(street.ledger, [{}]);
  await street.judge(street.grid, judgement("right"));
  await street.report(street.grid, signTest("passed"));
  await judgeWiring(street.ledger, null);
  await street.grid.send(street.ledger, [{}]);
  await judgeWiring(street.ledger);
  await street.grid.send(street.ledger, [{}]);
  expect(await street.placements(street.grid)).toMatchObject([
    { epoch: 1, state: "proven" },
    { epoch: 2, state: "unproven", since: slotAt(2) },
  ]);
});

test("rules taken back by the operator release nothing by themselves", async () => {
  const street = await new Street().open();
  await street.trade();
  await judgeWiring(street.ledger, null);
  expect(await street.release()).toBe("already");
});
