import { CodedError } from "@powershare/domain/errors";
import { LedgerError } from "@powershare/ledger-client";
import { describe, expect, it } from "vitest";
import { SimClock } from "../testing/sim-clock.js";
import { silentLog } from "../testing/sim-household.js";
import { Health } from "./watch-health.js";

const locked = new CodedError("tpm.locked", "lockout");
const away = new LedgerError("ledger.unavailable", "no peer answers");

function setUp() {
  const clock = new SimClock("2026-06-01T12:00:00.000Z");
  return { clock, health: new Health(clock, silentLog) };
}

describe("health", () => {
  it("begins as starting, and is ok when its sources say so", () => {
    const { health } = setUp();
    expect(health.part("bus").state).toBe("starting");
    health.ok("bus", "line1/1");
    expect(health.part("bus")).toMatchObject({ state: "ok", code: null, remedy: null });
  });

  it("is as ill as its worst source, and says since when and what to do", async () => {
    const { clock, health } = setUp();
    health.problem("ledger", "slots", "degraded", away);
    await clock.advance(5_000);
    health.problem("ledger", "peer", "failed", away);
    await clock.advance(5_000);
    health.problem("ledger", "peer", "failed", away);
    expect(health.part("ledger")).toMatchObject({
      state: "failed",
      since: "2026-06-01T12:00:05.000Z",
      code: "ledger.unavailable",
      message: "no peer answers",
    });
    expect(health.part("ledger").remedy).toContain("peers");
    health.ok("ledger", "peer");
    expect(health.part("ledger").state).toBe("degraded");
  });

  it.each([
    [
      "the TPM, where a signature for the ledger failed",
      new LedgerError("ledger.endorse-refused", "x", { cause: locked }),
      "tpm",
      "tpm.locked",
    ],
    ["the store, whoever met it", new CodedError("store.full", "x"), "store", "store.full"],
    [
      "the ledger, with the contract's own reason",
      new LedgerError("ledger.endorse-refused", "x", { reason: "access.unregistered" }),
      "ledger",
      "access.unregistered",
    ],
    ["the part that met it, where the error has no code", new Error("x"), "ledger", null],
  ] as const)("blames %s", (_name, error, part, code) => {
    const { health } = setUp();
    health.problem("ledger", "orders", "degraded", error);
    expect(health.part(part)).toMatchObject({ state: "degraded", code });
    health.ok("ledger", "orders");
    expect(health.part(part).state).toBe("ok");
    expect(health.part("ledger").state).toBe("ok");
  });
});
