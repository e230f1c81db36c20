import { connect } from "node:net";

const TIMEOUT_MS = 1_000;

/** Whether somebody listens on a port of this machine. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, timeout: TIMEOUT_MS });
    const answer = (listens: boolean) => {
      socket.destroy();
      resolve(listens);
    };
    socket.once("connect", () => answer(true));
    socket.once("timeout", () => answer(false));
    socket.once("error", () => answer(false));
  });
}

/** Whether the operations endpoint of a CA, orderer or peer says that all is well. */
export async function isHealthy(port: number): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    return (await fetch(`http://127.0.0.1:${port}/healthz`, { signal })).ok;
  } catch {
    return false;
  }
}

/** Whether the orderer with this operations port leads the Raft cluster of a channel. */
export async function isRaftLeader(port: number, channel: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`, { signal })).text();
    return metrics.includes(`consensus_etcdraft_is_leader{channel="${channel}"} 1`);
  } catch {
    return false;
  }
}
