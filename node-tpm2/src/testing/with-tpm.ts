import { Tpm } from "../tpm.js";
import { openSwtpm } from "../transports/socket.js";
import type { Transport } from "../transports/transport.js";

/** Connects to a swtpm for as long as `use` takes: it serves one client at a time. */
export async function withTpm<T>(
  socketPath: string,
  use: (tpm: Tpm) => Promise<T>,
  wrap: (transport: Transport) => Transport = (transport) => transport,
): Promise<T> {
  const tpm = await Tpm.open(wrap(openSwtpm({ path: socketPath })));
  try {
    return await use(tpm);
  } finally {
    await tpm.close();
  }
}
