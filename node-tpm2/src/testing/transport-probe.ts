import type { Transport } from "../transports/transport.js";

/** A channel that sees what passes and may change it: somebody with a wire on the TPM's bus. */
export function probe(
  transport: Transport,
  {
    onCommand = (command) => command,
    onResponse,
  }: {
    readonly onCommand?: (command: Uint8Array) => Uint8Array;
    readonly onResponse: (response: Uint8Array, command: Uint8Array) => Uint8Array;
  },
): Transport {
  return {
    name: transport.name,
    resourceManager: transport.resourceManager,
    get connected() {
      return transport.connected;
    },
    connect: (timeoutMs) => transport.connect(timeoutMs),
    exchange: async (command, timeoutMs) =>
      onResponse(await transport.exchange(onCommand(command), timeoutMs), command),
    close: () => transport.close(),
  };
}
