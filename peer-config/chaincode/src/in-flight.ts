import type { ChaincodeInterface, ChaincodeResponse, ChaincodeStub } from "fabric-shim";
import { Shim } from "fabric-shim";

/** Passes calls on and counts them, so that a stop can wait for those under way and refuse new ones. */
export class InFlight implements ChaincodeInterface {
  readonly #chaincode: ChaincodeInterface;
  #calls = 0;
  #whenIdle: (() => void) | undefined;

  constructor(chaincode: ChaincodeInterface) {
    this.#chaincode = chaincode;
  }

  /** Resolves when no call is under way any more; calls that come from now on are refused. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle = resolve;
      if (this.#calls === 0) resolve();
    });
  }

  Init(stub: ChaincodeStub): Promise<ChaincodeResponse> {
    return this.#counted(() => this.#chaincode.Init(stub));
  }

  Invoke(stub: ChaincodeStub): Promise<ChaincodeResponse> {
    return this.#counted(() => this.#chaincode.Invoke(stub));
  }

  async #counted(call: () => Promise<ChaincodeResponse>): Promise<ChaincodeResponse> {
    if (this.#whenIdle !== undefined) {
      return Shim.error("ledger.stopping: this organisation's chaincode is being stopped");
    }
    this.#calls += 1;
    try {
      return await call();
    } finally {
      this.#ended();
    }
  }

  #ended(): void {
    this.#calls -= 1;
    if (this.#calls === 0) this.#whenIdle?.();
  }
}
