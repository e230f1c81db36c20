import { CodedError } from "@powershare/domain/errors";
import type { LedgerEpoch } from "@powershare/domain/ledger";
import { afterEach, expect, it } from "vitest";
import type { OperatorLedger } from "../ledger.js";
import { origin, type ServedDesk, serveDesk } from "../testing/served-desk.js";

const epoch: LedgerEpoch = {
  meter: "eastron/sdm630:12345678.2",
  follows: "eastron/sdm630:12345678",
  role: "connection",
  profile: "ab".repeat(32),
  reason: "registers",
  closing: { importWh: 5000, exportWh: 70 },
  opening: { importWh: 0, exportWh: 0 },
  participant: "h1",
  state: "asked",
  at: "2026-06-01T12:00:00.000Z",
};

let served: ServedDesk | undefined;
afterEach(() => served?.close());

/** A ledger that has asked for one epoch, and keeps what was confirmed. */
function ledgerWith(confirmed: object[]): OperatorLedger {
  const none = async () => undefined;
  return {
    register: none,
    setStatus: none,
    replacement: none,
    askReplacement: none,
    confirmReplacement: none,
    close: none,
    meterEpochs: async () => [epoch],
    confirmMeterEpoch: async (seen) => {
      if (seen.opening.importWh !== epoch.opening.importWh) {
        throw new CodedError("metering.epoch-unknown", "asked for with other registers");
      }
      confirmed.push(seen);
    },
  };
}

async function call(method: "GET" | "POST", path: string, body?: object, isOperator = true) {
  const answer = await served?.app.inject({
    method,
    url: `/api/operator/meter-epochs${path}`,
    headers: {
      host: new URL(origin).host,
      ...(isOperator ? { authorization: `Bearer ${served.token}` } : {}),
    },
    ...(body && { payload: body }),
  });
  return { status: answer?.statusCode, body: answer?.json<unknown>() };
}

it("an operator sees which meters count anew, and confirms one with the registers that he saw", async () => {
  const confirmed: object[] = [];
  served = await serveDesk({ ledger: ledgerWith(confirmed) });
  expect(await call("GET", "")).toEqual({ status: 200, body: [epoch] });
  const { participant, meter, closing, opening } = epoch;
  const seen = { participant, meter, closing, opening };
  expect(await call("POST", "/confirm", seen)).toEqual({ status: 200, body: { meter } });
  expect(confirmed).toEqual([seen]);
  const others = { ...seen, opening: { importWh: 1, exportWh: 0 } };
  expect(await call("POST", "/confirm", others)).toMatchObject({
    status: 409,
    body: { code: "metering.epoch-unknown" },
  });
});

it("nobody else sees or confirms anything", async () => {
  served = await serveDesk({ ledger: ledgerWith([]) });
  expect(await call("GET", "", undefined, false)).toMatchObject({ status: 401 });
  const { participant, meter, closing, opening } = epoch;
  const seen = { participant, meter, closing, opening };
  expect(await call("POST", "/confirm", seen, false)).toMatchObject({ status: 401 });
});

it("a registrar without the ledger says so", async () => {
  served = await serveDesk();
  expect(await call("GET", "")).toMatchObject({ status: 409, body: { code: "enrolment.ledger" } });
});
