import { HEADER_BYTES } from "../commands/command.js";
import { TpmError } from "../errors.js";

/** Greatest response taken: TPM2_PT_MAX_RESPONSE_SIZE of every known TPM is at most this. */
export const MAX_RESPONSE_BYTES = 4096;

/**
 * The response that begins `received`, or undefined while it is incomplete.
 * @throws TpmError `tpm.malformed` if its size is impossible, or if more than one response has come.
 */
export function frameResponse(received: Uint8Array, source: string): Uint8Array | undefined {
  if (received.length < HEADER_BYTES) return undefined;
  const size = new DataView(received.buffer, received.byteOffset).getUint32(2);
  if (size < HEADER_BYTES || size > MAX_RESPONSE_BYTES) {
    throw new TpmError("tpm.malformed", `${source} sent a response of ${size} bytes`);
  }
  if (received.length > size) {
    throw new TpmError(
      "tpm.malformed",
      `${source} sent ${received.length} bytes for a response of ${size}`,
    );
  }
  return received.length === size ? received : undefined;
}
