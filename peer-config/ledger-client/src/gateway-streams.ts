import type { CloseableAsyncIterable, Network } from "@hyperledger/fabric-gateway";
import { common } from "@hyperledger/fabric-protos";
import type { BlockSource, CommittedBlock } from "./commit-stream.js";
import { ledgerError } from "./errors.js";
import type { ChaincodeEvent, EventCheckpoint } from "./event-stream.js";

/** Blocks of a channel at the peer (qscc GetChainInfo). @throws LedgerError ledger.unavailable */
export async function channelHeight(network: Network): Promise<number> {
  try {
    const bytes = await network
      .getContract("qscc")
      .evaluateTransaction("GetChainInfo", network.getName());
    return common.BlockchainInfo.deserializeBinary(bytes).getHeight();
  } catch (error) {
    throw ledgerError(error, "evaluate");
  }
}

/** The peer's filtered blocks: ids and verdicts, no content. */
export function filteredBlocks(network: Network): BlockSource {
  return {
    height: () => channelHeight(network),
    open: async (startBlock) => {
      const blocks = await network.getFilteredBlockEvents({ startBlock: BigInt(startBlock) });
      return mapped(
        blocks,
        (block): CommittedBlock => ({
          blockNumber: block.getNumber(),
          transactions: block.getFilteredTransactionsList().map((transaction) => ({
            id: transaction.getTxid(),
            validation: transaction.getTxValidationCode(),
          })),
        }),
      );
    },
  };
}

/** The peer's chaincode events after a checkpoint; from block 0 on without one. */
export async function openChaincodeEvents(
  network: Network,
  chaincode: string,
  after: EventCheckpoint | undefined,
): Promise<AsyncIterable<ChaincodeEvent> & { close(): void }> {
  const events = await network.getChaincodeEvents(chaincode, {
    startBlock: 0n,
    ...(after === undefined
      ? {}
      : {
          checkpoint: {
            getBlockNumber: () => BigInt(after.blockNumber),
            getTransactionId: () => after.transactionId,
          },
        }),
  });
  return mapped(events, ({ blockNumber, transactionId, eventName, payload }) => ({
    blockNumber: Number(blockNumber),
    transactionId,
    name: eventName,
    payload: parseJson(payload),
  }));
}

function mapped<A, B>(
  source: CloseableAsyncIterable<A>,
  map: (value: A) => B,
): AsyncIterable<B> & { close(): void } {
  return {
    close: () => source.close(),
    async *[Symbol.asyncIterator]() {
      for await (const value of source) yield map(value);
    },
  };
}

function parseJson(payload: Uint8Array): unknown {
  return JSON.parse(Buffer.from(payload).toString("utf8"));
}
