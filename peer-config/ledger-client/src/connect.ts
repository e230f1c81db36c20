import * as grpc from "@grpc/grpc-js";
import { connect } from "@hyperledger/fabric-gateway";
import { type Pace, realPace } from "./backoff.js";
import { LedgerClient } from "./client.js";
import { CommitStream } from "./commit-stream.js";
import { type LedgerError, ledgerError } from "./errors.js";
import { filteredBlocks } from "./gateway-streams.js";

export interface LedgerOptions {
  /** `host:port` of the peer. */
  readonly endpoint: string;
  /** DNS name in the peer's TLS certificate (RFC 6066 forbids an IP address as server name). */
  readonly tlsHostname: string;
  readonly tlsRootCertificatePem: string;
  readonly mspId: string;
  readonly certificatePem: string;
  /** Signs a SHA-256 digest; DER with low S, else Fabric refuses it. */
  readonly sign: (digest: Uint8Array) => Promise<Uint8Array>;
  readonly channel: string;
  readonly chaincode: string;
  /** Told of every lost stream and uncertain submit; the client goes on by itself. */
  readonly onTrouble?: (error: LedgerError) => void;
  /** Waiting and chance, for tests that replay. */
  readonly pace?: Pace;
}

/** Deadlines per call. Endorsing asks several peers one after another. */
const deadlinesMs = { evaluate: 5_000, endorse: 15_000, submit: 10_000 } as const;

/**
 * A client for one identity. Does not fail when the peer is away: calls then do, with ledger.unavailable,
 * and streams come back by themselves.
 */
export function connectLedger(options: LedgerOptions): LedgerClient {
  const connection = new grpc.Client(
    options.endpoint,
    grpc.credentials.createSsl(Buffer.from(options.tlsRootCertificatePem)),
    {
      "grpc.ssl_target_name_override": options.tlsHostname,
      "grpc.default_authority": options.tlsHostname,
      // grpc-js would wait up to two minutes before it tries a peer again that was away for long.
      "grpc.initial_reconnect_backoff_ms": 500,
      "grpc.max_reconnect_backoff_ms": 2_000,
      // Not more often than a peer permits (peer.keepalive.minInterval, 60 s), or it hangs up.
      "grpc.keepalive_time_ms": 120_000,
      "grpc.keepalive_timeout_ms": 20_000,
    },
  );
  const gateway = connect({
    client: connection,
    identity: { mspId: options.mspId, credentials: Buffer.from(options.certificatePem) },
    signer: options.sign,
    evaluateOptions: () => ({ deadline: Date.now() + deadlinesMs.evaluate }),
    endorseOptions: () => ({ deadline: Date.now() + deadlinesMs.endorse }),
    submitOptions: () => ({ deadline: Date.now() + deadlinesMs.submit }),
  });
  const network = gateway.getNetwork(options.channel);
  const pace = options.pace ?? realPace;
  const onTrouble = options.onTrouble ?? (() => {});
  const commits = new CommitStream(filteredBlocks(network), pace, (error) =>
    onTrouble(ledgerError(error, "events")),
  );
  return new LedgerClient({
    gateway,
    network,
    commits,
    pace,
    mspId: options.mspId,
    sign: options.sign,
    chaincode: options.chaincode,
    closeConnection: () => connection.close(),
    onTrouble,
  });
}
