import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Ledger } from "../ports/ledger.js";
import { SimHousehold, silentLog } from "../testing/sim-household.js";
import { Health } from "./watch-health.js";
import { WatchHistory } from "./watch-history.js";

let home: SimHousehold;
beforeEach(() => {
  home = new SimHousehold();
});
afterEach(() => home.dispose());

function watch(ledger: Ledger, restored = false) {
  const { clock, store } = home;
  const health = new Health(clock, silentLog);
  const confirmed: string[] = [];
  const history = new WatchHistory({
    store,
    ledger,
    clock,
    health,
    restored,
    onConfirmed: () => confirmed.push("yes"),
  });
  const loop = history.start();
  return { health, confirmed, signer: history.guarded(home.signer), loop };
}

const digest = new Uint8Array(32);

describe("the history's watch", () => {
  it("lets a store sign that has what the ledger has, or more", async () => {
    home.start();
    await home.clock.advance(90_000);
    home.ledger.down = true;
    await home.clock.advance(60_000);
    home.ledger.down = false;
    const { health, signer } = watch(home.ledger);
    await home.clock.advance(1_000);
    expect(health.part("store").state).toBe("ok");
    await signer.checkpoint(digest);
  });

  it("stops a store from signing that is older than the ledger, and says what to do", async () => {
    home.start();
    await home.clock.advance(60_000);
    home.kill();
    const path = join(home.directory, "agent.db");
    copyFileSync(path, `${path}.old`);
    home.start();
    await home.clock.advance(120_000);
    const accepted = home.ledger.accepted.length;
    home.kill();
    copyFileSync(`${path}.old`, path);
    home.start({ drain: false });
    const { health, signer } = watch(home.ledger);
    await home.clock.advance(1_000);
    expect(accepted).toBeGreaterThan(5);
    expect(health.part("store")).toMatchObject({
      state: "failed",
      code: "store.older-than-ledger",
    });
    expect(health.part("store").message).toMatch(/the ledger has interval \d+ of/);
    await expect(signer.checkpoint(digest)).rejects.toMatchObject({
      code: "store.older-than-ledger",
    });
    // As the ledger identity it still signs: it has to ask.
    await signer.sign(digest);
  });

  it.each([true, false])(
    "stops an empty store, too, as soon as a meter says whose it is (restored: %s)",
    async (restored) => {
      home.start();
      await home.clock.advance(60_000);
      home.kill();
      for (const suffix of ["", "-wal", "-shm"]) {
        rmSync(join(home.directory, `agent.db${suffix}`), { force: true });
      }
      home.start({ drain: false });
      const { health, confirmed, signer } = watch(home.ledger, restored);
      await home.clock.advance(20_000);
      expect(health.part("store")).toMatchObject({
        state: "failed",
        code: "store.older-than-ledger",
      });
      expect(confirmed).toEqual([]);
      await expect(signer.checkpoint(digest)).rejects.toMatchObject({
        code: "store.older-than-ledger",
      });
    },
  );

  it("lets a restored store sign only when the ledger was asked, however long that takes", async () => {
    home.start();
    await home.clock.advance(60_000);
    home.ledger.down = true;
    const { health, signer, confirmed } = watch(home.ledger, true);
    await home.clock.advance(120_000);
    expect(health.part("store")).toMatchObject({ state: "failed", code: "store.unconfirmed" });
    await expect(signer.checkpoint(digest)).rejects.toMatchObject({ code: "store.unconfirmed" });
    expect(confirmed).toEqual([]);
    home.ledger.down = false;
    await home.clock.advance(30_000);
    expect(health.part("store").state).toBe("ok");
    await signer.checkpoint(digest);
    expect(confirmed).toEqual(["yes"]);
  });
});
