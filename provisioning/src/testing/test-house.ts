import type { Values } from "@powershare/firmware-profiles";

/** What is on in a house of one phase. */
export interface Switches {
  readonly kettle: boolean;
  readonly generator: boolean;
}

const baseW = 300;
const kettleW = 2000;
const generatorW = 3000;
/** Of a weak line: a kettle pulls the voltage down by 4 V. */
const ohm = 0.5;

/** A house whose meters count and whose voltage answers, as time passes. */
export class TestHouse {
  readonly #switchesAt: (seconds: number) => Switches;
  readonly #startedMs = performance.now();
  readonly #wh = { import: 1_234_000, export: 56_000, produced: 789_000 };
  #countedMs = this.#startedMs;

  /** `switchesAt` says what is on, by seconds since now. */
  constructor(
    switchesAt: (seconds: number) => Switches = () => ({ kettle: false, generator: false }),
  ) {
    this.#switchesAt = switchesAt;
  }

  connection(): Values {
    this.#count();
    const { voltageV, gridW } = this.#now();
    return {
      ...phase(voltageV, gridW),
      activeEnergyImportWh: Math.round(this.#wh.import),
      activeEnergyExportWh: Math.round(this.#wh.export),
    };
  }

  generator(): Values {
    this.#count();
    const { producedW, voltageV } = this.#now();
    return {
      ...phase(voltageV, producedW === 0 ? 0 : -producedW),
      activeEnergyImportWh: 0,
      activeEnergyExportWh: Math.round(this.#wh.produced),
    };
  }

  #now() {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const { generator, kettle } = this.#switchesAt(seconds);
    const producedW = generator ? generatorW : 0;
    const gridW = baseW + (kettle ? kettleW : 0) - producedW;
    // A tenth of a volt up and down, as a real line is never still.
    const restlessV = 0.1 * Math.sin(7 * seconds);
    return { gridW, producedW, voltageV: 230 - (ohm * gridW) / 230 + restlessV };
  }

  #count(): void {
    const now = performance.now();
    const hours = (now - this.#countedMs) / 3_600_000;
    const { gridW, producedW } = this.#now();
    this.#countedMs = now;
    this.#wh[gridW > 0 ? "import" : "export"] += Math.abs(gridW) * hours;
    this.#wh.produced += producedW * hours;
  }
}

function phase(voltageV: number, powerW: number): Values {
  return {
    voltageL1V: voltageV,
    currentL1A: Math.abs(powerW) / voltageV,
    activePowerL1W: powerW,
    activePowerW: powerW,
    frequencyHz: 50,
  };
}
