import { Writer } from "../bytes.js";
import { HEADER_BYTES } from "../commands/command.js";
import { TpmError } from "../errors.js";
import type { Transport } from "../transports/transport.js";

/** The answer to one command, given its TPM_CC, or a failure of the channel. */
export type Script = (code: number, command: Uint8Array) => Uint8Array | TpmError;

/** A response without sessions: success with `body`, or a bare response code. */
export function respond(responseCode: number, body: Uint8Array = new Uint8Array()): Uint8Array {
  return new Writer()
    .u16(0x8001)
    .u32(HEADER_BYTES + body.length)
    .u32(responseCode)
    .raw(body)
    .done();
}

/** A channel in memory whose other end is a script; keeps the codes of the commands it was given. */
export class ScriptedTransport implements Transport {
  readonly name = "scripted TPM";
  readonly resourceManager: boolean;
  readonly codes: number[] = [];
  connections = 0;
  connected = false;
  readonly #script: Script;

  constructor(script: Script, resourceManager = true) {
    this.#script = script;
    this.resourceManager = resourceManager;
  }

  async connect(): Promise<void> {
    this.connections += 1;
    this.connected = true;
  }

  async exchange(command: Uint8Array): Promise<Uint8Array> {
    if (!this.connected) throw new TpmError("tpm.unavailable", "not connected");
    const code = new DataView(command.buffer).getUint32(6);
    this.codes.push(code);
    const answer = this.#script(code, command);
    if (answer instanceof TpmError) {
      this.connected = false;
      throw answer;
    }
    return answer;
  }

  async close(): Promise<void> {
    this.connected = false;
  }
}
