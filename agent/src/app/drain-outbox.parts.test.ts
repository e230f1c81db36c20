import { CodedError } from "@powershare/domain/errors";
import { type EvidencePackage, intervalsPerPackage } from "@powershare/domain/evidence";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { OutboxStore, ParcelChange, Store } from "../ports/store.js";
import {
  connectionMeter,
  generatorMeter,
  SimHousehold,
  slotSeconds,
} from "../testing/sim-household.js";
import { SimSigner } from "../testing/sim-signer.js";
import { drainOutbox } from "./drain-outbox.js";

vi.setConfig({ testTimeout: 30_000 });
const slotMs = slotSeconds * 1000;
let home: SimHousehold;
beforeEach(() => {
  home = new SimHousehold();
});
afterEach(() => home.dispose());

/** Every interval exactly once, in order, however it got there. */
function expectExactlyOnce(meter: string): void {
  const sequences = home.ledger.accepted
    .filter(({ interval }) => interval.meter === meter)
    .map(({ interval }) => interval.sequence);
  expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  expect(home.store.backlog().unsentPackages).toBe(0);
  expect(home.store.counts().evidenceCommitted).toBe(home.ledger.accepted.length);
}

/** No envelope commits twice, and each is in at most one transaction that the ledger took. */
function expectSentOnce(): void {
  expect(new Set(home.ledger.submissions).size).toBe(home.ledger.submissions.length);
}

/** The process dies before or after its n-th write to the outbox. */
function dyingAt(n: number, when: "before" | "after"): (store: Store) => Store {
  let writes = 0;
  const mortal = <Args extends unknown[]>(write: (...args: Args) => void) => {
    return (...args: Args): void => {
      writes += 1;
      if (writes === n && when === "before") home.kill();
      if (writes === n && when === "before") throw new Error("killed");
      write(...args);
      if (writes === n) home.kill();
    };
  };
  return (store) => ({
    ...store,
    addParcel: mortal((evidence: EvidencePackage) => store.addParcel(evidence)),
    changeParcel: mortal((id: number, change: ParcelChange) => store.changeParcel(id, change)),
  });
}

describe("the outbox", () => {
  // One package is four writes: stored, prepared, submitted, committed.
  const steps = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((n) => [
    [n, "before"] as const,
    [n, "after"] as const,
  ]);
  it.each(steps)(
    "loses nothing and sends nothing twice when killed at write %i, %s it",
    async (n, when) => {
      home.wrapStore = dyingAt(n, when);
      home.start();
      await home.clock.advance(4 * slotMs);
      expect(home.alive).toBe(false);
      home.wrapStore = (store) => store;
      home.start();
      await home.clock.advance(3 * slotMs);
      expectExactlyOnce(connectionMeter);
      expectExactlyOnce(generatorMeter);
      const perTransaction = new Set(
        home.ledger.accepted.map(({ transactionId }) => transactionId),
      );
      expect(perTransaction.size).toBeLessThanOrEqual(new Set(home.ledger.submissions).size);
    },
  );

  it("saves transaction id and signed bytes before it sends them", async () => {
    const seen: string[] = [];
    home.wrapStore = (store) => ({
      ...store,
      changeParcel: (id, change) => {
        seen.push(`${change.state} after ${home.ledger.submissions.length} sent`);
        store.changeParcel(id, change);
      },
    });
    home.start();
    home.generator.fault = "silent";
    await home.clock.advance(3 * slotMs);
    expect(seen.slice(0, 3)).toEqual([
      "prepared after 0 sent",
      "submitted after 1 sent",
      "committed after 1 sent",
    ]);
  });

  it.each([
    ["never reached the orderer", "lost-before"],
    ["was ordered although the reply was lost", "lost-after"],
  ] as const)("asks by id before it sends again when a submit %s", async (_name, fate) => {
    home.start();
    await home.clock.advance(2 * slotMs - 10_000);
    home.ledger.nextSubmit = fate;
    await home.clock.advance(4 * slotMs);
    expectExactlyOnce(connectionMeter);
    expectExactlyOnce(generatorMeter);
    expectSentOnce();
  });

  it("makes a new proposal only after the old one was found not valid", async () => {
    home.start();
    home.ledger.nextConflicts = true;
    await home.clock.advance(4 * slotMs);
    expectExactlyOnce(connectionMeter);
    expect(home.ledger.submissions.length).toBeGreaterThan(0);
    expectSentOnce();
  });

  it("parks what the contract refuses, says why, and goes on when the reason is gone", async () => {
    home.ledger.refuseWith = "access.unregistered";
    home.start();
    await home.clock.advance(3 * slotMs);
    expect(home.health.part("ledger")).toMatchObject({
      state: "degraded",
      code: "access.unregistered",
    });
    expect(home.health.part("ledger").remedy).toContain("operator");
    expect(home.store.nextParcel(connectionMeter)?.state).toBe("refused");
    home.ledger.refuseWith = undefined;
    await home.clock.advance(2 * slotMs);
    expectExactlyOnce(connectionMeter);
    expect(home.health.part("ledger").state).toBe("ok");
  });

  it("takes as committed what the ledger proves to have, when its own memory is older", async () => {
    home.start();
    await home.clock.advance(2 * slotMs + 5_000);
    for (const id of [1, 2]) home.store.changeParcel(id, { state: "stored" });
    expect(home.store.backlog().unsentPackages).toBe(2);
    await home.clock.advance(2 * slotMs);
    const sequences = home.ledger.accepted.map(({ interval }) => interval.sequence);
    expect(sequences).toEqual([1, 1, 2, 2, 3, 3]);
    expect(home.store.backlog().unsentPackages).toBe(0);
  });

  it("waits for this TPM's own checkpoint with what a replaced one certified, and says where that is too much", async () => {
    home.start({ drain: false });
    await home.clock.advance(5 * slotMs);
    const { clock, health, ledger, random, store } = home;
    const signer = new SimSigner("the new one");
    let backlog = 0;
    const outbox: OutboxStore = {
      ...store,
      unsentEvidence: (meter, limit) => {
        const unsent = store.unsentEvidence(meter, limit);
        const [first] = unsent?.intervals ?? [];
        if (unsent === undefined || first === undefined || backlog === 0) return unsent;
        return { ...unsent, intervals: Array.from({ length: backlog }, () => first) };
      },
    };
    const parts = { clock, health, ledger, random, signer };
    const draining = drainOutbox({ ...parts, store: outbox, retryMaxMs: 5_000 });
    await clock.advance(5_000);
    expect(store.nextParcel(connectionMeter)).toBeUndefined();
    expect(health.part("ledger").state).toBe("ok");
    backlog = intervalsPerPackage;
    await clock.advance(10_000);
    expect(store.nextParcel(connectionMeter)).toBeUndefined();
    expect(health.part("ledger")).toMatchObject({ state: "degraded", code: "evidence.device" });
    expect(signer.signatures).toBe(0);
    await Promise.all([draining.stop(), clock.advance(10_000)]);
  });

  it("does not lose a commit that the disk refused to remember", async () => {
    let full = false;
    home.wrapStore = (store) => ({
      ...store,
      changeParcel: (id, change) => {
        if (full) throw new CodedError("store.full", "disk full");
        store.changeParcel(id, change);
      },
    });
    home.start();
    full = true;
    await home.clock.advance(4 * slotMs);
    full = false;
    await home.clock.advance(2 * slotMs);
    expectExactlyOnce(connectionMeter);
    expectExactlyOnce(generatorMeter);
  });
});
