import type { EnrolmentRequest } from "@powershare/domain/enrolment";
import { Desk } from "./desk.js";
import type { SoftDevice } from "./soft-device.js";

/** Numbers that look random and are the same in each run of a seed. */
export class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }
  /** An integer in [0, below): xorshift32. */
  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state % limit;
  }
  pick<T>(of: readonly T[]): T {
    const found = of[this.below(of.length)];
    if (found === undefined) throw new RangeError("nothing to pick from");
    return found;
  }
}

/** A registrar with an enrolled household, and an attacker's own genuine device. */
export interface Scene {
  readonly desk: Desk;
  readonly dice: Dice;
  /** Enrolled as h1. */
  readonly victim: SoftDevice;
  readonly victims: Awaited<ReturnType<Desk["enrol"]>>;
  /** Genuine, and nobody's yet. */
  newDevice(): SoftDevice;
  /** Waiting: request, ticket and device. */
  waiting(changes?: Partial<EnrolmentRequest>): Promise<Waiting>;
  /** Approved under a new participant, with the secret that the credential carries. */
  approved(): Promise<Waiting & { readonly participant: string; readonly secret: string }>;
}
interface Waiting {
  readonly device: SoftDevice;
  readonly request: EnrolmentRequest;
  readonly ticket: { readonly id: string; readonly token: string; readonly code: string };
}

export async function setScene(seed: number, options: ConstructorParameters<typeof Desk>[0] = {}) {
  const desk = new Desk({ seed: `${seed}`, limits: { waiting: 100_000 }, ...options });
  const victim = desk.device(`victim ${seed}`);
  const victims = await desk.enrol(victim, "h1");
  let count = 0;
  const newDevice = () => {
    count += 1;
    return desk.device(`device ${seed} ${count}`);
  };
  const waiting = async (changes: Partial<EnrolmentRequest> = {}): Promise<Waiting> => {
    const device = newDevice();
    const request = device.request(changes);
    return { device, request, ticket: await desk.registrar.submit(request) };
  };
  const scene: Scene = {
    desk,
    dice: new Dice(seed),
    victim,
    victims,
    newDevice,
    waiting,
    async approved() {
      const one = await waiting();
      const participant = `p${count}`;
      await desk.approve(one.ticket, participant);
      return { ...one, participant, secret: desk.ca.secretOf(participant) };
    },
  };
  return scene;
}
