import { realpath } from "node:fs/promises";
import { listUsbPorts, type UsbPort } from "./usb-ports.js";

/**
 * Where a serial line is: a device path, or an adapter by its USB serial number (`A50285BI`) or,
 * where adapters have none, by `vendor:product` (`1a86:7523`).
 */
export type SerialPlace = string | { readonly adapter: string };

export interface PortFinderOptions {
  readonly place: SerialPlace;
  /** Where /sys and /dev are, for tests. Default /. */
  readonly root?: string;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** When all ports were tried in vain, the one that is open is kept at least so long, ms. */
const roundPauseMs = 60_000;

const isProduct = (adapter: string) => /^[0-9a-f]{4}:[0-9a-f]{4}$/i.test(adapter);

const isSame = (one: UsbPort, other: UsbPort) =>
  one.product === other.product &&
  one.serialNumber === other.serialNumber &&
  (one.serialNumber === undefined || one.interfaceNumber === other.interfaceNumber);

/**
 * Finds the port of a serial line, each time that it is to be opened. An adapter that is plugged
 * in again may get another path: it is known by its serial number. Where it has none, every port
 * with an adapter of the same make is a candidate, and who opens them has to ask the meters there:
 * `leave` what is wrong, `confirm` what is right.
 */
export class PortFinder {
  readonly #options: PortFinderOptions;
  /** Ports of this round that were wrong or would not open. */
  readonly #tried = new Set<string>();
  #candidates: readonly string[] = [];
  #current: string | undefined;
  #opened: UsbPort | undefined;
  #known: UsbPort | undefined;
  #isConfirmed = false;
  #stayUntilMs = 0;

  constructor(options: PortFinderOptions) {
    this.#options = options;
  }

  /** The line as a person knows it. */
  get name(): string {
    const { place } = this.#options;
    return typeof place === "string" ? place : `adapter ${place.adapter}`;
  }

  /**
   * The path to try next. Throws an Error that says what is plugged in where there is none.
   */
  async next(): Promise<string> {
    const ports = await listUsbPorts(this.#options.root);
    this.#candidates = await this.#among(ports);
    const [first] = this.#candidates;
    if (first === undefined) throw new Error(absent(ports));
    const untried = this.#candidates.find((path) => !this.#tried.has(path));
    if (untried === undefined) this.#tried.clear();
    this.#current = untried ?? first;
    this.#isConfirmed = false;
    this.#opened = await portAt(this.#current, ports);
    return this.#current;
  }

  /** The path could not be opened: another is tried before it is tried again. */
  failed(): void {
    if (this.#current !== undefined) this.#tried.add(this.#current);
  }

  /** The right meters answer at the open port: its adapter is looked for from now on. */
  confirm(): void {
    this.#tried.clear();
    this.#known = this.#opened;
    this.#isConfirmed = true;
  }

  /**
   * The meters at the open port are not the right ones, or silent. @returns whether another port
   * is worth a try: not while the right ones were seen at this port since it was opened, for no
   * adapter changes without the port being lost
   */
  leave(): boolean {
    if (this.#isConfirmed || this.#current === undefined || this.#options.now() < this.#stayUntilMs)
      return false;
    this.#tried.add(this.#current);
    if (this.#candidates.some((path) => !this.#tried.has(path))) return true;
    this.#stayUntilMs = this.#options.now() + roundPauseMs;
    this.#tried.clear();
    return false;
  }

  async #among(ports: readonly UsbPort[]): Promise<string[]> {
    const { place } = this.#options;
    if (typeof place !== "string") {
      const adapter = place.adapter.toLowerCase();
      return ports
        .filter(({ product, serialNumber }) =>
          isProduct(adapter) ? product === adapter : serialNumber?.toLowerCase() === adapter,
        )
        .map(({ path }) => path);
    }
    const there = await portAt(place, ports);
    const like = this.#known ?? there;
    if (!like) return [place];
    const others = ports.filter((port) =>
      // Before the meters were seen, or where adapters have no number, any of the same make may be it.
      this.#known?.serialNumber === undefined ? port.product === like.product : isSame(port, like),
    );
    const isCandidate = there === undefined || others.includes(there);
    const first = isCandidate && (await exists(place)) ? [place] : [];
    return [...first, ...others.filter((port) => port !== there).map(({ path }) => path)];
  }
}

const exists = async (path: string) => (await realpath(path).catch(() => undefined)) !== undefined;

/** The USB port that a path leads to, over whatever links. */
async function portAt(path: string, ports: readonly UsbPort[]): Promise<UsbPort | undefined> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) return undefined;
  for (const port of ports) {
    if ((await realpath(port.path).catch(() => undefined)) === real) return port;
  }
  return undefined;
}

function absent(ports: readonly UsbPort[]): string {
  const list = ports.map(
    ({ path, product, serialNumber }) =>
      `${path} (${product}, ${serialNumber ? `serial number ${serialNumber}` : "no serial number"})`,
  );
  const there = list.length > 0 ? list.join(", ") : "none";
  return `no such adapter is plugged in; USB serial adapters there: ${there}`;
}
