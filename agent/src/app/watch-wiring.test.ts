import type { Event } from "@powershare/domain/evidence";
import type { SignTestRecord } from "@powershare/domain/wiring";
import { describe, expect, it } from "vitest";
import { seeded } from "../testing/seeded.js";
import { SimClock } from "../testing/sim-clock.js";
import { LiveMeters } from "./live-meters.js";
import type { EventDraft } from "./reading-log.js";
import { WiringWatcher } from "./watch-wiring.js";

const site = {
  householdId: "h1",
  latitude: 38.7,
  longitude: -9.1,
  pv: { peakW: 4000, azimuthDeg: 180, tiltDeg: 30 },
  storage: "none",
  ev: false,
  phases: 1,
  commissionedAt: "2026-06-01T10:00:00Z",
  channels: ["grid", "production"],
  neighbours: null,
} as const;

interface Powers {
  readonly loadW: number;
  readonly sunW: number;
}

/** A house on a line of half an ohm, its two meters, and what somebody did to their cables. */
class Wired {
  readonly clock: SimClock;
  readonly events: Event[] = [];
  readonly kept: SignTestRecord[] = [];
  readonly meters = new LiveMeters();
  readonly watcher: WiringWatcher;
  readonly #random = seeded(1);
  isSwapped = false;

  constructor(startUtc = "2026-06-01T10:00:00.000Z") {
    this.clock = new SimClock(startUtc);
    this.watcher = new WiringWatcher({
      clock: this.clock,
      meters: this.meters,
      phases: { connection: 1, generator: 1 },
      site: { ...site, channels: [...site.channels] },
      signTests: { last: () => undefined, keep: (record) => this.kept.push(record) },
      readings: {
        isFirst: true,
        recorded: (draft: EventDraft) => {
          const event: Event = { v: 1, kind: "event", sequence: this.events.length + 1, ...draft };
          this.events.push(event);
          return event;
        },
      },
    });
    this.watcher.use(undefined);
  }

  /** Reads both meters `everyMs` for a time, and has the watcher look. */
  async live(seconds: number, powers: (second: number) => Powers, everyMs = 1000): Promise<void> {
    for (let at = 0; at < seconds * 1000; at += everyMs) {
      await this.clock.advance(everyMs);
      const { loadW, sunW } = powers(Math.floor(at / 1000));
      const flows = { connection: loadW - sunW, generator: -sunW };
      const voltageV = 230 - (0.5 / 230) * flows.connection + 0.2 * (this.#random() - 0.5);
      for (const role of ["connection", "generator"] as const) {
        const other = role === "connection" ? "generator" : "connection";
        const activePowerW = flows[this.isSwapped ? other : role];
        this.meters.heard(`bus/${role}`, {
          meter: `eastron/sdm230:${role}`,
          role,
          atMs: this.clock.nowMs(),
          monotonicMs: this.clock.monotonicMs(),
          values: new Map([
            ["activePowerW", activePowerW],
            ["voltageL1V", Math.round(10 * voltageV) / 10],
          ]),
        });
      }
      this.watcher.look();
    }
  }

  /** A minute of quiet, a kettle four times, the generator four times. */
  async test(): Promise<void> {
    this.watcher.startSignTest();
    const on = (second: number) => second >= 0 && second % 40 < 20;
    await this.live(500, (second) => ({
      loadW: 300 + 10 * this.#random() + (on(second - 60) && second < 220 ? 2000 : 0),
      sunW: second >= 260 && on(second - 260) ? 3000 : 0,
    }));
  }

  named(event: string): Event[] {
    return this.events.filter((one) => one.event === event);
  }
}

describe("a sign test through the agent", () => {
  it("passes in a house that is wired right, as an event and a file that name one another", async () => {
    const house = new Wired();
    await house.live(5, () => ({ loadW: 300, sunW: 0 }));
    await house.test();
    expect(house.named("sign-test")).toMatchObject([
      { details: { state: "passed", fault: "none" } },
    ]);
    expect(house.kept).toMatchObject([{ event: house.watcher.signTest?.event }]);
    expect(house.watcher.signTest?.report().parts.map(({ state }) => state)).toEqual([
      "passed",
      "passed",
    ]);
  });

  it("fails where the two meters measure each other's cable", async () => {
    const house = new Wired();
    house.isSwapped = true;
    await house.live(5, () => ({ loadW: 300, sunW: 0 }));
    await house.test();
    expect(house.named("sign-test")).toMatchObject([{ details: { state: "failed" } }]);
  });

  it("begins anew where nobody saw the cables for more than 30 s", async () => {
    const house = new Wired();
    await house.live(5, () => ({ loadW: 300, sunW: 0 }));
    const before = house.watcher.startSignTest();
    await house.clock.advance(31_000);
    await house.live(5, () => ({ loadW: 300, sunW: 0 }));
    expect(house.watcher.signTest).not.toBe(before);
  });

  it("is refused before the meters were read", () => {
    expect(() => new Wired().watcher.startSignTest()).toThrow(
      expect.objectContaining({ code: "wiring.meters-silent" }),
    );
  });
});

describe("the verdict on the wiring", () => {
  it("is an event when the generator's meter counts at night beside a house that rests", async () => {
    const house = new Wired("2026-06-01T23:00:00.000Z");
    house.isSwapped = true;
    // A clamp turned round beside it: the house's 600 W count as production.
    await house.live(3 * 3600, () => ({ loadW: -600, sunW: 0 }), 10_000);
    const [told] = house.named("wiring-verdict");
    expect(told?.details["verdict"]).toMatch(/suspect|held|manipulated/);
    expect(house.watcher.verdict()).toMatchObject({ verdict: told?.details["verdict"] });
  });

  it("stays unsaid, and makes no event, through a quiet night", async () => {
    const house = new Wired("2026-06-01T23:00:00.000Z");
    await house.live(3 * 3600, () => ({ loadW: 300, sunW: 0 }), 10_000);
    expect(house.named("wiring-verdict")).toEqual([]);
    expect(house.watcher.verdict()?.verdict).toBe("ok");
  });
});
