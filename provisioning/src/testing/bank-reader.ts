import { BusError, type RegisterBank, type RegisterReader } from "@powershare/modbus";

/** What a bus has about a unit that nobody was asked of yet. */
const nothingSeen = {
  answers: 0,
  timeouts: 0,
  crcErrors: 0,
  exceptions: 0,
  lateAnswers: 0,
  latencyMs: null,
  timeoutMs: null,
  sinceAnswerMs: null,
};

/** Meters in memory that answer at once; units that are not there are silent. `asked` counts requests. */
export class BankReader implements RegisterReader {
  asked = 0;
  readonly #units: ReadonlyMap<number, RegisterBank>;

  constructor(units: ReadonlyMap<number, RegisterBank>) {
    this.#units = units;
  }

  readonly read: RegisterReader["read"] = async ({ unit, table, address, count }) => {
    this.asked += 1;
    const bank = this.#units.get(unit);
    if (!bank) throw new BusError("bus.timeout", `unit ${unit}: no answer`);
    const answer = bank(table, address, count);
    if (answer instanceof Uint8Array) return answer;
    const { exceptionCode } = answer;
    throw new BusError("bus.exception", `exception ${exceptionCode}`, { exceptionCode });
  };

  statistics(): typeof nothingSeen {
    return nothingSeen;
  }

  async close(): Promise<void> {}
}
