import { fileURLToPath } from "node:url";
import { CodedError } from "@powershare/domain/errors";
import { type FaultPlan, noFaults } from "./bus-faults.js";
import type { HouseholdSpec } from "./cast.js";
import { Child } from "./child.js";
import type { EnergyWh, MeterPlace, Switches } from "./house.js";
import { countsReply, energyReply, type MeterCommand, meterReply } from "./meter-messages.js";

const program = fileURLToPath(new URL("../dist/meter-process.js", import.meta.url));
const answerWithinMs = 10_000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The households' meters, in a process of their own; and the truth about them, for those who check the books. */
export class Meters {
  readonly child: Child;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  /** Starts the process; it holds no meters yet. */
  static async start(logFile: string): Promise<Meters> {
    return new Meters(
      await Child.start({
        name: "meters",
        command: process.execPath,
        args: [program],
        logFile,
        ipc: true,
      }),
    );
  }

  private constructor(child: Child) {
    this.child = child;
    child.channel.on("message", (message) => this.#settle(message));
    void child.ended.then(() => {
      for (const { reject } of this.#waiting.values()) reject(this.#failure("have ended"));
      this.#waiting.clear();
    });
  }

  /** Opens a household's serial line under `path`, with its meters on it, in the place of those that were there. */
  async open(household: HouseholdSpec, path: string): Promise<void> {
    const { id, number, seed } = household;
    const { logFile } = this.child;
    await this.#ask({ kind: "open", home: id, number, seed, path, logFile });
  }

  /** The household's port vanishes. */
  async unplug(home: string): Promise<void> {
    await this.#ask({ kind: "unplug", home });
  }

  /** The household's port returns. */
  async plugIn(home: string): Promise<void> {
    await this.#ask({ kind: "plug-in", home });
  }

  /** Disturbs a household's line until told otherwise; without a plan the disturbance ends. */
  async disturb(home: string, plan: FaultPlan = noFaults): Promise<void> {
    await this.#ask({ kind: "faults", home, plan: { ...plan, kinds: [...plan.kinds] } });
  }

  /** A meter's true registers now, or at a moment of the last two hours. */
  async registers(home: string, place: MeterPlace, atMs?: number): Promise<EnergyWh> {
    return energyReply.parse(
      await this.#ask({ kind: "registers", home, place, atMs: atMs ?? null }),
    );
  }

  /** What an installer switches at a household, from now on. */
  async switch(home: string, switches: Switches): Promise<void> {
    await this.#ask({ kind: "switch", home, switches: { ...switches } });
  }

  /** The cables of a household's two meters change places. */
  async swapCables(home: string): Promise<void> {
    await this.#ask({ kind: "swap", home });
  }

  /** Requests that a household's meters saw, and how many broke the silence between frames. */
  async counts(home: string): Promise<{ requests: number; gapViolations: number }> {
    return countsReply.parse(await this.#ask({ kind: "counts", home }));
  }

  async stop(): Promise<void> {
    await this.child.stop();
  }

  async #ask(command: MeterCommand): Promise<unknown> {
    if (!this.child.running) throw this.#failure("have ended");
    const id = this.#nextId;
    this.#nextId += 1;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    const timer = setTimeout(
      () => this.#waiting.get(id)?.reject(this.#failure(`do not answer to ${command.kind}`)),
      answerWithinMs,
    );
    try {
      this.child.channel.send({ id, command });
      return await answer;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  #settle(message: unknown): void {
    const reply = meterReply.parse(message);
    const waiting = this.#waiting.get(reply.id);
    if (reply.error !== undefined) waiting?.reject(this.#failure(reply.error));
    else waiting?.resolve(reply.value);
  }

  #failure(what: string): CodedError {
    return new CodedError("simulator.process-failed", `meters ${what}; see ${this.child.logFile}`);
  }
}
