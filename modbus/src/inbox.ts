import { nextFrame, type SoundFrame } from "./frame.js";

/** Twice the longest frame. */
const maxKept = 512;

/** Bytes that came in since the last request, taken apart into sound frames and noise. */
export class Inbox {
  #kept: Uint8Array = new Uint8Array();
  #received = 0;
  #inFrames = 0;

  /** Forgets all: a new request is sent. */
  clear(): void {
    this.#kept = new Uint8Array();
    this.#received = 0;
    this.#inFrames = 0;
  }

  /** How many bytes of no known frame are there; the next frame's beginning may be among them. */
  get pending(): number {
    return this.#kept.length;
  }

  /** How many bytes belong to no frame with a sound CRC. */
  get strayBytes(): number {
    return this.#received - this.#inFrames;
  }

  get isEmpty(): boolean {
    return this.#received === 0;
  }

  /** Adds bytes and hands over each frame that they complete, once. The frame's place is that in the bytes handed with it. */
  take(bytes: Uint8Array, onFrame: (frame: SoundFrame, bytes: Uint8Array) => void): void {
    this.#received += bytes.length;
    const all = this.#kept.length === 0 ? bytes : Buffer.concat([this.#kept, bytes]);
    let end = 0;
    for (let frame = nextFrame(all); frame; frame = nextFrame(all, end)) {
      end = frame.from + frame.length;
      this.#inFrames += frame.length;
      onFrame(frame, all);
    }
    // A copy: a port reads its next bytes into the same buffer.
    this.#kept = new Uint8Array(all.subarray(Math.max(end, all.length - maxKept)));
  }
}
