/**
 * The way to one TPM: raw commands out, raw responses back, one at a time.
 *
 * A failed `exchange` leaves the channel closed: a late answer must never be read as the answer to the
 * next command. It can be used again after `connect`.
 */
export interface Transport {
  /** For messages, e.g. `/dev/tpmrm0`. */
  readonly name: string;
  /** True if handles belong to this channel alone and are flushed with it, as on /dev/tpmrm0. */
  readonly resourceManager: boolean;
  /** False before `connect`, after `close` and when the channel was lost. */
  readonly connected: boolean;
  /** @throws TpmError `tpm.unavailable` or `tpm.timeout`. */
  connect(timeoutMs: number): Promise<void>;
  /**
   * Sends one command; the response is framed by the size in its header, not otherwise checked.
   * @throws TpmError `tpm.timeout`, `tpm.unavailable` or `tpm.malformed`; the channel is closed then.
   */
  exchange(command: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
  close(): Promise<void>;
}
