import { type Crash, ManagedProcess, type ProcessKind, type ProcessSpec } from "./process.js";
import type { ProcessRegister } from "./process-register.js";

export interface RunningProcess {
  readonly name: string;
  readonly kind: ProcessKind;
  readonly pid: number;
}

/** A slow board under load still has a minute to bring a program up. */
const READY_MS = 60_000;
/** Time to end in order after SIGTERM. */
const GRACE_MS = 6_000;

/** All programs of a network, started and ended by kind. */
export class Fleet {
  readonly #processes: readonly ManagedProcess[];
  readonly #register: ProcessRegister;

  constructor(
    specs: readonly ProcessSpec[],
    register: ProcessRegister,
    onCrash: (crash: Crash) => void,
  ) {
    this.#processes = specs.map((spec) => new ManagedProcess(spec, onCrash));
    this.#register = register;
  }

  /** Starts all programs of a kind and waits until they serve. Errors as `ManagedProcess.ready`. */
  async start(kind: ProcessKind): Promise<void> {
    await Promise.all(
      this.#of(kind).map(async (process) => {
        process.start();
        if (process.pid !== undefined) this.#register.add(process.spec.name, process.pid);
        await process.ready(READY_MS);
      }),
    );
  }

  /** Ends all programs of a kind and waits until they are gone. */
  async stop(kind: ProcessKind, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    await Promise.all(this.#of(kind).map((process) => process.stop({ signal, graceMs: GRACE_MS })));
  }

  /** Ends everything in the order of who calls whom: peers finish what they are at before chaincode and orderers go. */
  async stopAll(): Promise<void> {
    await this.stop("peer", "SIGTERM");
    await Promise.all(
      (["chaincode", "orderer", "ca"] as const).map((k) => this.stop(k, "SIGTERM")),
    );
    this.#register.release();
  }

  running(): RunningProcess[] {
    return this.#processes.flatMap(({ pid, spec: { name, kind } }) =>
      pid === undefined ? [] : [{ name, kind, pid }],
    );
  }

  #of(kind: ProcessKind): ManagedProcess[] {
    return this.#processes.filter(({ spec }) => spec.kind === kind);
  }
}
