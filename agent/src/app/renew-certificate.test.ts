import { CodedError } from "@powershare/domain/errors";
import { describe, expect, it } from "vitest";
import { SimClock } from "../testing/sim-clock.js";
import { silentLog } from "../testing/sim-household.js";
import { renewCertificate } from "./renew-certificate.js";
import { Health } from "./watch-health.js";

const dayMs = 86_400_000;
const hourMs = 3_600_000;

function setUp(daysLeft: number, { chance = 0.5, trouble = undefined as Error | undefined } = {}) {
  const clock = new SimClock("2026-06-01T12:00:00.000Z");
  const health = new Health(clock, silentLog);
  const certificate = {
    endsMs: clock.nowMs() + daysLeft * dayMs,
    asked: [] as number[],
    trouble,
    endsAtMs: () => certificate.endsMs,
    async renew() {
      certificate.asked.push(clock.nowMs());
      if (certificate.trouble !== undefined) throw certificate.trouble;
      certificate.endsMs = clock.nowMs() + 365 * dayMs;
    },
  };
  const loop = renewCertificate({ certificate, fromDays: 30, clock, health, random: () => chance });
  return { clock, health, certificate, loop };
}

describe("the certificate's renewal", () => {
  it.each([
    ["on the last day before", 30.001, 0],
    ["from 30 days left on", 30, 1],
    ["after its end", -3, 1],
  ])("%s", async (_, daysLeft, asked) => {
    const { clock, certificate, health } = setUp(daysLeft);
    await clock.advance(hourMs);
    expect(certificate.asked).toHaveLength(asked);
    expect(health.part("ledger").state).toBe("ok");
  });

  it.each([0, 0.999])("looks every day or so, with chance %d, and renews once", async (chance) => {
    const { clock, certificate } = setUp(33, { chance });
    await clock.advance(10 * dayMs);
    expect(certificate.asked).toHaveLength(1);
    expect(certificate.asked[0]).toBeGreaterThanOrEqual(clock.nowMs() - 7 * dayMs);
    expect(certificate.asked[0]).toBeLessThan(clock.nowMs() - 5.7 * dayMs);
  });

  it("says for how long the old one holds where it fails, tries again ever less often, and is well afterwards", async () => {
    const trouble = new CodedError("enrolment.unavailable", "https://r does not answer");
    const { clock, certificate, health } = setUp(12.5, { trouble });
    await clock.advance(1_000);
    expect(health.part("ledger")).toMatchObject({
      state: "degraded",
      code: "ledger.certificate-ends",
      message:
        "the household's certificate ends in 12 days and was not renewed: https://r does not answer",
    });
    expect(health.part("ledger").remedy).toContain("enrol --renew");
    await clock.advance(hourMs);
    expect(certificate.asked.length).toBeGreaterThan(3);
    await clock.advance(9 * dayMs);
    const before = certificate.asked.length;
    await clock.advance(dayMs);
    expect(certificate.asked.length - before).toBeLessThanOrEqual(8);
    expect(health.part("ledger").message).toContain("ends in 2 days");
    await clock.advance(3 * dayMs);
    expect(health.part("ledger")).toMatchObject({ state: "failed" });
    expect(health.part("ledger").message).toMatch(/ended \d+ days ago/);
    certificate.trouble = undefined;
    await clock.advance(6 * hourMs);
    expect(health.part("ledger").state).toBe("ok");
  });

  it("books the trouble of a TPM to the TPM", async () => {
    const { clock, health } = setUp(3, { trouble: new CodedError("tpm.locked", "lockout") });
    await clock.advance(1_000);
    expect(health.part("tpm")).toMatchObject({ state: "degraded", code: "tpm.locked" });
  });

  it("ends when it is stopped", async () => {
    const { loop } = setUp(3);
    await loop.stop();
  });
});
